import {
  afterAnswer,
  afterCollect,
  afterFailure,
  afterOvertakenAnswer,
  afterRemoval,
  isQuantityStale,
  passageOf,
  type LedgerEntry,
} from '../../domain/ledger';
import type { Verdict, WantedListing } from '../../domain/listing';
import { laneFor } from '../../domain/listing-changes';
import { hashesOf } from '../../domain/listing-hashes';
import { overLimit } from '../../domain/listing-rules';
import { afterReadBack } from '../../domain/read-back';
import type { SubmissionAnswer } from '../../domain/ports/amazon';
import { aBlankEntry } from './entries';
import { anItem } from './items';

const now = new Date('2026-01-01T00:00:00Z');
const checks = [60, 300];
const context = { connectorId: 'con_1', syncId: 'syn_2', fingerprint: 'f', hashesOf, laneFor, now };

function wanted(name: string, quantity: number, price = 20): WantedListing {
  return {
    productType: 'SHIRT',
    requirements: 'LISTING',
    details: { item_name: [{ value: name }] },
    price: { purchasable_offer: [{ our_price: [{ schedule: [{ value_with_tax: price }] }] }] },
    quantity: { fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity }] },
  };
}

function sell(listing: WantedListing, quantity: number): Verdict {
  return quantity > 0
    ? { kind: 'sell', wanted: listing, quantity, reasons: ['Stock allows it.'] }
    : { kind: 'pause', wanted: listing, quantity: 0, reasons: ['Stock is 0.'] };
}

const inactive: Verdict = {
  kind: 'block',
  reason: 'inactive',
  problems: [{ code: 'inactive', message: 'It is inactive.', severity: 'error', owner: 'merchant' }],
  ifSent: 'stop-selling',
  reasons: ['It is inactive.'],
};
const kit: Verdict = { ...inactive, reason: 'kit', ifSent: 'leave' };

const collected = (entry: LedgerEntry, verdict: Verdict): LedgerEntry => ({
  ...entry,
  ...afterCollect(entry, anItem({ sku: 'A' }), verdict, verdict.kind !== 'block', context),
});
const answered = (entry: LedgerEntry, status: SubmissionAnswer['status']): LedgerEntry => {
  const problems =
    status === 'INVALID'
      ? [{ code: 'amazon.1', message: 'No.', severity: 'error' as const, owner: 'merchant' as const }]
      : [];
  const operation = entry.lane === 'offer' ? 'patch' : 'put';
  const sent = { operation, lane: entry.lane ?? 'details', payload: null } as const;
  return { ...entry, ...afterAnswer(entry, sent, { status, submissionId: 's', problems }, checks, now) };
};
const seen = (
  entry: LedgerEntry,
  quantity: number,
  status = ['BUYABLE', 'DISCOVERABLE'],
  errors: string[] = []
): LedgerEntry => ({
  ...entry,
  ...afterReadBack(
    entry,
    {
      sku: 'A',
      status,
      quantity,
      price: '20.00',
      problems: errors.map((message) => ({ code: 'amazon.2', message, severity: 'error', owner: 'merchant' })),
    },
    checks,
    now
  ),
});
const live = (quantity: number): LedgerEntry =>
  seen(answered(collected(aBlankEntry(), sell(wanted('Shirt', quantity), quantity)), 'ACCEPTED'), quantity);

describe('the ledger never keeps a quantity from Amazon', () => {
  it('goes from new to live', () => {
    const entry = collected(aBlankEntry(), sell(wanted('Shirt', 5), 5));
    expect(entry).toMatchObject({ state: 'pending', lane: 'details' });
    expect(answered(entry, 'ACCEPTED')).toMatchObject({ state: 'submitted', sentProductType: 'SHIRT' });
    expect(live(5)).toMatchObject({ state: 'live', lane: null });
  });

  it('knows that the quantity is stale when content and quantity changed together and the content was refused', () => {
    const changed = collected(live(5), sell(wanted('Bad name', 0), 0));
    expect(changed.lane).toBe('details');
    const refused = answered(changed, 'INVALID');
    expect(refused).toMatchObject({ state: 'rejected', reason: 'No.' });
    expect(isQuantityStale(refused)).toBe(true);
  });

  it('sends a later quantity alone while the content stays refused, and stays rejected with the same reason', () => {
    const refused = answered(collected(live(5), sell(wanted('Bad name', 5), 5)), 'INVALID');
    expect(isQuantityStale(refused)).toBe(false);
    const soldOut = collected(refused, sell(wanted('Bad name', 0), 0));
    expect(soldOut).toMatchObject({ state: 'pending', lane: 'offer', reason: 'No.' });
    const sent = answered(soldOut, 'ACCEPTED');
    expect(sent).toMatchObject({ state: 'submitted', reason: 'No.' });
    expect(seen(sent, 0, ['DISCOVERABLE'])).toMatchObject({ state: 'rejected', reason: 'No.', lane: null });
    expect(collected(seen(sent, 0), sell(wanted('Bad name', 0), 0))).toMatchObject({ state: 'rejected', lane: null });
  });

  it('sends refused content again when it, or its price, has changed', () => {
    const refused = answered(collected(live(5), sell(wanted('Bad name', 5), 5)), 'INVALID');
    expect(collected(refused, sell(wanted('Good name', 5), 5)).lane).toBe('details');
    expect(collected(refused, sell(wanted('Bad name', 5, 25), 5)).lane).toBe('details');
  });

  it('does not send what was never accepted again because its stock has changed', () => {
    const refused = answered(collected(aBlankEntry(), sell(wanted('Bad name', 5), 5)), 'INVALID');
    expect(collected(refused, sell(wanted('Bad name', 4), 4))).toMatchObject({ state: 'rejected', lane: null });
  });

  it('knows the quantity that a late refusal left at Amazon', () => {
    const submitted = answered(collected(live(5), sell(wanted('Bad name', 0), 0)), 'ACCEPTED');
    const late = seen(submitted, 5, ['BUYABLE'], ['Restricted.']);
    expect(late).toMatchObject({ state: 'rejected', reason: 'Restricted.' });
    expect(isQuantityStale(late)).toBe(true);
    expect(isQuantityStale(seen(submitted, 0, ['DISCOVERABLE'], ['Restricted.']))).toBe(false);
  });

  it('keeps a stop that was not sent yet, whatever else holds the SKU back meanwhile', () => {
    const stopping = collected(live(5), inactive);
    expect(stopping).toMatchObject({ state: 'pending', lane: 'offer' });
    for (const verdict of [overLimit(1), kit])
      expect(collected(stopping, verdict)).toMatchObject({ state: 'pending', lane: 'offer' });
  });

  it('sends the stock of a SKU whose data waits to be mended, and nothing else of it', () => {
    const invalid: Verdict = { ...kit, reason: 'invalid', quantityIfSent: 2 };
    const held = collected(live(5), invalid);
    expect(held).toMatchObject({ state: 'pending', lane: 'offer' });
    const sent = answered(held, 'ACCEPTED');
    expect(seen(sent, 2)).toMatchObject({ state: 'blocked', reason: 'It is inactive.', lane: null });
    expect(collected(seen(sent, 2), invalid)).toMatchObject({ state: 'blocked', lane: null });
    expect(collected(aBlankEntry(), invalid)).toMatchObject({ state: 'blocked', lane: null });
  });

  it('leaves a sent kit alone', () => {
    expect(collected(live(5), kit)).toMatchObject({ state: 'blocked', lane: null });
  });

  it('stops a SKU whose first submission was not answered, since it may have been carried out', () => {
    const entry = collected(aBlankEntry(), sell(wanted('Shirt', 5), 5));
    const failed = { ...entry, ...afterFailure(entry, 'put', { code: 'transient', message: 'reset' }, 30, now) };
    expect(collected(failed, inactive)).toMatchObject({ state: 'pending', lane: 'offer' });
    expect(afterRemoval(failed, context)).toMatchObject({ state: 'pending', lane: 'offer' });
  });

  it('ends the sale of a SKU that Amazon turns out not to have', () => {
    const entry = collected(aBlankEntry(), sell(wanted('Shirt', 5), 5));
    const stopping = collected({ ...entry, state: 'retrying' }, inactive);
    const refused = answered(stopping, 'INVALID');
    expect(refused.state).toBe('submitted');
    expect({ ...refused, ...afterReadBack(refused, undefined, checks, now) }).toMatchObject({
      state: 'blocked',
      reason: 'It is inactive.',
    });
  });

  it('keeps the words of the rule that holds a SKU back, whatever Amazon says of the listing', () => {
    const stopped = answered(collected(live(5), inactive), 'ACCEPTED');
    expect(seen(stopped, 0, ['DISCOVERABLE'], ['An old error.'])).toMatchObject({
      state: 'blocked',
      reason: 'It is inactive.',
    });
  });
});

describe('a try of which nobody knows whether Amazon carried it out', () => {
  const live = {
    ...answered(collected(aBlankEntry(), sell(wanted('Shirt', 0), 0)), 'ACCEPTED'),
    state: 'paused' as const,
  };
  const failed = (entry: LedgerEntry): LedgerEntry => ({
    ...entry,
    ...afterFailure(entry, 'patch', { code: 'transient', message: '504' }, 30, now),
  });
  const restocked = collected(live, sell(wanted('Shirt', 5), 5));

  it('is made good when what is wanted is back to what was accepted before', () => {
    expect(restocked).toMatchObject({ state: 'pending', lane: 'offer' });
    const soldOut = collected(failed(restocked), sell(wanted('Shirt', 0), 0));
    expect(soldOut).toMatchObject({ state: 'pending', lane: 'offer', sentHashes: live.sentHashes });
    expect(soldOut.wantedHashes?.quantity).toBe(live.sentHashes?.quantity);
    const details = failed({ ...restocked, lane: 'details' });
    expect(collected(details, sell(wanted('Shirt', 0), 0))).toMatchObject({ state: 'pending', lane: 'details' });
  });

  it('is looked for at once when it was in line and nothing is known to be left of it', () => {
    const later = { ...restocked, nextCheckAt: new Date('2026-02-01T00:00:00Z') };
    expect(collected(later, sell(wanted('Shirt', 0), 0))).toMatchObject({
      state: 'submitted',
      lane: null,
      nextCheckAt: now,
    });
  });

  it('ends in a stop that stays in line, however often the SKU is judged before it is sent', () => {
    const first = collected(failed(collected(aBlankEntry(), sell(wanted('Shirt', 5), 5))), inactive);
    expect(first).toMatchObject({ state: 'pending', lane: 'offer', sentHashes: null });
    const again = collected(first, inactive);
    expect(again).toMatchObject({ state: 'pending', lane: 'offer' });
    const gone = { ...again, ...afterRemoval(again, context) };
    expect(gone).toMatchObject({ state: 'pending', lane: 'offer', verdict: { kind: 'remove' } });
  });

  it('is no retry any more once another step has sent the newer value', () => {
    const entry = failed(restocked);
    const change = afterOvertakenAnswer(entry, answered(restocked, 'ACCEPTED'), checks, now);
    expect(change).toMatchObject({ state: 'submitted', lane: null });
  });
});

describe('an answer to what was sent before the entry changed', () => {
  const sent = collected(aBlankEntry(), sell(wanted('Shirt', 5), 5));
  const overtaken = (by: LedgerEntry, status: SubmissionAnswer['status'] = 'ACCEPTED'): LedgerEntry => ({
    ...by,
    ...afterOvertakenAnswer(by, answered(sent, status), checks, now),
  });

  it('leaves the newer quantity in line, by itself', () => {
    const soldOut = collected(sent, sell(wanted('Shirt', 0), 0));
    expect(soldOut).toMatchObject({ state: 'pending', lane: 'details', sentHashes: null });
    const entry = overtaken(soldOut);
    expect(entry).toMatchObject({ state: 'pending', lane: 'offer', sentHashes: sent.wantedHashes });
    expect(entry.lastAnswer).toMatchObject({ status: 'ACCEPTED' });
    expect(isQuantityStale(entry)).toBe(true);
  });

  it('leaves newer content in line', () => {
    expect(overtaken(collected(sent, sell(wanted('Other shirt', 5), 5)))).toMatchObject({
      state: 'pending',
      lane: 'details',
      sentHashes: sent.wantedHashes,
    });
  });

  it('ends the wait of what is wanted as it was sent', () => {
    const back = collected(collected(sent, sell(wanted('Shirt', 9), 9)), sell(wanted('Shirt', 5), 5));
    expect(overtaken(back)).toMatchObject({ state: 'submitted', lane: null, nextCheckAt: expect.any(Date) as Date });
  });

  it('sends nothing but the end of its sale for what a rule holds back by now', () => {
    const blocked = collected(sent, inactive);
    expect(overtaken(blocked)).toMatchObject({ state: 'pending', lane: 'offer', verdict: { kind: 'block' } });
  });

  it('that was a refusal counts for the content that was refused', () => {
    const soldOut = collected(sent, sell(wanted('Shirt', 0), 0));
    const entry = overtaken(soldOut, 'INVALID');
    // Amazon has nothing of it, and nothing but the quantity has changed since.
    expect(entry).toMatchObject({ lane: null, refusedHashes: sent.wantedHashes, sentHashes: null });
    expect(overtaken(collected(sent, sell(wanted('Mended', 5), 5)), 'INVALID')).toMatchObject({ lane: 'details' });
  });

  it('finds what was in a feed, however often the entry has changed since', () => {
    const inFeed: LedgerEntry = { ...sent, feed: { id: 'fee_1', messageId: 1, operation: 'put' } };
    const change = (entry: LedgerEntry, quantity: number): LedgerEntry => {
      const next = collected(entry, sell(wanted('Shirt', quantity), quantity));
      return { ...next, feed: passageOf(entry, next) };
    };
    const later = change(change(inFeed, 4), 3);
    expect(later.feed?.asSent).toMatchObject({ wanted: sent.wanted, wantedHashes: sent.wantedHashes });
    expect(passageOf(inFeed, { lastRun: 'syn_3' })).toBe(inFeed.feed);
  });
});
