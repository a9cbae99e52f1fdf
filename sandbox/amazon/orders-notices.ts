import type { NewNotice } from './notifications';
import type { AmazonOrder } from './orders-book';
import { STATUSES } from './orders-v0';
import { iso, unitsOf } from './orders-view';

/** What Amazon tells of an order that is new or has changed; it carries no price. Source: its schema of ORDER_CHANGE. */
export function orderChangeNotice(sellerId: string, order: AmazonOrder): NewNotice {
  return {
    type: 'ORDER_CHANGE',
    eventAt: order.updatedAt,
    payload: {
      OrderChangeNotification: {
        NotificationLevel: 'OrderLevel',
        SellerId: sellerId,
        AmazonOrderId: order.orderId,
        OrderChangeType: 'OrderStatusChange',
        OrderChangeTrigger: { TimeOfOrderChange: iso(order.updatedAt), ChangeReason: null },
        Summary: {
          MarketplaceId: order.marketplaceId,
          OrderStatus: STATUSES[order.status],
          PurchaseDate: iso(order.createdAt),
          DestinationPostalCode: null,
          FulfillmentType: order.fulfilledBy === 'AMAZON' ? 'AFN' : 'MFN',
          OrderType: order.status === 'PENDING_AVAILABILITY' ? 'Preorder' : 'StandardOrder',
          OrderItems: order.items.map((item) => ({
            OrderItemId: item.orderItemId,
            SellerSKU: item.sku,
            SupplySourceId: null,
            Quantity: unitsOf(item),
            IsBuyerRequestedCancel: item.cancelRequest !== null,
          })),
        },
      },
    },
  };
}
