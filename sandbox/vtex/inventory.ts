import { json, plain, type Answer } from '../answer';
import { pathParameter } from '../query';
import { UNLIMITED_FILLER, type StoreSku } from './store';
import { skuOf, type VtexCall } from './call';

export const WAREHOUSE_ID = '1_1';
export const DOCK_ID = '1';
const WAREHOUSE_NAME = 'Main warehouse';

/** Stock per warehouse. Unlimited SKUs show a filler in totalQuantity; a kit has no stock of its own. */
export function getInventory(call: VtexCall): Answer {
  const sku = skuOf(call);
  return json(200, {
    skuId: String(sku.skuId),
    balance: [
      {
        warehouseId: WAREHOUSE_ID,
        warehouseName: WAREHOUSE_NAME,
        totalQuantity: totalOf(sku),
        reservedQuantity: sku.reserved,
        hasUnlimitedQuantity: sku.unlimited,
        timeToRefill: null,
        dateOfSupplyUtc: null,
        leadTime: '1.00:00:00',
      },
    ],
  });
}

export function getWarehouseInventory(call: VtexCall): Answer {
  const sku = skuOf(call);
  if (pathParameter(call.request, 'warehouseId') !== WAREHOUSE_ID) return plain(404, 'Warehouse not found');
  return json(200, [
    {
      skuId: String(sku.skuId),
      warehouseId: WAREHOUSE_ID,
      dockId: DOCK_ID,
      totalQuantity: totalOf(sku),
      reservedQuantity: sku.reserved,
      availableQuantity: sku.isKit ? 0 : call.world.store.available(sku),
      isUnlimited: sku.unlimited,
      salesChannel: channelIds(call),
      deliveryChannels: ['delivery'],
      timeToRefill: null,
      dateOfSupplyUtc: null,
    },
  ]);
}

export function listWarehouses(): Answer {
  return json(200, [
    {
      id: WAREHOUSE_ID,
      name: WAREHOUSE_NAME,
      isActive: true,
      priority: 0,
      warehouseDocks: [{ dockId: DOCK_ID, name: 'Main dock', time: '1.00:00:00', cost: 0 }],
    },
  ]);
}

export function listDocks(call: VtexCall): Answer {
  return json(200, [
    {
      id: DOCK_ID,
      name: 'Main dock',
      priority: 0,
      dockTimeFake: '1.00:00:00',
      timeFakeOverhead: '00:00:00',
      salesChannels: channelIds(call),
      salesChannel: null,
      freightTableIds: [],
      wmsEndPoint: '',
      isActive: true,
    },
  ]);
}

function totalOf(sku: StoreSku): number {
  if (sku.isKit) return 0;
  return sku.unlimited ? UNLIMITED_FILLER : (sku.quantity ?? 0);
}

function channelIds({ world }: VtexCall): string[] {
  return world.settings.salesChannels.map(({ Id }) => String(Id));
}
