import fc from 'fast-check';
import type { FulfillmentStatus } from '../../sandbox/amazon/orders-book';
import { plainProducts, type ProductLine } from '../workflows/rig';

/** Units of the store's stock, by SKU id. */
export type Units = Readonly<Record<string, number>>;

/** What one of each seller SKU takes from the store: two plain ones, a kit, one of which there is never enough. */
export const SHELF: Readonly<Record<string, Units>> = {
  'SKU-0001': { '1': 1 },
  'SKU-0002': { '2': 1 },
  'SKU-0003': { '3': 1 },
  'SKU-0004': { '3': 2 },
  'SKU-0005': { '5': 1 },
};

/** A SKU that the connector does not sell. */
const STRANGER = 'SKU-STRANGE';

/** What one buyer after another takes the same few units of. */
const SCARCE = 'SKU-0005';

/** One order's life at Amazon, and what is heard of it. Moments are parts of the whole run, from 0 to 1. */
export interface OrderLife {
  fulfilledBy: 'MERCHANT' | 'AMAZON';
  items: { sku: string; quantity: number }[];
  stages: LifeStage[];
  /** What is told as a notice besides what polls find: how Amazon stood at a stage, right then, late or repeated. */
  notices: { stage: number; at: number }[];
  /** What a person presses. */
  press: { kind: 'release' | 'retry'; at: number } | null;
  /** When its workflow is lost, as a restore from an older backup of the engine loses it. */
  lostAt: number | null;
}

export interface LifeStage {
  at: number;
  status: FulfillmentStatus;
  /** Units of the first item that are cancelled by now. */
  canceled: number;
}

const PATHS: readonly (readonly FulfillmentStatus[])[] = [
  ['PENDING', 'UNSHIPPED'],
  ['PENDING', 'CANCELLED'],
  ['PENDING', 'UNSHIPPED', 'CANCELLED'],
  ['PENDING'],
  ['PENDING', 'PENDING'],
  ['PENDING', 'PENDING', 'UNSHIPPED'],
  ['PENDING', 'UNSHIPPED', 'SHIPPED'],
  ['PENDING_AVAILABILITY', 'PENDING', 'UNSHIPPED'],
  ['UNSHIPPED'],
  ['UNSHIPPED', 'CANCELLED'],
  ['SHIPPED'],
  ['CANCELLED'],
];

/** Anywhere in the run: it is of no use that most things happen in its first moments. */
const moment = fc.noBias(fc.integer({ min: 0, max: 100 })).map((percent) => percent / 100);
/** One in ten. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ withCrossShrink: true }, { weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

const items = fc
  .uniqueArray(
    fc.record({
      sku: fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom('SKU-0001', 'SKU-0002', 'SKU-0003', 'SKU-0004') },
        { weight: 1, arbitrary: fc.constantFrom(SCARCE, STRANGER) }
      ),
      quantity: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 3, selector: ({ sku }) => sku }
  )
  // Of what is scarce one order takes a few alone: what becomes of its other units then is no question.
  .map((all) => (all.some(({ sku }) => sku === SCARCE) ? [{ sku: SCARCE, quantity: 2 }] : all));

/** Lives of every kind. A smaller one has fewer stages, notices and units. */
export const orderLives: fc.Arbitrary<OrderLife> = fc
  .record({
    path: fc.constantFrom(...PATHS),
    moments: fc.array(moment, { minLength: 3, maxLength: 3 }),
    canceled: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 3, maxLength: 3 }),
    items,
    isAmazons: fc.integer({ min: 0, max: 19 }),
    notices: fc.array(fc.record({ stage: fc.integer({ min: 0, max: 2 }), after: moment }), { maxLength: 3 }),
    press: seldom(fc.record({ kind: fc.constantFrom('retry' as const, 'release' as const), at: moment })),
    lostAt: seldom(moment),
  })
  .map(({ path, moments, canceled, isAmazons, notices, ...life }) => {
    const at = [...moments].sort((one, other) => one - other);
    const stages = path.map((status, index) => ({
      at: at[index]!,
      status,
      canceled: canceled.slice(0, index).reduce((sum, units) => sum + units, 0),
    }));
    return {
      ...life,
      fulfilledBy: isAmazons === 19 ? 'AMAZON' : 'MERCHANT',
      stages,
      notices: notices
        .filter(({ stage }) => stage < stages.length)
        .map(({ stage, after }) => ({ stage, at: Math.min(1, stages[stage]!.at + after / 2) })),
    };
  });

/** Lives of every kind, the same for the same seed. */
export function sampleLives(count: number, seed: number): OrderLife[] {
  return fc.sample(orderLives, { numRuns: count, seed });
}

/** A store with the shelf's SKUs: plenty of all but the scarce one. */
export function shelfProducts(orders: number): ProductLine[] {
  const units = orders * 20;
  return plainProducts(5, (index) => {
    if (index === 3) return { isKit: true, quantity: null, kitItems: [{ refId: 'SKU-0003', quantity: 2 }] };
    return { quantity: index === 4 ? 5 : units };
  });
}
