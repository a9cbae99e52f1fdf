import { OutsideError } from '../../domain/errors';
import type { Money } from '../../domain/money';
import type { OrderItem, OrderSighting } from '../../domain/orders/order';
import { openUnitsBySku, withSighting, NO_FACTS } from '../../domain/orders/order-facts';
import type { OrderStep, StepOutcome } from '../../domain/orders/order-state';
import type { OrderToPlace } from '../../domain/ports/order-integration';
import type { AmazonOrders, OrderRecipient } from '../../domain/ports/orders';
import { unsent } from '../../domain/unsent';
import type { StepContext } from './step-context';

type PlaceStep = Extract<OrderStep, { kind: 'place' }>;

/**
 * Places an order in the store: looks there first whether it has it, then reads at Amazon that these are still its units. What that
 * tells of the buyer goes to the store and nowhere else.
 */
export async function place(
  amazonOrders: Pick<AmazonOrders, 'getToPlace'>,
  step: PlaceStep,
  { amazonOrderId, account, store: { integration }, looksFirst, signal }: StepContext
): Promise<StepOutcome> {
  if (looksFirst) {
    const order = await unsent(integration.find(amazonOrderId, signal));
    if (order) return { kind: 'found', order };
  }
  const read = await unsent(amazonOrders.getToPlace(account, amazonOrderId, signal));
  if (!read) throw notSent('transient', 'Amazon knows no such order.');
  const { sighting, recipient, total } = read;
  if (!isAsExpected(sighting, step)) return { kind: 'changed', sighting };
  const order = toPlace(amazonOrderId, step, sighting, recipient, total);
  return { kind: 'placed', answer: await integration.place(order, signal) };
}

/** To be shipped, and with the open units that the step names: no more, no fewer. */
function isAsExpected(sighting: OrderSighting, { lines }: PlaceStep): boolean {
  if (sighting.status !== 'unshipped' && sighting.status !== 'partially_shipped') return false;
  const open = openUnitsBySku(withSighting(NO_FACTS, sighting));
  return open.size === lines.length && lines.every(({ sku, units }) => open.get(sku) === units);
}

function toPlace(
  marketplaceOrderId: string,
  { lines }: PlaceStep,
  { items = [] }: OrderSighting,
  recipient: OrderRecipient,
  told: Money | undefined
): OrderToPlace {
  const priced = lines.map(({ sku, sourceId, units }) => ({ sourceId, units, unitPrice: priceOf(sku, items) }));
  const { currency } = priced[0]!.unitPrice;
  const minorUnits = priced.reduce((sum, { unitPrice, units }) => sum + unitPrice.minorUnits * units, 0);
  // What Amazon says is for the whole order; of one that is shipped in part, its open lines count alone.
  const isWhole = items.every(({ canceled, shipped }) => canceled === 0 && shipped === 0);
  return {
    marketplaceOrderId,
    lines: priced,
    total: (isWhole ? told : undefined) ?? { minorUnits, currency },
    recipient,
  };
}

function priceOf(sku: string, items: readonly OrderItem[]): Money {
  const price = items.find((item) => item.sku === sku && item.unitPrice)?.unitPrice;
  if (!price) throw notSent('transient', `Amazon does not tell the price of SKU ${sku}.`);
  return price;
}

function notSent(code: 'transient', message: string): OutsideError {
  return new OutsideError(code, message, { system: 'amazon', operation: 'getOrder', notSent: true });
}
