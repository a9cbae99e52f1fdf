import type { Request, Router } from 'express';
import { json, type Answer } from '../answer';
import { bodyText, pathParameter } from '../query';
import type { StoreOrder } from '../vtex/order-integration-book';
import { OTHER_WAREHOUSE_ID } from '../vtex/store';
import type { World } from '../world';
import type { Worlds } from '../worlds';
import { control, refused, unknown, worldOf } from './answers';
import { storeOrderBook } from './orders-books';
import { newOrder, orderChange, storeOrderChange } from './orders-requests';

/** Orders at Amazon and in the store, as buyers, Amazon and the merchant move them. */
export function mountOrderControl(router: Router, root: string, worlds: Worlds): void {
  const world = `${root}/worlds/:name`;
  router.post(
    `${world}/orders`,
    control((request) => {
      const { orders, settings } = worldOf(request, worlds);
      const added = orders.add(newOrder(bodyText(request), { marketplaceId: settings.marketplaceIds[0] ?? '' }));
      if (!added) throw refused('there is an order of that id');
      return json(201, added);
    })
  );
  router.get(
    `${world}/orders`,
    control((request) => json(200, worldOf(request, worlds).orders.all()))
  );
  router.post(
    `${world}/orders/:orderId`,
    control((request) => {
      const { orders } = worldOf(request, worlds);
      const order = orders.find(pathParameter(request, 'orderId'));
      if (!order) throw unknown(`order ${pathParameter(request, 'orderId')}`);
      orders.change(order, orderChange(bodyText(request)));
      return json(200, order);
    })
  );
  router.post(
    `${world}/store-orders/:orderId`,
    control((request) => changeStoreOrder(request, worldOf(request, worlds), worlds))
  );
  router.get(
    `${world}/order-results`,
    control((request) => json(200, worldOf(request, worlds).storeOrders.results()))
  );
}

function changeStoreOrder(request: Request, world: World, worlds: Worlds): Answer {
  const { storeOrders } = world;
  const order = storeOrders.find(pathParameter(request, 'orderId'));
  if (!order) throw unknown(`order ${pathParameter(request, 'orderId')}`);
  const { authorize, cancel, writeDown, invoice } = storeOrderChange(bodyText(request));
  if (authorize && order.state === 'waiting-for-manual-authorization') storeOrders.turn(order, 'payment-pending');
  if (cancel) storeOrders.turn(order, 'canceled');
  if (writeDown) writeStockDown(world, worlds, order);
  if (invoice) {
    const { number: invoiceNumber, items, ...rest } = invoice;
    const all = order.items.map(({ quantity }, index) => ({ index, quantity }));
    storeOrders.invoice(order, { invoiceNumber, items: items ?? all, ...rest });
  }
  return json(200, storeOrderBook(world)[order.orderId]);
}

/** As the store's own system does once the goods have left: the order keeps nothing any more, and the stock is less. */
function writeStockDown(world: World, worlds: Worlds, order: StoreOrder): void {
  if (order.isWrittenDown || order.state === 'canceled') throw refused(`the order is ${order.state}`);
  for (const { skuId, warehouseId, units } of order.units) {
    const sku = world.store.sku(skuId);
    if (!sku) continue;
    const change =
      warehouseId === OTHER_WAREHOUSE_ID
        ? { elsewhere: sku.elsewhere - units }
        : { quantity: (sku.quantity ?? 0) - units };
    worlds.changeSku(world, skuId, change);
  }
  world.storeOrders.writtenDown(order);
  if (order.state === 'ready-for-handling') world.storeOrders.turn(order, 'handling');
}
