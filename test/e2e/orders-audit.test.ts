import type { ArrivedMail } from '../mail-server';
import { disagreements, doubledHolds, wrongMail, type AmazonOrderBook, type OrderBooks } from './orders-audit';
import type { PlayedOrder } from './orders-player';

const ID = '111-1111111-1111111';
const played = [{ orderId: ID, life: { press: null } } as PlayedOrder];
const sku = { start: 10, sold: 0, held: 0, available: 10 };

function books(
  amazon: Partial<AmazonOrderBook>,
  store: Partial<OrderBooks['store']> = {},
  kept: OrderBooks['kept'] = new Map()
): OrderBooks {
  return {
    amazon: { [ID]: { status: 'PENDING', fulfilledBy: 'MERCHANT', open: { 'SKU-0001': 2 }, ...amazon } },
    store: { skus: { '1': sku }, reservations: {}, orders: {}, ...store },
    kept,
  };
}
const hold = (units: number, status = 1) => ({ status, until: '', units: { '1': units } });
const one = { [`MZN-${ID}`]: hold(2) };
const inStore = (state: string) => ({ [`MZN-${ID}`]: { state, units: { '1': 2 } } });

describe('the audit of orders', () => {
  it.each<[string, OrderBooks]>([
    ['pending and held', books({}, { reservations: one })],
    [
      'pending and held by the last of several',
      books({}, { reservations: { ...one, [`MZN-${ID}`]: hold(2, 5), [`MZN-${ID}-2`]: hold(2) } }),
    ],
    ['paid and in the store', books({ status: 'UNSHIPPED' }, { orders: inStore('ready-for-handling') })],
    ['cancelled and taken back', books({ status: 'CANCELLED', open: {} }, { orders: inStore('canceled') })],
    ['of a SKU that nobody knows, and paid', books({ status: 'UNSHIPPED', open: { 'SKU-STRANGE': 1 } })],
  ])('finds nothing in an order that is %s', (_, all) => {
    expect(disagreements(played, all)).toEqual([]);
  });

  it.each<[string, OrderBooks, string]>([
    ['not held', books({}), 'pending, and not held'],
    ['held twice', books({}, { reservations: { ...one, [`MZN-${ID}-2`]: hold(2) } }), 'held 2 times'],
    ['held with other units', books({}, { reservations: { [`MZN-${ID}`]: hold(1) } }), 'in place of {"1":2}'],
    [
      'held after its end',
      books({ status: 'CANCELLED', open: {} }, { reservations: one }),
      'held although it is CANCELLED',
    ],
    [
      'held beside the store’s own',
      books({ status: 'UNSHIPPED' }, { reservations: one, orders: inStore('ready-for-handling') }),
      'held although the store has it',
    ],
    [
      'held although Amazon ships it',
      books({ fulfilledBy: 'AMAZON' }, { reservations: one }),
      'held although Amazon ships it',
    ],
    ['paid and lost', books({ status: 'UNSHIPPED' }), 'paid, and not in the store'],
    [
      'paid and not approved',
      books({ status: 'UNSHIPPED' }, { orders: inStore('payment-pending') }),
      'payment-pending in the store',
    ],
    [
      'cancelled and still sold',
      books({ status: 'CANCELLED', open: {} }, { orders: inStore('ready-for-handling') }),
      'in the store, and CANCELLED',
    ],
    [
      'nobody’s',
      books({}, { reservations: { ...one, 'MZN-222-2222222-2222222': hold(1) } }),
      'no order of that number',
    ],
  ])('finds an order that is %s', (_, all, sentence) => {
    expect(disagreements(played, all).join()).toContain(sentence);
  });

  it.each([
    [{ ...sku, available: 9 }, '9 of 1 are left of 10 − 0 − 0'],
    [{ ...sku, sold: 11, available: -1 }, '1 units of 1 are sold twice'],
  ])('finds stock that does not add up', (stock, sentence) => {
    expect(disagreements([], books({}, { skus: { '1': stock } }))).toEqual([sentence]);
  });

  it('counts holds beyond the first', () => {
    expect(
      doubledHolds(books({}, { reservations: { ...one, [`MZN-${ID}-2`]: hold(2), [`MZN-${ID}-3`]: hold(2, 4) } }))
    ).toBe(1);
  });

  it('wants one mail for each problem, and no more of them again than workers were ended', () => {
    const told = { kind: 'notify' as const, problem: 'no_stock', state: 'sent' as const };
    const kept = new Map([[ID, { messages: [told] }]]) as unknown as OrderBooks['kept'];
    const mail = (id: string, problem = 'no_stock') =>
      ({ headers: { subject: `[Longshore] Order ${ID}: ${problem}`, 'message-id': id } }) as unknown as ArrivedMail;
    expect(wrongMail(kept, [])).toHaveLength(1);
    expect(wrongMail(kept, [mail('a')])).toEqual([]);
    expect(wrongMail(kept, [mail('a'), mail('a')])).toEqual([`2 mails: Order ${ID}: no_stock`]);
    expect(wrongMail(kept, [mail('a'), mail('a')], 1)).toEqual([]);
    expect(wrongMail(kept, [mail('a'), mail('a'), mail('a')], 1)).toEqual([`3 mails: Order ${ID}: no_stock`]);
    expect(wrongMail(kept, [mail('a'), mail('b')], 1)).toEqual([`2 mails: Order ${ID}: no_stock`]);
    expect(wrongMail(kept, [mail('a'), mail('c', 'EOI005')])).toHaveLength(1);
  });
});
