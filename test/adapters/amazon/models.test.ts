import { createAmazon } from '../../../adapters/amazon';
import { createInProcessLimiter } from '../../../adapters/limiter/in-process';
import { requireMarketplace } from '../../../domain/marketplaces';
import { describeWithAmazonModels, findOperation } from '../../sandbox/amazon-models';
import { answerJson, startOddServer, type OddServer, type Seen } from '../odd-server';
import { never } from '../sandbox-world';

/** Answers that are good enough for the adapters to go on. */
function answerOf({ method, url }: Seen): object {
  if (url === '/token') return { access_token: 'Atza|model', expires_in: 3600 };
  if (url.includes('/sellers/')) return { payload: [] };
  if (method !== 'GET') return { sku: 'S', status: 'ACCEPTED', submissionId: 'x' };
  return url.includes('/A1/') ? { sku: 'a,b' } : { numberOfResults: 0, items: [] };
}

describeWithAmazonModels("every request, held against Amazon's own models", () => {
  let server: OddServer;
  beforeAll(async () => {
    server = await startOddServer((request, response) => answerJson(response, 200, answerOf(request)));
  });
  afterAll(() => server.close());

  it('has the path, the query and the body that the model describes, and nothing it does not know', async () => {
    const account = {
      connectorId: 'con_1',
      clientId: 'app',
      sellerId: 'A1',
      marketplace: requireMarketplace('US'),
      issueLocale: 'en_US',
    };
    const { listings, accounts } = createAmazon({
      lwaUrl: `${server.url}/token`,
      spApiUrl: () => server.url,
      limiter: createInProcessLimiter(),
      credentials: () => Promise.resolve({ clientId: 'app', clientSecret: 's', refreshToken: 'Atzr|r' }),
      timeoutMs: 2_000,
    });
    const attributes = { item_name: [{ value: 'Tee', marketplace_id: account.marketplace.id }] };
    const patch = { op: 'merge' as const, path: '/attributes/item_name', value: attributes.item_name };
    await listings.put(account, 'a/b c', { productType: 'SHIRT', requirements: 'LISTING', attributes }, never);
    await listings.patch(account, 'a/b c', 'SHIRT', [patch], never);
    await listings.search(account, ['a b', 'a,b'], never);
    await accounts.participations(account, never);

    const problems = server.seen
      .filter(({ url }) => url !== '/token')
      .map(({ method, url, body }) => {
        const [path = '', query = ''] = url.split('?');
        const operation = findOperation(method, path);
        if (!operation) throw new Error(`no model knows ${method} ${path}`);
        const wrong = operation.model.validateRequest(operation.operationId, {
          path: operation.path,
          query: Object.fromEntries(new URLSearchParams(query)),
          body: body === '' ? undefined : JSON.parse(body),
        });
        return [operation.operationId, wrong];
      });
    expect(problems).toEqual([
      ['putListingsItem', []],
      ['patchListingsItem', []],
      ['searchListingsItems', []],
      ['getListingsItem', []],
      ['getMarketplaceParticipations', []],
    ]);
  });
});
