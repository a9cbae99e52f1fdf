import { line, POLICY } from './driver';
import { HOUR, MINUTE, SECOND, START, World, type Scenario } from './model-world';

const DAY = 24 * HOUR;

function scenario(more: Partial<Scenario>): Scenario {
  return {
    seed: 7,
    policy: POLICY,
    orderedAt: START - MINUTE,
    fulfilledBy: 'merchant',
    life: [{ at: START, status: 'pending', items: [line('SHIRT', 2)] }],
    ledger: [{ sku: 'SHIRT', sourceId: '11' }],
    stock: { 11: 10 },
    sales: [],
    holdLifeMs: 10 * MINUTE,
    faultsInTen: 0,
    calmAt: START,
    presses: [],
    until: START + 7 * DAY,
    ...more,
  };
}

/** How long nothing, and how long more than one hold, was live after the first; in milliseconds. */
function coverOf(given: Scenario): { world: World; bare: number; double: number; longestBare: number } {
  let [bare, double, longestBare, run] = [0, 0, 0, 0];
  let last: { at: number; count: number } | undefined;
  const world = new World(given, (each) => {
    const { now } = each;
    const count = each.liveHolds().length;
    if (last) {
      const span = now - last.at;
      run = last.count === 0 ? run + span : 0;
      bare += last.count === 0 ? span : 0;
      longestBare = Math.max(longestBare, run);
      double += last.count > 1 ? span : 0;
    }
    if (last || count > 0) last = { at: now, count };
  }).run();
  return { world, bare, double, longestBare };
}

describe('an order that is pending for 7 days with holds of 10 minutes', () => {
  it('is held without a gap, with one hold but for the moments of renewal', () => {
    const { world, bare, double } = coverOf(scenario({}));
    expect(bare).toBe(0);
    expect(double).toBeLessThan(0.02 * 7 * DAY);
    expect(world.liveHolds()).toHaveLength(1);
    expect(world.holds.size).toBeGreaterThan(1_000);
    expect(JSON.stringify(world.state).length).toBeLessThan(2_500);
    expect(world.notified).toEqual([]);
  });

  it('is held but for moments when these are the last units there are', () => {
    const { world, longestBare } = coverOf(scenario({ stock: { 11: 2 }, until: START + DAY }));
    expect(longestBare).toBeLessThan(5 * SECOND);
    expect(world.liveHolds()).toHaveLength(1);
    expect(world.notified).toEqual([]);
  });
});

describe('the last units', () => {
  it('get into the store although our own hold keeps them from it', () => {
    const paid = { at: START + HOUR, status: 'unshipped' as const, items: [line('SHIRT', 2)] };
    const pending = { at: START, status: 'pending' as const, items: [line('SHIRT', 2)] };
    const world = new World(scenario({ stock: { 11: 2 }, life: [pending, paid], until: START + DAY })).run();
    expect(world.orders).toEqual([{ units: [{ sourceId: '11', units: 2 }], state: 'approved' }]);
    expect([world.liveHolds(), world.notified, world.available('11')]).toEqual([[], [], 0]);
  });
});
