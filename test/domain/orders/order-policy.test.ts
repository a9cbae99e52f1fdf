import { parseConnector } from '../../../domain/connector-contract';
import type { ConnectorState } from '../../../domain/connector';
import { orderPolicyOf, watchesOrders } from '../../../domain/orders/order-policy';
import { vtexConnector } from '../../api/samples';

const AT = new Date('2026-03-02T08:00:00Z');

function connector(input: unknown, state: ConnectorState = 'active', activatedAt: Date | null | undefined = AT) {
  const parsed = parseConnector(input);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return { state, config: parsed.config, activatedAt };
}
const withZip = vtexConnector({ source: { affiliateId: 'MZN' }, orders: { defaultZipCode: '10001' } });

describe('what a connector wants done with orders', () => {
  it.each([
    ['a store with a ZIP code', connector(withZip), true],
    ['… that is paused', connector(withZip, 'paused'), true],
    ['… that is not active yet', connector(withZip, 'inactive', null), false],
    ['… that is being removed', connector(withZip, 'removing'), false],
    ['… from before orders were handled', { ...connector(withZip), activatedAt: undefined }, false],
    ['a store without one', connector(vtexConnector()), false],
  ])('%s', (_what, of, isWatched) => {
    expect(watchesOrders(of)).toBe(isWatched);
    expect(orderPolicyOf(of)).toMatchObject({ reserves: isWatched, integrates: isWatched });
  });

  it('is: hold and place, under the affiliate’s name, to the ZIP code in the country of the marketplace', () => {
    expect(orderPolicyOf(connector(withZip))).toEqual({
      affiliateId: 'MZN',
      reserves: true,
      integrates: true,
      destination: { postalCode: '10001', country: 'USA' },
      activatedAt: AT.getTime(),
      askedSeconds: 864_000,
      carriers: {},
    });
  });
});
