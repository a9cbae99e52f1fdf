import { afterAnswer, afterCollect, type LedgerEntry } from '../../domain/ledger';
import type { Verdict, WantedListing } from '../../domain/listing';
import { laneFor } from '../../domain/listing-changes';
import { hashesOf } from '../../domain/listing-hashes';
import type { ListingSnapshot } from '../../domain/ports/amazon';
import { afterReadBack, LOOK_AGAIN_SECONDS, MOST_RESENDS } from '../../domain/read-back';
import { aBlankEntry } from './entries';
import { anItem } from './items';

const now = new Date('2026-01-01T00:00:00Z');
const looks = [60, 300, 1800, 21_600, 86_400];
const tomorrow = new Date(now.getTime() + LOOK_AGAIN_SECONDS * 1000);
const context = { connectorId: 'con_1', syncId: 'syn_2', fingerprint: 'f', hashesOf, laneFor, now };

interface Offer {
  quantity?: number;
  price?: number | null;
}

function wanted({ quantity = 5, price = 20 }: Offer): WantedListing {
  return {
    productType: 'SHIRT',
    requirements: 'LISTING',
    details: { item_name: [{ value: 'Shirt' }] },
    ...(price !== null && {
      price: { purchasable_offer: [{ currency: 'USD', our_price: [{ schedule: [{ value_with_tax: price }] }] }] },
    }),
    quantity: { fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity }] },
  };
}

const collected = (entry: LedgerEntry, offer: Offer): LedgerEntry => {
  const quantity = offer.quantity ?? 5;
  const verdict: Verdict = { kind: 'sell', wanted: wanted(offer), quantity, reasons: ['Stock allows it.'] };
  return { ...entry, ...afterCollect(entry, anItem({ sku: 'A' }), verdict, true, context) };
};
const accepted = (entry: LedgerEntry): LedgerEntry => {
  const sent = { operation: 'patch', lane: entry.lane ?? 'details', payload: null } as const;
  return { ...entry, ...afterAnswer(entry, sent, { status: 'ACCEPTED', submissionId: 's', problems: [] }, looks, now) };
};
const submitted = (offer: Offer = {}): LedgerEntry => accepted(collected(aBlankEntry(), offer));
const looked = (entry: LedgerEntry, shows: Partial<ListingSnapshot> | null): LedgerEntry => {
  const shown = { sku: 'A', status: ['BUYABLE', 'DISCOVERABLE'], quantity: 5, price: '20.00', problems: [], ...shows };
  return { ...entry, ...afterReadBack(entry, shows ? shown : undefined, looks, now) };
};
const live = (offer: Offer = {}): LedgerEntry =>
  looked(submitted(offer), { quantity: offer.quantity ?? 5, price: String(offer.price ?? 20) });
const looksUntil = (state: string, entry: LedgerEntry, shows: Partial<ListingSnapshot>): [number, LedgerEntry] => {
  for (let look = 1; look <= looks.length; look++) {
    entry = looked(entry, shows);
    if (entry.state === state) return [look, entry];
  }
  throw new Error(`never ${state}: ${entry.state}`);
};

describe('reading back what was just accepted', () => {
  it('gives Amazon until the second look, and then sends what it shows otherwise again', () => {
    const first = looked(submitted(), { price: '19.00' });
    expect(first).toMatchObject({ state: 'submitted', checks: 1, nextCheckAt: new Date('2026-01-01T00:05:00Z') });
    const second = looked(first, { price: '19.00' });
    expect(second).toMatchObject({
      state: 'pending',
      lane: 'offer',
      reason: 'Amazon shows the price 19.00 instead of 20; it is sent again.',
    });
    expect(second.sentHashes).toEqual({ details: first.sentHashes!.details, quantity: first.sentHashes!.quantity });
  });

  it('names both when price and quantity differ, and sends both', () => {
    const [, again] = looksUntil('pending', submitted(), { price: '19.00', quantity: 7 });
    expect(again.reason).toBe(
      'Amazon shows the quantity 7 instead of 5 and the price 19.00 instead of 20; it is sent again.'
    );
    expect(Object.keys(again.sentHashes!)).toEqual(['details']);
  });

  it('waits a look longer each time, sends three times more, and then says so and lets it be', () => {
    let entry = submitted();
    for (let times = 1; times <= MOST_RESENDS; times++) {
      const [look, again] = looksUntil('pending', entry, { price: '19.00' });
      expect([look, again.drift!.resends]).toEqual([times + 1, times]);
      entry = accepted(again);
    }
    const [look, settled] = looksUntil('live', entry, { price: '19.00' });
    expect(look).toBe(looks.length);
    const message = 'Amazon shows the price 19.00 instead of 20, although it was sent 3 times more.';
    expect(settled).toMatchObject({
      lane: null,
      reason: message,
      problems: [{ code: 'drift', message, severity: 'warning', owner: 'amazon' }],
      nextCheckAt: tomorrow,
    });
    expect(collected(settled, {})).toMatchObject({ state: 'live', lane: null, problems: [{ code: 'drift' }] });
    expect(looked(settled, { price: '19.00' })).toMatchObject({ state: 'live', problems: [{ code: 'drift' }] });
    expect(looked(settled, {})).toMatchObject({ state: 'live', problems: [], drift: null });
  });

  it('counts anew when another price or quantity is wanted', () => {
    const [, again] = looksUntil('pending', submitted(), { price: '19.00' });
    const changed = accepted(collected(accepted(again), { price: 21 }));
    expect(looksUntil('pending', changed, { price: '19.00' })).toMatchObject([2, { drift: { resends: 1 } }]);
  });

  it('keeps the reason when the next run reads the source before it is sent again', () => {
    const [, again] = looksUntil('pending', submitted(), { price: '19.00' });
    expect(collected(again, {})).toMatchObject({ state: 'pending', lane: 'offer', reason: again.reason });
    expect(collected(again, { price: 22 }).reason).toBe('It has changed since it was sent.');
  });

  it('says where to look when Amazon never shows it, and looks again once a day', () => {
    let entry = submitted();
    for (const _ of looks) entry = looked(entry, null);
    expect(entry).toMatchObject({ state: 'not_visible', problems: [{ code: 'not_visible' }], nextCheckAt: tomorrow });
    expect(entry.reason).toContain('Seller Central under Inventory');
    expect(looked(entry, null)).toMatchObject({ state: 'not_visible', nextCheckAt: tomorrow });
    expect(looked(entry, {})).toMatchObject({ state: 'live', problems: [] });
    expect(looked(entry, { price: '19.00' })).toMatchObject({ state: 'pending', lane: 'offer' });
  });
});

describe('looking again at what is live', () => {
  it('is done a day after it was seen', () => {
    expect(live()).toMatchObject({ state: 'live', nextCheckAt: tomorrow });
    expect(looked(live(), {})).toMatchObject({ state: 'live', nextCheckAt: tomorrow, drift: null });
  });

  it('sends a price or a higher quantity that somebody set at Amazon again at once', () => {
    expect(looked(live(), { price: '1.00' })).toMatchObject({ state: 'pending', lane: 'offer' });
    expect(looked(live(), { quantity: 6 })).toMatchObject({
      state: 'pending',
      reason: 'Amazon shows the quantity 6 instead of 5; it is sent again.',
    });
  });

  it('never takes a price that is left to Amazon for drift (V11)', () => {
    const unpriced = live({ price: null });
    expect(looked(unpriced, { price: '1.00' })).toMatchObject({ state: 'live', lane: null });
  });

  it('takes a SKU that is gone for submitted, and one that was refused since for rejected', () => {
    expect(looked(live(), null)).toMatchObject({
      state: 'submitted',
      checks: 0,
      reason: 'Amazon accepted it, but does not show it. It was there before, and is looked for again.',
    });
    const problems = [{ code: 'amazon.1', message: 'Restricted.', severity: 'error', owner: 'merchant' } as const];
    expect(looked(live(), { problems })).toMatchObject({ state: 'rejected', reason: 'Restricted.' });
  });
});

describe('a quantity that is lower than the one accepted', () => {
  it.each([
    ['falls after it was seen: it is being sold', live(), [3], 'live'],
    ['falls to 0, so that it cannot be bought: it is sold out', live(), [0], 'live'],
    ['falls again: it is still being sold', live(), [3, 2], 'live'],
    ['stays from one look to the next: the source has had its time', live(), [3, 3], 'pending'],
    ['falls between acceptance and the first look', accepted(collected(live({ quantity: 9 }), {})), [3], 'live'],
    [
      'is the one from before: Amazon has not taken the new one',
      accepted(collected(live({ quantity: 3 }), {})),
      [3, 3],
      'pending',
    ],
    ['is seen first on a new SKU, and stays', submitted(), [3, 3], 'pending'],
    ['is seen first on a new SKU, and then another', submitted(), [3, 2], 'live'],
  ])('%s', (_, entry, quantities, state) => {
    let after: LedgerEntry = entry;
    for (const quantity of quantities)
      after = looked(after, { quantity, status: quantity > 0 ? ['BUYABLE', 'DISCOVERABLE'] : ['DISCOVERABLE'] });
    expect(after.state).toBe(state);
  });
});

describe('what is held back', () => {
  const inactive: Verdict = {
    kind: 'block',
    reason: 'inactive',
    problems: [{ code: 'inactive', message: 'It is inactive.', severity: 'error', owner: 'merchant' }],
    ifSent: 'stop-selling',
    reasons: ['It is inactive.'],
  };
  const stopped = (): LedgerEntry => {
    const entry = live();
    return accepted({ ...entry, ...afterCollect(entry, anItem({ sku: 'A' }), inactive, false, context) });
  };

  it('is stopped again when Amazon goes on selling it, and keeps the words that hold it back', () => {
    let entry = stopped();
    for (let times = 1; times <= MOST_RESENDS; times++) {
      const [, again] = looksUntil('pending', entry, {});
      expect(again).toMatchObject({ lane: 'offer', reason: 'It is inactive.' });
      entry = accepted(again);
    }
    const [, settled] = looksUntil('blocked', entry, {});
    expect(settled).toMatchObject({ reason: 'It is inactive.', nextCheckAt: null });
    expect(settled.problems.map(({ code }) => code)).toEqual(['inactive', 'drift']);
  });

  it('is not asked for a price', () => {
    expect(looked(stopped(), { quantity: 0, price: '1.00' })).toMatchObject({ state: 'blocked' });
  });
});
