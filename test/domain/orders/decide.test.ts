import type { StepOutcome } from '../../../domain/orders/order-state';
import { NO_DELIVERY } from '../../../domain/orders/placement-codes';
import type { HoldAnswer } from '../../../domain/ports/reservations';
import { acceptedOrder, Driver, heldOrder, integratedOrder, line } from './driver';
import { HOUR, MINUTE, ORDER_ID, SECOND, START } from './model-world';

const LOCK = `MZN-${ORDER_ID}`;

describe('a pending order', () => {
  it('gets one hold for all its items, under the affiliate and its number', () => {
    const order = new Driver().see({ items: [line('SHIRT', 2), line('SOCKS', 1)] });
    expect(order.step).toEqual({ kind: 'resolve', skus: ['SHIRT', 'SOCKS'] });
    order.resolve([
      { sku: 'SHIRT', sourceId: '11' },
      { sku: 'SOCKS', sourceId: '13' },
    ]);
    expect(order.step).toEqual({
      kind: 'reserve',
      lockId: LOCK,
      lines: [
        { sourceId: '11', units: 2 },
        { sourceId: '13', units: 1 },
      ],
      destination: { postalCode: '01310-100', country: 'BRA' },
      askedSeconds: 864_000,
      looksFirst: false,
      thenRelease: null,
    });
    expect(order.view.stage).toBe('reserving');
    order.hold();
    expect(order.view).toEqual({
      stage: 'held',
      reason: 'The payment is pending; the stock is held.',
      deadline: { at: START + 8 * MINUTE, what: 'the hold is renewed' },
      holds: [
        {
          lockId: LOCK,
          isCertain: true,
          units: [
            { sourceId: '11', units: 2 },
            { sourceId: '13', units: 1 },
          ],
          expiresAt: START + 10 * MINUTE,
        },
      ],
    });
  });

  it('holds the parts of a kit, and one line for two SKUs that are the same in the store', () => {
    const order = new Driver().see({ items: [line('SET', 2), line('SHIRT', 1), line('SHIRT-2', 3)] }).resolve([
      { sku: 'SET', sourceId: '12', parts: [{ sourceId: '11', units: 2 }] },
      { sku: 'SHIRT', sourceId: '11' },
      { sku: 'SHIRT-2', sourceId: '11' },
    ]);
    expect(order.step).toMatchObject({
      lines: [
        { sourceId: '12', units: 2, parts: [{ sourceId: '11', units: 2 }] },
        { sourceId: '11', units: 4 },
      ],
    });
    expect(order.view.holds[0]!.units).toEqual([{ sourceId: '11', units: 8 }]);
  });

  it('is held where it goes, once Amazon tells', () => {
    const order = new Driver().see({ destination: { postalCode: '20000-000', country: 'BRA' } }).resolve();
    expect(order.step).toMatchObject({ destination: { postalCode: '20000-000' } });
  });

  it.each([
    ['of Amazon’s own warehouses', { fulfilledBy: 'amazon' as const }, 'ignored'],
    ['from before the activation', { orderedAt: new Date(START - 2 * HOUR).toISOString() }, 'ignored'],
    ['that is a preorder', { status: 'pending_availability' as const }, 'watched'],
    ['that is cancelled when it is first seen', { status: 'canceled' as const }, 'closed'],
    ['that is shipped when it is first seen', { status: 'shipped' as const }, 'closed'],
  ])('holds nothing for one %s', (_, sighting, stage) => {
    const order = new Driver().see(sighting);
    expect([order.commands, order.view.stage, order.state.wakeAt]).toEqual([[], stage, null]);
  });

  it('holds nothing where the connector has no ZIP code', () => {
    const order = new Driver({ reserves: false, destination: null }).see({});
    expect([order.commands, order.view.stage]).toEqual([[], 'watched']);
  });

  it('is read where a page leaves out its status, and read again where Amazon does not tell yet', () => {
    const order = new Driver().see({ from: 'poll', status: undefined, fulfilledBy: undefined });
    expect(order.step).toEqual({ kind: 'look' });
    order.fail(false);
    expect([order.step, order.view.stage, order.state.wakeAt]).toEqual([undefined, 'reading', START + 30 * SECOND]);
  });

  it('that has changed and cannot be read is told of until it is read', () => {
    const order = heldOrder();
    order.now += SECOND;
    order.see({ from: 'poll', status: undefined, items: undefined }).fail(false, 'auth.forbidden');
    expect(order.kinds).toEqual(['notify unreadable']);
    order.wait(30 * SECOND);
    expect([order.step, order.kinds]).toEqual([{ kind: 'look' }, ['look']]);
    order.see({});
    expect(order.kinds).toEqual(['recovered unreadable']);
  });

  it('holds what the ledger knows, and tells once of what it does not', () => {
    const order = new Driver().see({ items: [line('SHIRT', 1), line('STRANGER', 1)] }).resolve();
    expect(order.kinds).toEqual(['notify unknown_sku', 'reserve']);
    order.hold().see({ from: 'poll', items: [line('SHIRT', 1), line('STRANGER', 1)] });
    expect(order.kinds).toEqual([]);
    expect(order.view.reason).toContain('STRANGER');
  });
});

describe('a hold', () => {
  it('is renewed at 80 % of its real life: first the new one, then the old one', () => {
    const order = heldOrder().wait(8 * MINUTE - 1);
    expect(order.commands).toEqual([]);
    order.wait(1);
    expect(order.step).toMatchObject({ kind: 'reserve', lockId: `${LOCK}-2` });
    order.hold();
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
    order.release();
    expect(order.view.holds.map(({ lockId }) => lockId)).toEqual([`${LOCK}-2`]);
  });

  it('is let go by the step that made the new one, where nothing about it is in doubt', () => {
    const order = heldOrder().wait(8 * MINUTE);
    expect(order.step).toMatchObject({ kind: 'reserve', lockId: `${LOCK}-2`, thenRelease: LOCK });
    const hold = { lockId: `${LOCK}-2`, state: 'held' as const, units: [] };
    const expiresAt = new Date(order.now + 10 * MINUTE).toISOString();
    order.answer({ kind: 'reserved', answer: { kind: 'held', hold: { ...hold, expiresAt } }, released: 'released' });
    expect(order.step).toBeUndefined();
    expect(order.view.holds).toMatchObject([{ lockId: `${LOCK}-2`, isCertain: true }]);
    expect(order.state.wakeAt).toBe(order.now + 8 * MINUTE);
  });

  it('counts even when it lives but a moment, once the one before it was let go for it', () => {
    const order = heldOrder().wait(8 * MINUTE);
    const expiresAt = new Date(order.now + 10 * SECOND).toISOString();
    const hold = { lockId: `${LOCK}-2`, state: 'held' as const, units: [], expiresAt };
    order.answer({ kind: 'reserved', answer: { kind: 'held', hold }, released: 'released' });
    expect(order.view).toMatchObject({ stage: 'held', holds: [{ lockId: `${LOCK}-2` }] });
  });

  it('is looked up before it is made again when its answer was lost', () => {
    const order = new Driver().see({}).resolve().fail(true);
    expect([order.step, order.state.wakeAt]).toEqual([undefined, START + 5 * SECOND]);
    order.wait(5 * SECOND);
    expect(order.step).toMatchObject({ kind: 'reserve', lockId: LOCK, looksFirst: true });
  });

  it('is looked for until a lost request can no longer take effect, when the order is cancelled meanwhile', () => {
    const order = new Driver().see({}).resolve().fail(true).see({ status: 'canceled' });
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
    order.answer({ kind: 'released', answer: 'absent' });
    expect([order.view.stage, order.state.wakeAt]).toEqual(['undoing', START + 5 * MINUTE]);
    order.wait(5 * MINUTE).answer({ kind: 'released', answer: 'absent' });
    expect([order.view.stage, order.state.wakeAt]).toEqual(['closed', null]);
  });

  it('is replaced when a part of the order is cancelled', () => {
    const order = heldOrder().see({ items: [line('SHIRT', 2, { canceled: 1 })] });
    expect(order.step).toMatchObject({ lockId: `${LOCK}-2`, lines: [{ sourceId: '11', units: 1 }] });
    order.hold();
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
  });

  it('is exchanged when there is no stock for a second one beside it', () => {
    const order = heldOrder().wait(8 * MINUTE);
    order.answer({ kind: 'reserved', answer: { kind: 'short', missing: [{ sourceId: '11', wanted: 2 }] } });
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
    order.release();
    expect(order.step).toMatchObject({ kind: 'reserve', lockId: `${LOCK}-3` });
    order.hold();
    expect([order.view.stage, order.commands]).toEqual(['held', []]);
  });

  it('cannot be: first nothing is sold any more, then people are told, once', () => {
    const missing = [{ sourceId: '11', wanted: 2 }];
    const short: StepOutcome = { kind: 'reserved', answer: { kind: 'short', missing } };
    const order = new Driver().see({}).resolve().answer(short);
    expect(order.kinds).toEqual(['stop-selling', 'notify no_stock']);
    expect(order.view).toMatchObject({ stage: 'unheld', deadline: { at: START + 5 * MINUTE } });
    order.wait(5 * MINUTE).answer(short);
    expect(order.commands).toEqual([]);
    order.wait(10 * MINUTE).hold();
    expect(order.kinds).toEqual(['recovered no_stock']);
  });

  const NOT_RENEWED: HoldAnswer[] = [
    { kind: 'refused', said: 'Not now.' },
    { kind: 'undeliverable', sourceIds: ['11'] },
  ];

  it.each(NOT_RENEWED)('that cannot be renewed ($kind) is told of, and overcome only by a new one', (answer) => {
    const order = heldOrder()
      .wait(8 * MINUTE)
      .answer({ kind: 'reserved', answer });
    const problem = answer.kind === 'refused' ? 'hold_refused' : answer.kind;
    expect([order.kinds, order.view.stage]).toEqual([[`notify ${problem}`], 'held']);
    order.wait(MINUTE).answer({ kind: 'reserved', answer });
    expect(order.kinds).toEqual([]);
    order.wait(MINUTE).release();
    expect([order.kinds, order.view.stage]).toEqual([['reserve'], 'unheld']);
    order.hold();
    expect([order.kinds, order.view.stage]).toEqual([[`recovered ${problem}`], 'held']);
  });

  it('that the store will not let go beside a newer one is told of until it is gone', () => {
    const order = heldOrder()
      .wait(8 * MINUTE)
      .hold()
      .fail(false, 'auth.forbidden');
    expect(order.kinds).toEqual(['notify hold_failed']);
    order.wait(5 * SECOND).release();
    expect(order.kinds).toEqual(['recovered hold_failed']);
  });

  it('that the store will not let go is told of also when a person handles the order by hand', () => {
    const order = acceptedOrder().result('EOI005').feed({ kind: 'release' }).fail(false, 'auth.forbidden');
    expect(order.kinds).toContain('notify hold_failed');
    expect(order.kinds).not.toContain('recovered hold_failed');
  });

  it('whose name the store has and does not show is told of when that has lasted half an hour', () => {
    const order = new Driver().see({}).resolve();
    while (!order.kinds.includes('notify hold_failed') && order.now < START + 2 * HOUR) {
      if (order.state.underWay) order.answer({ kind: 'reserved', answer: { kind: 'taken' } });
      else order.wait(order.state.wakeAt! - order.now);
    }
    expect(order.kinds).toEqual(['notify hold_failed']);
    expect(order.now - START).toBeGreaterThanOrEqual(30 * MINUTE);
  });

  it('is let go when the order is cancelled, and again when letting go failed', () => {
    const order = heldOrder().see({ status: 'canceled' });
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
    order.fail(true).wait(5 * SECOND);
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
    order.release();
    expect(order.view).toMatchObject({ stage: 'closed', holds: [] });
  });

  it('is let go by a person, and made again by a person', () => {
    const order = heldOrder().feed({ kind: 'release' });
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
    order.release();
    expect(order.view.stage).toBe('released');
    order.feed({ kind: 'retry' });
    expect(order.step).toMatchObject({ kind: 'reserve', lockId: `${LOCK}-2` });
  });

  it('that has ended while nobody looked is made anew, and the old name let go', () => {
    const order = heldOrder().wait(HOUR);
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
    order.release();
    expect(order.step).toMatchObject({ kind: 'reserve', lockId: `${LOCK}-2` });
  });
});

describe('a paid order', () => {
  it('is placed, then its hold is let go, then it is approved', () => {
    const order = heldOrder().see({ status: 'unshipped' });
    expect(order.step).toEqual({
      kind: 'place',
      lines: [{ sku: 'SHIRT', sourceId: '11', units: 2 }],
      looksFirst: false,
    });
    order.answer({ kind: 'placed', answer: { kind: 'accepted' } });
    expect(order.view).toMatchObject({ stage: 'integrating', holds: [{ lockId: LOCK }] });
    order.result('SOI001');
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
    order.release();
    expect(order.step).toEqual({ kind: 'approve' });
    order.answer({ kind: 'approved', answer: { kind: 'accepted' } }).result('SOI002');
    expect(order.view).toMatchObject({ stage: 'integrated', reason: 'Order MKP-1 in the store, approved.', holds: [] });
    expect(order.state.wakeAt).toBeNull();
  });

  it('is placed without a hold when it is first seen paid', () => {
    const order = new Driver().see({ status: 'unshipped' }).resolve();
    expect(order.step).toMatchObject({ kind: 'place' });
  });

  it('takes a result that comes before the answer, twice, and after the end', () => {
    const order = heldOrder().see({ status: 'unshipped' }).result('SOI001');
    order.answer({ kind: 'placed', answer: { kind: 'accepted' } });
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
    order
      .result('SOI001')
      .release()
      .answer({ kind: 'approved', answer: { kind: 'accepted' } });
    order.result('SOI002').result('SOI002').result('EOI007').result('EOI005');
    expect([order.view.stage, order.commands]).toEqual(['integrated', []]);
  });

  it('is asked for when no result comes', () => {
    const order = acceptedOrder();
    order.wait(2 * MINUTE);
    expect(order.step).toEqual({ kind: 'check' });
    order.answer({ kind: 'found', order: { storeOrderId: 'MKP-1', state: 'created', parcels: [] } });
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
  });

  it('is placed again, after a look, when the store has nothing and tells nothing for an hour', () => {
    const order = heldOrder().see({ status: 'unshipped' });
    order.now += SECOND;
    order.answer({ kind: 'placed', answer: { kind: 'accepted' } });
    while (order.state.underWay?.kind !== 'place') {
      if (order.state.underWay?.kind === 'check') order.answer({ kind: 'found', order: null });
      else if (order.state.underWay?.kind === 'reserve') order.hold(10 * HOUR);
      else if (order.state.underWay) order.release();
      else order.wait(order.state.wakeAt! - order.now);
    }
    expect(order.kinds).toEqual(['notify no_result', 'place']);
    expect(order.step).toMatchObject({ looksFirst: true });
    expect(order.now - START).toBeGreaterThanOrEqual(HOUR);
  });

  it('is looked up before it is placed a second time', () => {
    const order = heldOrder()
      .see({ status: 'unshipped' })
      .fail(true)
      .wait(5 * SECOND);
    expect(order.step).toMatchObject({ kind: 'place', looksFirst: true });
    order.answer({ kind: 'found', order: { storeOrderId: 'MKP-1', state: 'approved', parcels: [] } }).release();
    expect(order.view.stage).toBe('integrated');
  });

  it('keeps its hold while the store refuses it, and people are told once', () => {
    const order = acceptedOrder().result('EOI003');
    expect(order.kinds).toEqual(['notify EOI003']);
    expect(order.view).toMatchObject({ stage: 'failing', holds: [{ lockId: LOCK }] });
    order
      .feed({ kind: 'retry' })
      .answer({ kind: 'placed', answer: { kind: 'accepted' } })
      .result('EOI003');
    expect([order.commands, order.view.stage]).toEqual([[], 'failing']);
    order.feed({ kind: 'retry' }).result('SOI001');
    order
      .answer({ kind: 'placed', answer: { kind: 'accepted' } })
      .release()
      .result('SOI002');
    expect(order.kinds).toContain('recovered EOI003');
  });

  it('has its hold let go first when that is the very stock that the store lacks', () => {
    const order = acceptedOrder().result('EOI002');
    expect([order.kinds, order.step]).toEqual([['release'], { kind: 'release', lockId: LOCK }]);
    order.release();
    expect(order.step).toMatchObject({ kind: 'place', looksFirst: true });
    order.answer({ kind: 'placed', answer: { kind: 'accepted' } }).result('EOI002');
    expect(order.kinds).toEqual(['stop-selling', 'notify no_stock', 'reserve']);
    expect(order.step).toMatchObject({ lockId: `${LOCK}-2` });
  });

  it('keeps its hold, and its units on sale, while nobody delivers to its address', () => {
    const order = heldOrder().see({ status: 'unshipped' });
    order.answer({ kind: 'placed', answer: { kind: 'refused', code: NO_DELIVERY, said: 'SKU 11' } });
    expect([order.kinds, order.view.stage]).toEqual([['notify no_delivery'], 'failing']);
    order.wait(5 * MINUTE);
    expect([order.step, order.view.holds]).toMatchObject([{ kind: 'place' }, [{ lockId: LOCK }]]);
    order.answer({ kind: 'placed', answer: { kind: 'refused', code: NO_DELIVERY, said: 'SKU 11' } });
    expect(order.commands).toEqual([]);
    order.wait(3 * MINUTE);
    expect(order.step).toMatchObject({ kind: 'reserve', thenRelease: LOCK });
  });

  it('is not placed when Amazon says otherwise at that moment', () => {
    const order = heldOrder().see({ status: 'unshipped' });
    const sighting = { amazonOrderId: ORDER_ID, from: 'order', updatedAt: new Date(START + 1).toISOString() } as const;
    order.answer({ kind: 'changed', sighting: { ...sighting, status: 'canceled', items: [] } });
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
    expect(order.release().view.stage).toBe('closed');
  });

  it('is told of at once when what fails does not pass by itself, and after half an hour when it may', () => {
    const refused = heldOrder().see({ status: 'unshipped' }).fail(false, 'auth.forbidden');
    expect(refused.kinds).toEqual(['notify placement_failed']);
    const order = heldOrder().see({ status: 'unshipped' });
    const told: number[] = [];
    while (told.length === 0 && order.now < START + 2 * HOUR) {
      if (order.state.underWay?.kind === 'place') order.fail(false);
      else if (order.state.underWay?.kind === 'reserve') order.hold(10 * HOUR);
      else if (order.state.underWay) order.release();
      else order.wait(order.state.wakeAt! - order.now);
      if (order.kinds.includes('notify placement_failed')) told.push(order.now - START);
    }
    expect(told[0]).toBeGreaterThanOrEqual(30 * MINUTE);
  });

  it('that was partly shipped before it was placed waits for a person', () => {
    const order = heldOrder().see({ status: 'partially_shipped', items: [line('SHIRT', 2, { shipped: 1 })] });
    expect(order.kinds).toEqual(['notify partly_shipped', 'reserve']);
    expect(order.view.stage).toBe('attention');
    order.hold().release().feed({ kind: 'retry' });
    expect(order.step).toMatchObject({ kind: 'place', lines: [{ sku: 'SHIRT', units: 1 }] });
  });

  it('is left to a person who lets it go, until the person wants it tried again', () => {
    const order = acceptedOrder()
      .result('EOI005')
      .feed({ kind: 'release' })
      .release()
      .wait(24 * HOUR);
    expect([
      order.view.stage,
      order.commands.filter((command) => 'step' in command && command.kind === 'place'),
    ]).toEqual(['released', []]);
    order.answer({ kind: 'found', order: null }).feed({ kind: 'retry' });
    expect(order.step).toMatchObject({ kind: 'place', looksFirst: true });
  });
});

describe('an order that is cancelled after it was placed', () => {
  it('is taken back in the store first, then its hold is let go', () => {
    const order = acceptedOrder().result('SOI001').see({ status: 'canceled' }).fail(true);
    expect(order.step).toEqual({ kind: 'cancel-order', storeOrderId: 'MKP-1' });
    order.answer({ kind: 'canceled', answer: { kind: 'canceled' } }).wait(5 * SECOND);
    expect(order.step).toEqual({ kind: 'release', lockId: LOCK });
    expect(order.release().view).toMatchObject({ stage: 'closed', holds: [] });
  });

  it('is taken back also when its creation is told after everything was over', () => {
    const order = acceptedOrder().see({ status: 'canceled' });
    order.answer({ kind: 'found', order: null }).release();
    expect(order.view.stage).toBe('undoing');
    order.wait(HOUR).answer({ kind: 'found', order: null });
    expect(order.view.stage).toBe('closed');
    order.result('SOI001');
    expect(order.step).toEqual({ kind: 'cancel-order', storeOrderId: 'MKP-1' });
  });

  it('is told of while the store cannot be asked whether it has it after all', () => {
    const order = acceptedOrder().see({ status: 'canceled' }).fail(false, 'auth.forbidden');
    expect(order.kinds).toEqual(['notify placement_failed', 'release']);
    order.release();
    expect(order.kinds).toEqual([]);
    order.wait(5 * SECOND).answer({ kind: 'found', order: null });
    expect(order.kinds).toEqual(['recovered placement_failed']);
  });

  it('is not told of for a refusal that comes after everything was let go', () => {
    const order = acceptedOrder().see({ status: 'canceled' });
    order.answer({ kind: 'found', order: null }).release().result('EOI005');
    expect([order.commands, order.view.stage]).toEqual([[], 'undoing']);
  });

  it('is left to a person when the store does not take it back', () => {
    const order = integratedOrder().see({ status: 'canceled' });
    order.answer({ kind: 'canceled', answer: { kind: 'refused', said: 'It is invoiced.' } });
    expect([order.kinds, order.view.stage]).toEqual([['notify cancel_refused'], 'attention']);
  });
});

describe('an integrated order', () => {
  it('is told of when Amazon changes its quantities', () => {
    const order = integratedOrder().see({ status: 'unshipped', items: [line('SHIRT', 2, { canceled: 1 })] });
    expect([order.kinds, order.view.stage]).toEqual([['notify changed_after_placing'], 'attention']);
  });

  it('ends with its shipment', () => {
    const order = integratedOrder().see({ status: 'shipped', items: [line('SHIRT', 2, { shipped: 2 })] });
    expect([order.commands, order.view.stage]).toEqual([[], 'integrated']);
  });
});

describe('what comes late, twice or out of order', () => {
  it('does not bring an order back to an earlier status', () => {
    const order = heldOrder().see({ status: 'canceled' }).release();
    order.wait(MINUTE).see({ from: 'notice', status: 'pending' }).see({ from: 'poll', status: 'unshipped' });
    expect([order.commands, order.view.stage]).toEqual([[], 'closed']);
  });

  it('answers a step once', () => {
    const order = new Driver().see({}).resolve();
    const { step } = order.state.underWay!;
    order.hold();
    const before = order.state;
    order.feed({ kind: 'outcome', step, outcome: { kind: 'failed', code: 'transient', said: '', sent: true } });
    expect([order.state, order.commands]).toEqual([before, []]);
  });

  it('takes a step again after a restart, looking first', () => {
    const order = new Driver().see({}).resolve().feed({ kind: 'restart' });
    expect(order.step).toMatchObject({ kind: 'reserve', lockId: LOCK, looksFirst: true });
  });

  it('refuses an outcome that is no answer to the step', () => {
    const order = new Driver().see({});
    expect(() => order.answer({ kind: 'looked', sighting: null })).toThrow(
      "The outcome 'looked' does not answer the step 'resolve' (step 1)."
    );
  });
});
