import type { LwaCredential } from '../../../adapters/amazon/lwa';
import { createAmazon } from '../../../adapters/amazon';
import { createInProcessLimiter } from '../../../adapters/limiter/in-process';
import { answerJson, startOddServer } from '../odd-server';
import { failureOf, never, SandboxWorld } from '../sandbox-world';

describe('Amazon accounts, against the sandbox', () => {
  let world: SandboxWorld;

  beforeAll(async () => {
    world = await SandboxWorld.start();
  });
  afterAll(() => world.sandbox.close());
  beforeEach(async () => {
    await world.heal();
    await world.control('POST', '/worlds/w/amazon', {
      secretExpired: false,
      accessRevoked: false,
      participating: true,
    });
  });

  const credential = (): LwaCredential => {
    const { clientId, clientSecret, refreshToken } = world.facts.amazon;
    return { clientId, clientSecret, refreshToken };
  };

  it('proves a credential by one exchange', async () => {
    await world.amazon().accounts.testCredential(credential(), never);
    expect((await world.calls('lwaToken')).byStatus).toEqual({ 200: 1 });
  });

  it.each([
    ['a wrong client secret', { clientSecret: 'amzn1.oa2-cs.v1.wrong' }, 'auth.secret_expired'],
    ['an unknown refresh token', { refreshToken: 'Atzr|nobody-gave-this' }, 'auth.access_revoked'],
    ['an unknown client', { clientId: 'amzn1.application-oa2-client.none' }, 'auth.secret_expired'],
  ])('tells %s', async (_, wrong, code) => {
    const failure = await failureOf(world.amazon().accounts.testCredential({ ...credential(), ...wrong }, never));
    expect(failure).toMatchObject({ code, facts: { system: 'lwa' } });
  });

  it('tells an expired secret, a revoked access and a token of another application', async () => {
    const { accounts } = world.amazon();
    await world.control('POST', '/worlds/w/amazon', { secretExpired: true });
    expect(await failureOf(accounts.testCredential(credential(), never))).toMatchObject({
      code: 'auth.secret_expired',
    });
    await world.control('POST', '/worlds/w/amazon', { secretExpired: false, accessRevoked: true });
    expect(await failureOf(accounts.testCredential(credential(), never))).toMatchObject({
      code: 'auth.access_revoked',
    });
    const other = await world.control<typeof world.facts>('PUT', '/worlds/other', { generate: 1 });
    const failure = await failureOf(
      accounts.testCredential({ ...credential(), refreshToken: other.amazon.refreshToken }, never)
    );
    expect(failure).toMatchObject({ code: 'auth.unauthorized_client' });
    expect((failure as Error).message).toContain(`another application than ${credential().clientId}`);
  });

  it('lists the marketplaces the account takes part in', async () => {
    const found = await world.amazon().accounts.participations(world.account, never);
    expect(found).toContainEqual({
      marketplaceId: 'ATVPDKIKX0DER',
      isParticipating: true,
      hasSuspendedListings: false,
      storeName: expect.any(String),
    });
  });

  it('exchanges once for many calls at once, and reads the credential only when a token is needed', async () => {
    let reads = 0;
    const amazon = world.amazon({
      credentials: async () => {
        reads += 1;
        return credential();
      },
    });
    await Promise.all(Array.from({ length: 20 }, () => amazon.listings.search(world.account, ['X'], never)));
    await amazon.listings.search({ ...world.account, connectorId: 'con_2' }, ['X'], never);
    expect((await world.calls('lwaToken')).count).toBe(1);
    expect(reads).toBe(2);
  });

  it('goes on with a mended credential as soon as it is told to forget the old one', async () => {
    let current: LwaCredential = { ...credential(), clientSecret: 'amzn1.oa2-cs.v1.old' };
    const amazon = world.amazon({ credentials: () => Promise.resolve(current) });
    const search = () => amazon.listings.search(world.account, ['X'], never);
    expect(await failureOf(search())).toMatchObject({ code: 'auth.secret_expired' });
    current = credential();
    amazon.forgetCredential(world.account);
    expect(await search()).toEqual([]);
    await world.heal();
    amazon.forgetCredential(world.account);
    await search();
    expect((await world.calls('lwaToken')).count).toBe(1);
  });

  it('lets one caller give up without ending the exchange for the others', async () => {
    await world.fault({ match: { operation: 'lwaToken' }, kind: 'slow', delayMs: 200 });
    const amazon = world.amazon();
    const stop = new AbortController();
    const first = amazon.listings.search(world.account, ['X'], stop.signal);
    const second = amazon.listings.search(world.account, ['X'], never);
    setTimeout(() => stop.abort(new Error('given up')), 30);
    await expect(first).rejects.toThrow('given up');
    expect(await second).toEqual([]);
    expect((await world.calls('lwaToken')).count).toBe(1);
  });

  it.each([
    [500, 'transient'],
    [429, 'throttled'],
  ])('classifies %i of Login with Amazon as %s', async (status, code) => {
    await world.fault({ match: { operation: 'lwaToken' }, kind: 'status', status });
    const failure = await failureOf(world.amazon().accounts.testCredential(credential(), never));
    expect(failure).toMatchObject({ code, facts: { status, system: 'lwa' } });
  });

  it('says that nothing was sent where no token could be had', async () => {
    await world.fault({ match: { operation: 'lwaToken' }, kind: 'status', status: 429 });
    const failure = await failureOf(world.amazon().listings.search(world.account, ['X'], never));
    expect(failure).toMatchObject({ code: 'throttled', facts: { status: 429, system: 'lwa', notSent: true } });
  });

  it('renews a token before it expires', async () => {
    let exchanges = 0;
    const server = await startOddServer(({ url }, response) => {
      if (url === '/token') {
        exchanges += 1;
        return answerJson(response, 200, { access_token: `Atza|${exchanges}`, expires_in: 61 });
      }
      return answerJson(response, 200, { numberOfResults: 0, items: [] });
    });
    const amazon = createAmazon({
      lwaUrl: `${server.url}/token`,
      spApiUrl: () => server.url,
      limiter: createInProcessLimiter(),
      credentials: () => Promise.resolve(credential()),
      timeoutMs: 2_000,
    });
    await amazon.listings.search(world.account, ['X'], never);
    await amazon.listings.search(world.account, ['X'], never);
    expect(exchanges).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    await amazon.listings.search(world.account, ['X'], never);
    expect(exchanges).toBe(2);
    expect(server.seen.at(-1)!.headers['x-amz-access-token']).toBe('Atza|2');
    await server.close();
  });
});
