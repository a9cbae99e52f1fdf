import fc from 'fast-check';
import { fulfilledByOf, ORDER_STATUSES, orderStatusOf, type OrderSighting } from '../../../domain/orders/order';
import { missingFacts, NO_FACTS, withSighting } from '../../../domain/orders/order-facts';
import { line } from './driver';

const ID = '701-1234567-7654321';

function sighting(minute: number, more: Partial<OrderSighting> = {}): OrderSighting {
  return {
    amazonOrderId: ID,
    from: 'order',
    updatedAt: new Date(Date.UTC(2026, 2, 2, 8, minute)).toISOString(),
    ...more,
  };
}

describe('the words of both Orders APIs', () => {
  it.each([
    ['Canceled', 'canceled'],
    ['CANCELLED', 'canceled'],
    ['PENDING_AVAILABILITY', 'pending_availability'],
    ['PendingAvailability', 'pending_availability'],
    ['PARTIALLY_SHIPPED', 'partially_shipped'],
    ['InvoiceUnconfirmed', 'shipped'],
    ['Unfulfillable', 'unfulfillable'],
    ['Something', undefined],
  ])('reads %s as %s', (spelling, status) => {
    expect(orderStatusOf(spelling)).toBe(status);
  });

  it.each([
    ['MFN', 'merchant'],
    ['MERCHANT', 'merchant'],
    ['AFN', 'amazon'],
    ['Amazon', 'amazon'],
    ['', undefined],
  ])('reads %s as shipped by %s', (spelling, by) => {
    expect(fulfilledByOf(spelling)).toBe(by);
  });
});

describe('what is known of an order', () => {
  it('says what is missing before anything can be done', () => {
    expect(missingFacts(NO_FACTS)).toEqual(['its status', 'who ships it', 'when it was ordered', 'its lines']);
    expect(missingFacts({ ...NO_FACTS, status: 'canceled' })).toEqual([]);
  });

  it('takes quantities from the newest reading', () => {
    const first = withSighting(NO_FACTS, sighting(5, { items: [line('A', 3, { canceled: 1 })] }));
    const late = withSighting(first, sighting(1, { items: [line('A', 3)] }));
    expect(late.items).toEqual(first.items);
    expect(withSighting(late, sighting(6, { items: [line('A', 3, { canceled: 2 })] })).items![0]!.canceled).toBe(2);
  });

  it('believes a notice about lines only until Amazon was read', () => {
    const noticed = withSighting(NO_FACTS, sighting(9, { from: 'notice', items: [line('A', 2)] }));
    expect([noticed.items, noticed.isStale]).toEqual([[line('A', 2)], false]);
    const read = withSighting(noticed, sighting(3, { status: 'pending', items: [line('A', 3, { canceled: 2 })] }));
    expect([read.items, read.isStale]).toEqual([[line('A', 3, { canceled: 2 })], false]);
  });

  it.each([
    ['a newer notice of other quantities', sighting(9, { from: 'notice', items: [line('A', 1)] }), true],
    ['a newer notice that does not tell all lines', sighting(9, { from: 'notice' }), true],
    [
      'a newer notice of what is left after a cancellation',
      sighting(9, { from: 'notice', items: [line('A', 2)] }),
      false,
    ],
    ['an older notice of other quantities', sighting(1, { from: 'notice', items: [line('A', 7)] }), false],
    ['a newer page without status', sighting(9, { from: 'poll', items: [line('A', 3)] }), true],
    ['a newer page without lines', sighting(9, { from: 'poll', status: 'pending' }), true],
    ['the same page again, without status', sighting(5, { from: 'poll' }), false],
  ])('is to be read after %s: %#', (_, next, isStale) => {
    const known = withSighting(NO_FACTS, sighting(5, { status: 'pending', items: [line('A', 3, { canceled: 1 })] }));
    expect(withSighting(known, next).isStale).toBe(isStale);
  });

  it('is not taken as read by a copy that is older than what was heard', () => {
    const heard = withSighting(NO_FACTS, sighting(5, { from: 'poll', items: undefined }));
    const old = withSighting(heard, sighting(4, { status: 'pending', items: [line('A', 1)] }));
    expect(old.isStale).toBe(true);
    expect(withSighting(old, sighting(5, { status: 'pending', items: [line('A', 1)] })).isStale).toBe(false);
  });

  it('comes to the same status in whatever order the same sightings come', () => {
    const one = fc.record({
      minute: fc.integer({ min: 0, max: 50 }),
      status: fc.constantFrom(...ORDER_STATUSES.slice(0, 5)),
    });
    const statusOf = (seen: readonly { minute: number; status: (typeof ORDER_STATUSES)[number] }[]) =>
      seen.reduce((facts, { minute, status }) => withSighting(facts, sighting(minute, { status })), NO_FACTS).status;
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), fc.nat(), (seen, turn) => {
        const at = turn % seen.length;
        expect(statusOf([...seen.slice(at), ...seen.slice(0, at)].reverse())).toBe(statusOf(seen));
      })
    );
  });
});
