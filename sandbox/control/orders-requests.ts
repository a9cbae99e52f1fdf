import { FULFILLERS, FULFILLMENT_STATUSES, type NewOrder, type OrderChange } from '../amazon/orders-book';
import { marketplace } from '../amazon/marketplaces';
import type { OrderManners } from '../vtex/order-integration-book';
import type { ReservationManners } from '../vtex/reservations-book';
import { ControlError, Fields } from './fields';

const MAX_UNITS = 1_000_000;
const MAX_MS = 30 * 24 * 3600 * 1000;

/** `{items: [{sku or null, quantity, price}], orderId, marketplace, status, fulfilledBy, postalCode, country, plan}` */
export function newOrder(text: string, otherwise: { marketplaceId: string }): NewOrder {
  const fields = new Fields(text);
  fields.allow('items', 'orderId', 'marketplace', 'status', 'fulfilledBy', 'postalCode', 'country', 'plan');
  const marketplaceId = fields.text('marketplace') ?? otherwise.marketplaceId;
  const place = marketplace(marketplaceId);
  if (!place) throw new ControlError(`marketplace: ${marketplaceId} is not a marketplace id`);
  const items = fields.needed('items', fields.each('items'));
  if (items.length === 0) throw new ControlError('items must not be empty');
  return {
    orderId: fields.text('orderId'),
    marketplaceId,
    status: fields.oneOf('status', FULFILLMENT_STATUSES) ?? 'PENDING',
    fulfilledBy: fields.oneOf('fulfilledBy', FULFILLERS) ?? 'MERCHANT',
    destination: {
      postalCode: fields.text('postalCode') ?? '98109',
      countryCode: fields.text('country') ?? place.countryCode.replace('UK', 'GB'),
    },
    items: items.map((item) => {
      item.allow('sku', 'quantity', 'price');
      return {
        sku: item.isNull('sku') ? null : item.needed('sku', item.text('sku')),
        quantity: item.integer('quantity', 1, MAX_UNITS) ?? 1,
        unitPrice: item.number('price', 0) ?? 10,
      };
    }),
    plan: (fields.each('plan') ?? []).map((step) => ({
      afterSeconds: step.needed('afterSeconds', step.number('afterSeconds', 0)),
      change: changeIn(step, ['afterSeconds']),
    })),
  };
}

/** `{status, items: {sku or order item id: {ordered, cancelled, shipped, cancelRequest}}}`; nothing at all is an update too. */
export function orderChange(text: string): OrderChange {
  return changeIn(new Fields(text), []);
}

function changeIn(fields: Fields, others: string[]): OrderChange {
  fields.allow('status', 'items', ...others);
  const items = fields.byName('items').map(([name, item]) => {
    item.allow('ordered', 'cancelled', 'shipped', 'cancelRequest');
    const units = (field: string) => (item.has(field) ? { [field]: item.integer(field, 0, MAX_UNITS) } : {});
    const cancelRequest = item.text('cancelRequest');
    return [
      name,
      { ...units('ordered'), ...units('cancelled'), ...units('shipped'), ...(cancelRequest && { cancelRequest }) },
    ] as const;
  });
  const status = fields.oneOf('status', FULFILLMENT_STATUSES);
  return { ...(status && { status }), ...(items.length > 0 && { items: Object.fromEntries(items) }) };
}

/** What a person in the store, or its system, does with an order. */
interface StoreOrderChange {
  /** Lets an order pass whose price is not the expected one. */
  authorize?: boolean;
  cancel?: boolean;
  /** Writes the store's stock down by what the order takes. */
  writeDown?: boolean;
  /** Of these units of the items at these positions; of all unless said. The same number again corrects it. */
  invoice?: {
    number: string;
    courier: string | null;
    trackingNumber: string;
    type: 'Output' | 'Input';
    items?: { index: number; quantity: number }[];
  };
}

export function storeOrderChange(text: string): StoreOrderChange {
  const fields = new Fields(text);
  fields.allow('authorize', 'cancel', 'writeDown', 'invoice');
  const invoice = fields.nested('invoice');
  invoice?.allow('number', 'courier', 'trackingNumber', 'type', 'items');
  return {
    authorize: fields.boolean('authorize'),
    cancel: fields.boolean('cancel'),
    writeDown: fields.boolean('writeDown'),
    invoice: invoice && {
      number: invoice.needed('number', invoice.text('number')),
      courier: invoice.isNull('courier') ? null : (invoice.text('courier') ?? 'FedEx'),
      trackingNumber: invoice.text('trackingNumber') ?? '',
      type: invoice.oneOf('type', ['Output', 'Input'] as const) ?? 'Output',
      items: invoice.each('items')?.map((item) => {
        item.allow('index', 'quantity');
        return {
          index: item.needed('index', item.integer('index', 0, 1000)),
          quantity: item.needed('quantity', item.integer('quantity', 1, MAX_UNITS)),
        };
      }),
    },
  };
}

export function reservationManners(fields: Fields): Partial<ReservationManners> | undefined {
  const given = fields.nested('reservations');
  if (!given) return undefined;
  given.allow('seconds', 'repeatedLock', 'ended');
  return present({
    seconds: given.number('seconds', 0),
    repeatedLock: given.oneOf('repeatedLock', ['same', 'refuse'] as const),
    ended: given.oneOf('ended', ['quiet', 'refuse'] as const),
  });
}

export function orderManners(fields: Fields): Partial<OrderManners> | undefined {
  const given = fields.nested('orders');
  if (!given) return undefined;
  given.allow('processAfterMs', 'tellAfterMs', 'tellTimes', 'answers', 'divergence');
  const answers = given.texts('answers');
  const wrong = answers?.find((code) => !/^EOI0(0\d|1[01])$/.test(code));
  if (wrong !== undefined) throw new ControlError(`orders.answers: ${wrong} is none of EOI000 to EOI011`);
  return present({
    processAfterMs: given.integer('processAfterMs', 0, MAX_MS),
    tellAfterMs: given.integer('tellAfterMs', 0, MAX_MS),
    tellTimes: given.integer('tellTimes', 0, 10),
    answers,
    divergence: given.oneOf('divergence', ['refuse', 'authorize', 'accept'] as const),
  });
}

function present<T extends object>(values: T): Partial<T> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<T>;
}
