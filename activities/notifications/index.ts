import type { NotificationHandler } from '../../domain/ports/notifications';
import { orderChangeHandler, type OrderChangeDependencies } from './order-change';

const leave: NotificationHandler = async () => {};

/** What is done about each type of notification; one of a type that is not here is a dead letter. */
export function notificationHandlers(deps: OrderChangeDependencies): Record<string, NotificationHandler> {
  return {
    ORDER_CHANGE: orderChangeHandler(deps),
    // What these tell is read at Amazon anyway, in its own time: docs/notifications.md.
    LISTINGS_ITEM_STATUS_CHANGE: leave,
    LISTINGS_ITEM_ISSUES_CHANGE: leave,
    LISTINGS_ITEM_MFN_QUANTITY_CHANGE: leave,
    PRODUCT_TYPE_DEFINITIONS_CHANGE: leave,
    FEED_PROCESSING_FINISHED: leave,
  };
}
