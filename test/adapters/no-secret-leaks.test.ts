import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { OutsideError } from '../../domain/errors';
import { createAmazon } from '../../adapters/amazon';
import { createInProcessLimiter } from '../../adapters/limiter/in-process';
import { createVtexStore } from '../../adapters/vtex';
import { requireMarketplace } from '../../domain/marketplaces';
import { answerJson, startOddServer, type OddServer, type Seen } from './odd-server';
import { failureOf, never } from './sandbox-world';

const SECRETS = {
  clientSecret: 'amzn1.oa2-cs.v1.deadbeefcafe',
  refreshToken: 'Atzr|refresh+token/with=odd&signs',
  accessToken: 'Atza|access-token-1234',
  appToken: 'VTEXAPPTOKENZZZZZZZZZZ',
};

/** Everything of an error that a log, a database or a person could ever see. */
function everythingOf(error: unknown, depth = 0): string {
  if (depth > 4 || error === null || typeof error !== 'object') return String(error);
  const own = Object.getOwnPropertyNames(error).map((name) => (error as Record<string, unknown>)[name]);
  return [
    inspect(error, { depth: 8, showHidden: true }),
    JSON.stringify(error),
    error instanceof Error ? `${error.message} ${error.stack}` : '',
    ...own.map((each) => everythingOf(each, depth + 1)),
  ].join('\n');
}

function expectNoSecret(text: string): void {
  for (const secret of Object.values(SECRETS)) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(encodeURIComponent(secret));
    expect(text).not.toContain(new URLSearchParams({ s: secret }).toString().slice(2));
  }
}

/** A side that fails knows only the secrets it was sent. */
let echo = '';

/** Ways to fail, each repeating every secret where it can. */
const FAILURES: [string, (request: Seen, response: ServerResponse) => void][] = [
  ...[400, 401, 403, 404, 413, 415, 418, 429, 500, 503].map((status): (typeof FAILURES)[number] => [
    `an answer ${status}`,
    (request, response) =>
      answerJson(response, status, {
        errors: [{ code: 'X', message: `Refused ${echo} ${request.body}`, details: JSON.stringify(request.headers) }],
        error: 'invalid_request',
        error_description: `Refused ${request.body} ${echo}`,
        message: `Refused ${echo} ${JSON.stringify(request.headers)}`,
      }),
  ]),
  ['an expired token', (_, response) => answerJson(response, 403, { errors: [{ message: `${echo} has expired` }] })],
  ['a plain text', (_, response) => void response.writeHead(400).end(`Refused ${echo}`)],
  ['a redirect', (_, response) => void response.writeHead(302, { location: `/x?token=${SECRETS.accessToken}` }).end()],
  ['a reset', (_, response) => void response.socket?.destroy()],
  ['silence', () => undefined],
  ['garbage', (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(`{${echo}`)],
  ['another shape', (_, response) => answerJson(response, 200, { token: echo, items: echo })],
];

describe.each(FAILURES)('a call that fails by %s', (_, fail) => {
  let server: OddServer;
  let written: string[];

  beforeEach(() => {
    const { clientSecret, refreshToken, accessToken } = SECRETS;
    echo = JSON.stringify({ clientSecret, refreshToken, accessToken });
    written = [];
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
      jest
        .spyOn(console, method)
        .mockImplementation((...parts: unknown[]) => void written.push(inspect(parts, { depth: 8 })));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await server.close();
  });

  function amazonAt(url: string) {
    return createAmazon({
      lwaUrl: `${url}/token`,
      spApiUrl: () => url,
      limiter: createInProcessLimiter(),
      credentials: () =>
        Promise.resolve({ clientId: 'app', clientSecret: SECRETS.clientSecret, refreshToken: SECRETS.refreshToken }),
      timeoutMs: 200,
      maxWaitMs: 300,
    });
  }

  const account = {
    connectorId: 'con_1',
    clientId: 'app',
    sellerId: 'A1',
    marketplace: requireMarketplace('US'),
    issueLocale: 'en_US',
  };

  const calls = (amazon: ReturnType<typeof amazonAt>): (() => Promise<unknown>)[] => [
    () => amazon.listings.put(account, 'S', { productType: 'P', requirements: 'LISTING', attributes: {} }, never),
    () => amazon.listings.patch(account, 'S', 'P', [], never),
    () => amazon.listings.search(account, ['S', 'a,b'], never),
    () => amazon.accounts.participations(account, never),
  ];

  it('tells no secret of the seller when Amazon fails', async () => {
    server = await startOddServer((request, response) =>
      request.url === '/token'
        ? answerJson(response, 200, { access_token: SECRETS.accessToken, expires_in: 3600 })
        : fail(request, response)
    );
    for (const call of calls(amazonAt(server.url))) {
      const failure = await failureOf(call());
      expect(failure).toBeInstanceOf(OutsideError);
      expectNoSecret(everythingOf(failure));
    }
    expectNoSecret(written.join('\n'));
  });

  it('tells no secret of the application when Login with Amazon fails', async () => {
    server = await startOddServer(fail);
    const amazon = amazonAt(server.url);
    const test = () =>
      amazon.accounts.testCredential(
        { clientId: 'app', clientSecret: SECRETS.clientSecret, refreshToken: SECRETS.refreshToken },
        never
      );
    for (const call of [test, ...calls(amazon)]) {
      const failure = await failureOf(call());
      expect(failure).toBeInstanceOf(OutsideError);
      expectNoSecret(everythingOf(failure));
    }
    expectNoSecret(written.join('\n'));
  });

  it('tells no secret of the store when VTEX fails', async () => {
    echo = JSON.stringify({ token: SECRETS.appToken });
    server = await startOddServer(fail);
    const store = createVtexStore({
      account: 'shop',
      appKey: 'the-app-key',
      appToken: SECRETS.appToken,
      salesChannel: '1',
      affiliateId: 'MZN',
      urlTemplate: `${server.url}/{account}`,
      pricingUrlTemplate: `${server.url}/p/{account}`,
      currency: 'USD',
      requestsInFlight: 4,
      timeoutMs: 200,
    });
    const stop = AbortSignal.timeout(1_500);
    const affiliate = { id: 'MZN', name: 'x', followUpEmail: 'a@b.co', salesChannel: '1', endpoint: null };
    const outcomes = await Promise.allSettled([
      store.salesChannels(stop),
      store.readPage(null, 10, stop),
      store.readItems(['7'], stop),
      store.putAffiliate(affiliate, stop),
      store.quoteShipping('98109', 'USA', stop),
    ]);
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
    for (const outcome of outcomes)
      expectNoSecret(everythingOf(outcome.status === 'rejected' ? outcome.reason : outcome.value));
    expectNoSecret(written.join('\n'));
  });
});
