import fc from 'fast-check';
import type { CatalogItem, KitComponent, SourceStock } from '../../domain/catalog-item';
import {
  availableUnits,
  decideStock,
  MOST_UNITS_OFFERED,
  unitsToSell,
  type StockRules,
} from '../../domain/stock-rules';

const unlimited: SourceStock = { kind: 'unlimited' };

function units(count: number): SourceStock {
  return { kind: 'units', units: count };
}

function part(sourceId: string, perKit: number, stock: SourceStock): KitComponent {
  return { sourceId, units: perKit, stock };
}

describe('buffer, percentage and cap (B12)', () => {
  test.each<[string, number, StockRules, number, string]>([
    ['a percentage rounds down', 9, { percentage: 50 }, 4, '50 % of them are offered.'],
    ['one percent of 99 is nothing', 99, { percentage: 1 }, 0, 'It sells again at 100.'],
    ['one percent of 100 is one', 100, { percentage: 1 }, 1, '1 % of them is offered.'],
    ['the percentage is taken before the buffer', 10, { percentage: 50, buffer: 2 }, 3, '2 are kept back.'],
    ['a buffer above the stock leaves nothing', 2, { buffer: 5 }, 0, 'It sells again at 6.'],
    ['a buffer as large as the stock leaves nothing', 5, { buffer: 5 }, 0, 'Nothing is left to offer.'],
    ['one above the buffer sells', 6, { buffer: 5 }, 1, '5 are kept back.'],
    ['the cap comes last', 100, { percentage: 50, buffer: 10, cap: 5 }, 5, 'and at most 5 are offered.'],
    ['a cap of one', 2, { cap: 1 }, 1, 'and at most 1 is offered.'],
    [
      'a cap at the stock changes nothing',
      5,
      { cap: 5 },
      5,
      'the source has 5 units, not fewer than the minimum of 0.',
    ],
    ['rules that change nothing are not told of', 5, { percentage: 100, buffer: 0 }, 5, 'not fewer than the minimum'],
  ])('%s', (_case, stock, rules, quantity, said) => {
    const decided = decideStock({ stock: units(stock) }, 0, rules);

    expect(decided.quantity).toBe(quantity);
    expect(decided.enough).toBe(quantity > 0);
    expect(decided.reason).toContain(said);
  });

  test('every rule that changed the number is in the sentence', () => {
    expect(decideStock({ stock: units(10) }, 3, { percentage: 50, buffer: 2, cap: 2 }).reason).toBe(
      'Quantity 2: the source has 10 units; 50 % of them are offered; 2 are kept back, and at most 2 are offered.'
    );
  });

  test('the minimum is held against what the source has, and not against what the rules leave', () => {
    expect(decideStock({ stock: units(3) }, 3, { buffer: 2 })).toMatchObject({ enough: true, quantity: 1 });
    expect(decideStock({ stock: units(2) }, 3, { buffer: 1 })).toMatchObject({ enough: false, quantity: 0 });
  });

  test('unlimited stock is offered up to the cap, whatever is kept back of it', () => {
    expect(decideStock({ stock: unlimited }, 1_000_000, { percentage: 1, buffer: 50, cap: 7 })).toMatchObject({
      enough: true,
      quantity: 7,
    });
  });

  test('without rules, no stock under a minimum of 0 is offered as 0; with them it is paused', () => {
    expect(decideStock({ stock: units(0) }, 0)).toMatchObject({ enough: true, quantity: 0 });
    expect(decideStock({ stock: units(0) }, 0, { buffer: 1 })).toMatchObject({ enough: false, quantity: 0 });
    expect(decideStock({ stock: units(0) }, 0, { cap: 5 })).toMatchObject({ enough: true, quantity: 0 });
  });
});

describe('kits', () => {
  test.each<[string, SourceStock, KitComponent[], number]>([
    ['the part that runs out first decides', unlimited, [part('a', 1, units(9)), part('b', 2, units(7))], 3],
    ['whole kits only', unlimited, [part('a', 3, units(8))], 2],
    ['a part without a limit limits nothing', units(5), [part('a', 1, unlimited)], 5],
    ['all parts without a limit', unlimited, [part('a', 1, unlimited)], Infinity],
    ['never more than the source has of the kit itself', units(2), [part('a', 1, units(9))], 2],
    ['a part that is sold out', units(5), [part('a', 1, units(0)), part('b', 1, units(9))], 0],
    ['an oversold part', unlimited, [part('a', 1, units(-3))], 0],
    ['one part in two rows is one stock', unlimited, [part('a', 1, units(5)), part('a', 2, units(5))], 1],
    [
      'of two rows that disagree the lower stock counts',
      unlimited,
      [part('a', 1, units(9)), part('a', 1, units(4))],
      2,
    ],
    ['fractions of a unit are rounded against selling', unlimited, [part('a', 1.5, units(4.9))], 2],
    ['less than one unit a kit is one', unlimited, [part('a', 0, units(4))], 4],
    ['a number of units that is none', unlimited, [part('a', NaN, unlimited)], 0],
    ['a stock that is no number', unlimited, [part('a', 1, units(NaN))], 0],
    ['no parts said', units(4), [], 4],
  ])('%s', (_case, stock, components, available) => {
    expect(availableUnits({ stock, components })).toBe(available);
  });

  test('say which part ends them', () => {
    expect(decideStock({ stock: units(10), components: [part('17', 2, units(9))] }, 0).reason).toBe(
      'Quantity 4: the source has 10 units; its parts make 4 kits (of part 17 there are 9, and a kit takes 2), not fewer than the minimum of 0.'
    );
    expect(decideStock({ stock: unlimited, components: [part('17', 2, units(3))] }, 2).reason).toBe(
      'Quantity 0: its parts make 1 kit (of part 17 there are 3, and a kit takes 2), fewer than the minimum of 2. It sells again at 2.'
    );
  });
});

const anyUnits = fc.oneof(
  fc.integer({ min: -10, max: 300 }),
  fc.double(),
  fc.constantFrom(1_000_000, 2_147_483_647, NaN, Infinity, -Infinity)
);
const anyStock: fc.Arbitrary<SourceStock> = fc.oneof(
  anyUnits.map((count) => units(count)),
  fc.constant(unlimited)
);
const anyStocked: fc.Arbitrary<Pick<CatalogItem, 'stock' | 'components'>> = fc.record(
  {
    stock: anyStock,
    components: fc.array(
      fc.record({
        sourceId: fc.constantFrom('a', 'b'),
        units: fc.oneof(fc.integer({ min: 1, max: 5 }), anyUnits),
        stock: anyStock,
      }),
      { maxLength: 3 }
    ),
  },
  { requiredKeys: ['stock'] }
);
const anyRules: fc.Arbitrary<StockRules> = fc.record(
  {
    buffer: fc.integer({ min: 0, max: 50 }),
    percentage: fc.integer({ min: 1, max: 100 }),
    cap: fc.integer({ min: 1, max: MOST_UNITS_OFFERED }),
  },
  { requiredKeys: [] }
);
const anyMinimum = fc.integer({ min: 0, max: 60 });

describe('any stock under any rules', () => {
  test('is offered in whole units, within the stock, the cap and the buffer', () => {
    fc.assert(
      fc.property(anyStocked, anyMinimum, anyRules, (item, minimum, rules) => {
        const { quantity, enough, reason } = decideStock(item, minimum, rules);
        const own = item.stock.kind === 'unlimited' ? Infinity : Math.max(0, item.stock.units || 0);
        expect(Number.isInteger(quantity) && quantity >= 0).toBe(true);
        expect(quantity).toBeLessThanOrEqual(Math.min(own, rules.cap ?? MOST_UNITS_OFFERED));
        if (quantity > 0) expect(availableUnits(item) - quantity).toBeGreaterThanOrEqual(rules.buffer ?? 0);
        if (!enough) expect(quantity).toBe(0);
        expect(reason).toMatch(new RegExp(`^Quantity ${quantity}: .{10,}\\.$`));
      }),
      { numRuns: 1000 }
    );
  });

  test('never promises more kits than its parts make', () => {
    fc.assert(
      fc.property(anyStocked, anyRules, (item, rules) => {
        const { quantity } = decideStock(item, 0, rules);
        for (const id of ['a', 'b']) {
          const rows = (item.components ?? []).filter(({ sourceId }) => sourceId === id);
          const needed = quantity * rows.reduce((sum, each) => sum + Math.max(1, each.units), 0);
          const there = Math.min(...rows.map(({ stock }) => (stock.kind === 'units' ? stock.units || 0 : Infinity)));
          if (rows.length > 0 && quantity > 0) expect(needed).toBeLessThanOrEqual(there);
        }
      }),
      { numRuns: 1000 }
    );
  });

  test('more stock never offers less, nor pauses what sold with less', () => {
    const count = fc.integer({ min: -5, max: 20_000 });
    fc.assert(
      fc.property(count, count, anyMinimum, anyRules, (one, other, minimum, rules) => {
        const less = decideStock({ stock: units(Math.min(one, other)) }, minimum, rules);
        const more = decideStock({ stock: units(Math.max(one, other)) }, minimum, rules);
        expect(more.quantity).toBeGreaterThanOrEqual(less.quantity);
        if (less.enough) expect(more.enough).toBe(true);
      })
    );
  });

  test('is paused exactly below the stock that it is said to sell again at', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6000 }), anyMinimum, anyRules, (stock, minimum, rules) => {
        expect(decideStock({ stock: units(stock) }, minimum, rules).enough).toBe(stock >= unitsToSell(minimum, rules));
      }),
      { numRuns: 1000 }
    );
  });
});
