import fc from 'fast-check';
import { detailsPatches, laneFor, offerPatches, putAttributes } from '../../domain/listing-changes';
import type { WantedListing } from '../../domain/listing';
import { hashesOf } from '../../domain/listing-hashes';

const wanted: WantedListing = {
  productType: 'SHIRT',
  requirements: 'LISTING',
  details: { item_name: [{ value: 'Tee' }], brand: [{ value: 'Luma' }] },
  price: { purchasable_offer: [{ currency: 'USD' }] },
  quantity: { fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 4 }] },
};
const hashes = hashesOf(wanted);
const price = { op: 'merge', path: '/attributes/purchasable_offer', value: [{ currency: 'USD' }] };
const quantity = {
  op: 'merge',
  path: '/attributes/fulfillment_availability',
  value: [{ fulfillment_channel_code: 'DEFAULT', quantity: 4 }],
};

describe('the lane of a SKU (B5)', () => {
  const all = { details: 'd', price: 'p', quantity: 'q' };
  test.each([
    ['never sent', all, null, 'details'],
    ['only its quantity was ever sent', all, { quantity: 'q' }, 'details'],
    ['details differ', all, { ...all, details: 'x' }, 'details'],
    ['everything differs', all, { details: 'x', price: 'x', quantity: 'x' }, 'details'],
    ['price differs', all, { ...all, price: 'x' }, 'offer'],
    ['quantity differs', all, { ...all, quantity: 'x' }, 'offer'],
    ['a price is wanted for the first time', all, { details: 'd', quantity: 'q' }, 'offer'],
    ['the same', all, all, null],
    ['a price is no longer wanted (V11)', { details: 'd', quantity: 'q' }, all, null],
    ['neither price nor quantity is wanted', { details: 'd' }, all, null],
  ] as const)('%s', (_case, now, sent, lane) => {
    expect(laneFor(now, sent)).toBe(lane);
  });
});

test('a PUT holds all three parts', () => {
  expect(Object.keys(putAttributes(wanted))).toEqual([
    'item_name',
    'brand',
    'purchasable_offer',
    'fulfillment_availability',
  ]);
  expect(Object.keys(putAttributes({ ...wanted, price: undefined, quantity: undefined }))).toEqual([
    'item_name',
    'brand',
  ]);
});

describe('patches of the offer', () => {
  test.each([
    ['nothing was sent: both, the quantity first (B6)', null, [quantity, price]],
    ['only the price changed', { ...hashes, price: 'x' }, [price]],
    ['only the quantity changed', { ...hashes, quantity: 'x' }, [quantity]],
    ['nothing changed', hashes, []],
  ])('%s', (_case, sent, patches) => {
    expect(offerPatches(wanted, hashes, sent)).toEqual(patches);
  });

  test('never hold a price that is not wanted (V11)', () => {
    const unpriced = { ...wanted, price: undefined };
    expect(offerPatches(unpriced, hashesOf(unpriced), null)).toEqual([quantity]);
  });

  test('are there exactly when the offer lane is', () => {
    const hash = fc.constantFrom('a', 'b');
    const parts = fc.record({ details: fc.constant('d'), price: hash, quantity: hash }, { requiredKeys: ['details'] });
    fc.assert(
      fc.property(parts, parts, (now, sent) => {
        const patches = offerPatches(wanted, now, sent);
        expect(patches.length > 0).toBe(laneFor(now, sent) === 'offer');
      })
    );
  });
});

test('details as patches replace each attribute, and touch neither price nor quantity', () => {
  expect(detailsPatches(wanted, null)).toEqual([
    { op: 'replace', path: '/attributes/item_name', value: [{ value: 'Tee' }] },
    { op: 'replace', path: '/attributes/brand', value: [{ value: 'Luma' }] },
  ]);
});

test('a child that stands alone from now on is taken out of its family, and one that stays is not', () => {
  const details = { item_name: [{ value: 'Tee', marketplace_id: 'M' }] };
  expect(detailsPatches({ ...wanted, details }, 'P').slice(1)).toEqual([
    { op: 'delete', path: '/attributes/child_parent_sku_relationship', value: [{ marketplace_id: 'M' }] },
    { op: 'delete', path: '/attributes/parentage_level', value: [{ marketplace_id: 'M' }] },
  ]);
  const child = { ...wanted, details: { ...details, parentage_level: [{ value: 'child' }] } };
  expect(detailsPatches(child, 'P').map(({ op }) => op)).toEqual(['replace', 'replace']);
});
