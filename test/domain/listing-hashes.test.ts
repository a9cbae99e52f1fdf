import fc from 'fast-check';
import type { WantedListing } from '../../domain/listing';
import { fingerprintOf, hashesOf } from '../../domain/listing-hashes';
import { judge } from '../../domain/listing-rules';
import type { CatalogItem } from '../../domain/catalog-item';
import { anItem, anyItem, someSettings } from './items';

function wantedOf(item: CatalogItem): WantedListing {
  const verdict = judge(item, someSettings());
  if (verdict.kind === 'block') throw new Error(verdict.reasons.join(' '));
  return verdict.wanted;
}

/** The same value with the keys of every object in reverse. */
function reversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reversed) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, each]) => [key, reversed(each)])
  ) as T;
}

const wanted: WantedListing = wantedOf(anItem());
const before = hashesOf(wanted);

test('each part has a SHA-256 in hex', () => {
  for (const hash of Object.values(before)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(Object.keys(before)).toEqual(['details', 'price', 'quantity']);
});

test('a part that is not sent has no hash', () => {
  expect(Object.keys(hashesOf({ ...wanted, price: undefined, quantity: undefined }))).toEqual(['details']);
});

test('a change of price changes the hash of the price alone', () => {
  const after = hashesOf(wantedOf(anItem({ price: { minorUnits: 5251, currency: 'USD' } })));

  expect(after).toEqual({ ...before, price: expect.not.stringMatching(before.price!) });
});

test('a change of stock changes the hash of the quantity alone', () => {
  const after = hashesOf(wantedOf(anItem({ stock: { kind: 'units', units: 9 } })));

  expect(after).toEqual({ ...before, quantity: expect.not.stringMatching(before.quantity!) });
});

test.each([
  ['a title', { ...wanted, details: { ...wanted.details, item_name: [{ value: 'Other' }] } }],
  ['the product type', { ...wanted, productType: 'SHIRT' }],
  ['the requirements', { ...wanted, requirements: 'LISTING_OFFER_ONLY' as const }],
  [
    'the order of a list',
    { ...wanted, details: { ...wanted.details, bullet_point: [...wanted.details.bullet_point!].reverse() } },
  ],
])('a change of %s changes the hash of the details alone', (_case, changed) => {
  expect(hashesOf(changed)).toEqual({ ...before, details: expect.not.stringMatching(before.details) });
});

describe('hashes are equal exactly when the content is', () => {
  const json = fc.jsonValue({ maxDepth: 3 });
  const attributes = fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom('__proto__', '1', '10')),
    fc.array(fc.dictionary(fc.string(), json), { maxLength: 2 })
  );
  const listing = fc.record({
    productType: fc.constantFrom('SHIRT', 'WATCH'),
    requirements: fc.constant('LISTING' as const),
    details: attributes as fc.Arbitrary<WantedListing['details']>,
  });

  test('whatever the order of keys', () => {
    fc.assert(
      fc.property(listing, (one) => {
        expect(hashesOf(reversed(one))).toEqual(hashesOf(one));
      })
    );
  });

  test('and differ when anything differs', () => {
    fc.assert(
      fc.property(listing, listing, (one, other) => {
        const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
        expect(hashesOf(one).details === hashesOf(other).details).toBe(same);
      })
    );
  });
});

/** Objects as sorted lists of entries: a canonical form made in another way. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return ['list', ...value.map(sorted)];
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, each]) => [key, sorted(each)]);
}

describe('the fingerprint of an item', () => {
  test('is the same for the same data in any order of keys', () => {
    fc.assert(
      fc.property(anyItem, (item) => {
        expect(fingerprintOf(reversed(item))).toBe(fingerprintOf(item));
      })
    );
  });

  test('does not tell absent from undefined', () => {
    const item = anItem();
    delete item.weightGrams;
    expect(fingerprintOf({ ...item, weightGrams: undefined })).toBe(fingerprintOf(item));
  });

  test.each(Object.keys(anItem()) as (keyof CatalogItem)[])('changes with %s', (key) => {
    expect(fingerprintOf({ ...anItem(), [key]: 'other' })).not.toBe(fingerprintOf(anItem()));
  });
});
