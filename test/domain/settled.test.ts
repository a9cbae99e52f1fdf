import { afterCollect, type LedgerEntry } from '../../domain/ledger';
import {
  LISTING_STATES,
  type BlockReason,
  type ListingHashes,
  type Verdict,
  type WantedListing,
} from '../../domain/listing';
import { laneFor } from '../../domain/listing-changes';
import { hashesOf } from '../../domain/listing-hashes';
import { basisOf, isAtRest, judgedByOf, productTypeIn } from '../../domain/settled';
import { aBlankEntry } from './entries';
import { anItem } from './items';

const wanted: WantedListing = {
  productType: 'SHIRT',
  requirements: 'LISTING',
  details: { item_name: [{ value: 'Shirt' }] },
  price: { purchasable_offer: [{ currency: 'USD', our_price: [{ schedule: [{ value_with_tax: 10 }] }] }] },
  quantity: { fulfillment_availability: [{ quantity: 5 }] },
};
const hashes = hashesOf(wanted);
const otherQuantity: ListingHashes = { ...hashes, quantity: 'other' };
const otherDetails: ListingHashes = { ...hashes, details: 'other' };
const TEN = { minorUnits: 1000, currency: 'USD' };

function blockedFor(reason: BlockReason, ifSent: 'leave' | 'stop-selling'): Verdict {
  const problem = { code: reason, message: 'It is held back.', severity: 'error', owner: 'merchant' } as const;
  return { kind: 'block', reason, problems: [problem], ifSent, reasons: ['It is held back.'] };
}

const verdicts: Verdict[] = [
  { kind: 'sell', wanted, quantity: 5, reasons: ['It sells.'] },
  ...(['kit', 'inactive', 'invalid', 'over_limit', 'duplicate_sku', 'parent'] as const).flatMap((reason) =>
    (['leave', 'stop-selling'] as const).map((ifSent) => blockedFor(reason, ifSent))
  ),
];

/** The entry as a run has left it that has judged it so. */
function judged(verdict: Verdict, change: Partial<LedgerEntry>): LedgerEntry {
  const isBlocked = verdict.kind === 'block';
  return {
    ...aBlankEntry(),
    fingerprint: 'f',
    wanted: isBlocked && !change.sentHashes ? null : wanted,
    wantedHashes: isBlocked && !change.sentHashes ? null : hashes,
    verdict: isBlocked
      ? { kind: 'block', reasons: verdict.reasons, blockReason: verdict.reason }
      : { kind: verdict.kind, reasons: verdict.reasons, problems: [], quantity: verdict.quantity, stock: 100 },
    ...(isBlocked && { reason: 'It is held back.', problems: verdict.problems }),
    ...change,
  };
}

function* combinations(): Generator<{ entry: LedgerEntry; verdict: Verdict }> {
  for (const verdict of verdicts)
    for (const state of LISTING_STATES)
      for (const lane of [null, 'details', 'offer'] as const)
        for (const sentHashes of [null, hashes, otherQuantity, otherDetails])
          for (const refusedHashes of [null, hashes, otherQuantity, otherDetails])
            for (const hasPlace of [true, false])
              for (const [heldBackPrice, approvedPrice] of [
                [null, null],
                [TEN, null],
                [null, TEN],
              ] as const)
                // prettier-ignore
                yield {
                  verdict,
                  entry: judged(verdict, { state, lane, sentHashes, refusedHashes, hasPlace, heldBackPrice, approvedPrice }), // prettier-ignore
                };
}

describe('an entry at rest', () => {
  it('is one that the same verdict leaves as it is, whatever has come of it', () => {
    const item = anItem({
      sku: 'A',
      sourceId: '1',
      productId: '1',
      title: 'Shirt',
      stock: { kind: 'units', units: 100 },
    });
    const seen = new Set<string>();
    for (const { entry, verdict } of combinations()) {
      if (!isAtRest(entry, false)) continue;
      seen.add(`${entry.verdict.blockReason ?? entry.verdict.kind} ${entry.state}`);
      const change = afterCollect(entry, item, verdict, verdict.kind !== 'block', {
        connectorId: 'con_1',
        syncId: 'syn_1',
        fingerprint: 'f',
        hashesOf,
        laneFor,
        now: new Date(),
      });
      expect({ ...entry, ...change }).toEqual(entry);
    }
    expect([...seen].sort()).toEqual([
      'inactive blocked',
      'invalid blocked',
      'kit blocked',
      'sell live',
      'sell not_visible',
      'sell paused',
      'sell rejected',
      'sell submitted',
    ]);
  });

  it('is none that an expression may say something else of the next time', () => {
    const blocked = (reason: BlockReason): LedgerEntry => judged(blockedFor(reason, 'leave'), { state: 'blocked' });
    expect([isAtRest(blocked('invalid'), false), isAtRest(blocked('invalid'), true)]).toEqual([true, false]);
    expect([isAtRest(blocked('kit'), false), isAtRest(blocked('kit'), true)]).toEqual([true, true]);
  });

  it('is none that is in a feed', () => {
    const live = judged(verdicts[0]!, { state: 'live', hasPlace: true, sentHashes: hashes });
    expect(isAtRest(live, false)).toBe(true);
    expect(isAtRest({ ...live, feed: { id: 'f', messageId: 1, operation: 'put' } }, false)).toBe(false);
  });
});

describe('what an entry was judged by', () => {
  const basis = { configVersion: 1, config: { listing: { skuLimit: 10 } }, mappings: ['SHIRT:1'] };
  const print = `80${'0'.repeat(62)}`;
  const now = new Date('2026-03-01T00:00:00Z');
  const of = (change: Partial<typeof basis> = {}, type = 'SHIRT', definition: string | undefined = 'sum-1'): string =>
    judgedByOf(basisOf({ ...basis, ...change }), type, definition, print, now);

  it('is the same of the same, and names the product type', () => {
    expect(of()).toBe(of());
    expect(productTypeIn(of())).toBe('SHIRT');
    expect(productTypeIn(of({}, '', undefined))).toBe('');
  });

  it.each([
    ['version of the configuration', of({ configVersion: 2 })],
    ['configuration', of({ config: { listing: { skuLimit: 11 } } })],
    ['version of a mapping', of({ mappings: ['SHIRT:2'] })],
    ['mapping that is there', of({ mappings: [] })],
    ['product type', of({}, 'PANTS')],
    ['definition', of({}, 'SHIRT', 'sum-2')],
  ])('is something else with another %s', (_what, other) => {
    expect(other).not.toBe(of());
  });

  it('is something else within a week, not for all SKUs at once', () => {
    const days = Array.from({ length: 15 }, (_, day) => new Date(now.getTime() + day * 86_400_000));
    const changesOf = (fingerprint: string): number[] => {
      const all = days.map((at) => judgedByOf('basis', 'SHIRT', 'sum', fingerprint, at));
      return all.flatMap((each, day) => (day > 0 && each !== all[day - 1] ? [day] : []));
    };
    const [one, other] = [changesOf('00'.repeat(32)), changesOf('80'.repeat(32))];
    expect([one.length, other.length]).toEqual([2, 2]);
    expect(one[1]! - one[0]!).toBe(7);
    expect(one).not.toEqual(other);
  });
});
