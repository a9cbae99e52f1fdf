import fc from 'fast-check';
import type { OrderItem, OrderStatus } from '../../../domain/orders/order';
import type { OrderLine } from '../../../domain/orders/order-state';
import { HOUR, MINUTE, SECOND, START, type LifeStage, type Scenario } from './model-world';

/** SKUs at Amazon and what they are in the store: one alone, a kit with it, another, and one that nobody knows. */
const LEDGER: OrderLine[] = [
  { sku: 'SHIRT', sourceId: '11' },
  { sku: 'SHIRT-OLD-CODE', sourceId: '11' },
  {
    sku: 'SET',
    sourceId: '12',
    parts: [
      { sourceId: '11', units: 2 },
      { sourceId: '13', units: 1 },
    ],
  },
  { sku: 'SOCKS', sourceId: '13' },
];
const SKUS = [...LEDGER.map(({ sku }) => sku), 'STRANGER'];

const PATHS: OrderStatus[][] = [
  ['pending', 'unshipped'],
  ['pending', 'canceled'],
  ['pending', 'unshipped', 'canceled'],
  ['pending', 'unshipped', 'partially_shipped', 'shipped'],
  ['pending_availability', 'pending', 'unshipped', 'shipped'],
  ['pending', 'pending', 'unshipped'],
  ['pending', 'pending', 'pending', 'canceled'],
  ['unshipped'],
  ['unshipped', 'unshipped', 'canceled'],
  ['partially_shipped', 'shipped'],
  ['shipped'],
  ['canceled'],
];

const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...PATHS.slice(0, 3)) },
  { weight: 6, arbitrary: fc.constantFrom(...PATHS) }
);

const items = fc
  .uniqueArray(fc.record({ sku: fc.constantFrom(...SKUS.slice(0, 4)), ordered: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 3,
    selector: ({ sku }) => sku,
  })
  .chain((known) =>
    fc
      .integer({ min: 0, max: 9 })
      .map((stranger) => (stranger === 0 ? [...known, { sku: 'STRANGER', ordered: 1 }] : known))
  );

/** How long a stage lasts: moments, minutes, hours. */
const pause = fc.oneof(
  fc.integer({ min: SECOND, max: 20 * SECOND }),
  fc.integer({ min: MINUTE, max: 50 * MINUTE }),
  fc.integer({ min: HOUR, max: 3 * HOUR })
);

/** Orders of every kind, with faults in up to half of the steps, for as long as they live; then everybody gets well. */
export const scenarios: fc.Arbitrary<Scenario> = fc
  .record({
    seed: fc.integer(),
    path,
    pauses: fc.array(pause, { minLength: 4, maxLength: 4 }),
    items,
    cancels: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
    holdLifeMs: fc.constantFrom(10 * MINUTE, HOUR, HOUR, 240 * HOUR),
    stock: fc.record({ shirts: fc.integer({ min: 0, max: 30 }), socks: fc.integer({ min: 0, max: 12 }) }),
    isPlenty: fc.integer({ min: 0, max: 2 }),
    sales: fc.array(
      fc.record({ after: pause, sourceId: fc.constantFrom('11', '13'), units: fc.integer({ min: 1, max: 9 }) }),
      {
        maxLength: 2,
      }
    ),
    faultsInTen: fc.constantFrom(0, 0, 1, 3, 5),
    isAmazons: fc.integer({ min: 0, max: 11 }),
    isOld: fc.integer({ min: 0, max: 15 }),
    presses: fc.array(fc.record({ after: pause, kind: fc.constantFrom('release' as const, 'retry' as const) }), {
      maxLength: 2,
    }),
    isPressed: fc.integer({ min: 0, max: 4 }),
  })
  .map((drawn) => {
    const life = lifeOf(drawn.path, drawn.pauses, drawn.items, drawn.cancels);
    const ended = life.at(-1)!.at;
    const stock = drawn.isPlenty > 0 ? { 11: 100, 13: 100 } : { 11: drawn.stock.shirts, 13: drawn.stock.socks };
    return {
      seed: drawn.seed,
      policy: {
        affiliateId: 'MZN',
        reserves: true,
        integrates: true,
        destination: { postalCode: '01310-100', country: 'BRA' },
        activatedAt: START - HOUR,
        askedSeconds: 864_000,
        carriers: {},
      },
      orderedAt: drawn.isOld === 0 ? START - 2 * HOUR : START - MINUTE,
      fulfilledBy: drawn.isAmazons === 0 ? 'amazon' : 'merchant',
      life,
      ledger: LEDGER,
      stock,
      sales: drawn.sales.map(({ after, ...sale }) => ({ ...sale, at: START + after })),
      holdLifeMs: drawn.holdLifeMs,
      faultsInTen: drawn.faultsInTen,
      calmAt: ended + HOUR,
      presses: drawn.isPressed === 0 ? drawn.presses.map(({ after, kind }) => ({ at: START + after, kind })) : [],
      until: ended + 10 * HOUR,
    };
  });

/** Units are cancelled while the order is pending or unshipped, and shipped at the end. */
function lifeOf(
  statuses: readonly OrderStatus[],
  pauses: readonly number[],
  ordered: readonly { sku: string; ordered: number }[],
  cancels: readonly number[]
): LifeStage[] {
  let at = START;
  let items: OrderItem[] = ordered.map(({ sku, ordered: units }, line) => ({
    orderItemId: `line-${line}`,
    sku,
    ordered: units,
    canceled: 0,
    shipped: 0,
  }));
  return statuses.map((status, stage) => {
    if (stage > 0) at += pauses[stage - 1]!;
    if (stage > 0 && (status === 'pending' || status === 'unshipped'))
      items = items.map((item, line) =>
        line === 0 ? { ...item, canceled: Math.min(item.ordered, item.canceled + cancels[stage]!) } : item
      );
    if (status === 'partially_shipped') items = items.map((item, line) => (line === 0 ? shipped(item, 1) : item));
    if (status === 'shipped') items = items.map((item) => shipped(item, item.ordered));
    if (status === 'canceled') items = items.map((item) => ({ ...item, canceled: item.ordered }));
    return { at, status, items };
  });
}

function shipped(item: OrderItem, units: number): OrderItem {
  return { ...item, shipped: Math.min(item.ordered - item.canceled, units) };
}
