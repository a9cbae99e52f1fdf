import type { Connection } from 'mongoose';
import type { OrderStage } from '../domain/orders/order-view';
import { orderKey } from '../domain/ids';
import { orderModel, type OrderDocument } from './orders';

/** What people filter orders by. */
export interface OrderFilter {
  stage?: OrderStage;
  connectorId?: string;
  /** Only those that stock is held for, or may be. */
  holdsStock?: true;
}

/** Where a page of orders ends: its last one. */
export interface OrderPosition {
  createdAt: Date;
  id: string;
}

/** What the API reads of orders. */
export function orderQueries(connection: Connection) {
  const model = orderModel(connection);
  return {
    /** Those that were first seen last come first, at most `limit` after a position. */
    async page(filter: OrderFilter, after: OrderPosition | undefined, limit: number): Promise<OrderDocument[]> {
      return model
        .find({
          ...filter,
          ...(after && {
            $or: [{ createdAt: { $lt: after.createdAt } }, { createdAt: after.createdAt, _id: { $gt: after.id } }],
          }),
        })
        .sort({ createdAt: -1, _id: 1 })
        .limit(limit)
        .lean();
    },

    async get(sellerId: string, amazonOrderId: string): Promise<OrderDocument | undefined> {
      return (await model.findById(orderKey(sellerId, amazonOrderId)).lean()) ?? undefined;
    },
  };
}
