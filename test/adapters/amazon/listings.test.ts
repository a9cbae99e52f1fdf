import { OutsideError } from '../../../domain/errors';
import type { AmazonAttributes } from '../../../domain/listing';
import { requireMarketplace } from '../../../domain/marketplaces';
import type { Asker, LimitKey } from '../../../domain/ports/limiter';
import { createAmazon, type Amazon } from '../../../adapters/amazon';
import { createInProcessLimiter } from '../../../adapters/limiter/in-process';
import { answerJson, startOddServer, type OddServer } from '../odd-server';
import { failureOf, never, SandboxWorld } from '../sandbox-world';

const US = 'ATVPDKIKX0DER';

function attributes(): AmazonAttributes {
  const text = (value: string) => [{ value, language_tag: 'en_US', marketplace_id: US }];
  return {
    item_name: text('Harbour Tee'),
    brand: text('Northpier'),
    product_description: text('Made for long days outside.'),
    condition_type: [{ value: 'new_new', marketplace_id: US }],
    purchasable_offer: [
      { audience: 'ALL', marketplace_id: US, currency: 'USD', our_price: [{ schedule: [{ value_with_tax: 52.5 }] }] },
    ],
    fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 7 }],
    main_product_image_locator: [{ media_location: 'http://images.example.com/tee.jpg', marketplace_id: US }],
    supplier_declared_has_product_identifier_exemption: [{ value: true, marketplace_id: US }],
  };
}

const listing = () => ({ productType: 'SHIRT', requirements: 'LISTING' as const, attributes: attributes() });

describe('Amazon listings, against the sandbox', () => {
  let world: SandboxWorld;
  let amazon: Amazon;

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
    amazon = world.amazon();
  });

  const put = (sku: string) => amazon.listings.put(world.account, sku, listing(), never);
  const book = async (sku: string): Promise<Record<string, unknown> | undefined> => {
    const books = await world.control<{ amazon: Record<string, Record<string, Record<string, unknown>>> }>(
      'GET',
      '/books'
    );
    return books.amazon[world.account.sellerId]?.[sku];
  };
  const visible = () => new Promise((resolve) => setTimeout(resolve, 120));

  it.each(['PLAIN-1', 'a/b', 'with space', 'plus+sign', '50%', '%2F', 'Größe ✓ 你好', "q?a=1&b#c;d'e", '$&', '..x'])(
    'puts the SKU %s under its own name',
    async (sku) => {
      const answer = await put(sku);
      expect(answer.status).toBe('ACCEPTED');
      expect(answer.submissionId).not.toBe('');
      expect(await book(sku)).toMatchObject({ marketplaceId: US, puts: 1 });
    }
  );

  it.each(['.', '..', ''])('rejects %p, which no address can name, without a call', async (sku) => {
    expect(await failureOf(put(sku))).toMatchObject({ code: 'rejected' });
    expect((await world.calls('putListingsItem')).count).toBe(0);
  });

  it('merges a patch and leaves what it does not name', async () => {
    await put('PATCHED');
    const answer = await amazon.listings.patch(
      world.account,
      'PATCHED',
      'SHIRT',
      [
        {
          op: 'merge',
          path: '/attributes/fulfillment_availability',
          value: [{ fulfillment_channel_code: 'DEFAULT', quantity: 3 }],
        },
      ],
      never
    );
    expect(answer.status).toBe('ACCEPTED');
    await visible();
    expect(await book('PATCHED')).toMatchObject({ quantity: 3, price: 52.5, patches: 1 });
  });

  it('reports INVALID, which comes with HTTP 200, with its problems', async () => {
    await world.fault({ match: { operation: 'putListingsItem' }, kind: 'invalid', times: 1 });
    const answer = await put('REFUSED');
    expect(answer.status).toBe('INVALID');
    expect(answer.problems[0]).toMatchObject({ severity: 'error', owner: 'merchant' });
    expect(answer.problems[0]!.code).toMatch(/^amazon\./);
  });

  it('finds what Amazon shows, and leaves out what it does not know', async () => {
    const skus = ['FOUND one', 'FOUND,comma', 'FOUND/slash'];
    for (const sku of skus) await put(sku);
    await visible();
    const found = await amazon.listings.search(world.account, [...skus, 'UNKNOWN', 'UNKNOWN,too'], never);
    expect(found.map((each) => each.sku).sort()).toEqual([...skus].sort());
    expect(found[0]).toMatchObject({ quantity: 7, price: expect.stringMatching(/^52\.50?$/) });
    expect(found[0]!.lastUpdated).toMatch(/^\d{4}-/);
    expect(Array.isArray(found[0]!.status)).toBe(true);
  });

  it('asks nothing when it is asked for nothing, and refuses more than twenty', async () => {
    expect(await amazon.listings.search(world.account, [], never)).toEqual([]);
    expect((await world.calls('searchListingsItems')).count).toBe(0);
    const many = Array.from({ length: 21 }, (_, index) => `S${index}`);
    await expect(amazon.listings.search(world.account, many, never)).rejects.toThrow(RangeError);
  });

  it('says of an SKU whose data is refused with 400 that it is rejected, in Amazon words', async () => {
    await world.fault({ match: { skus: ['BAD'] }, kind: 'status', status: 400 });
    const failure = await failureOf(put('BAD'));
    expect(failure).toMatchObject({ code: 'rejected', facts: { status: 400, operation: 'putListingsItem' } });
    expect((failure as Error).message).toContain('Invalid input');
  });

  it.each([
    [500, 'transient'],
    [503, 'transient'],
    [413, 'rejected'],
    [415, 'rejected'],
    [403, 'auth.forbidden'],
  ])('classifies %i as %s without trying again', async (status, code) => {
    await world.fault({ match: { operation: 'putListingsItem' }, kind: 'status', status });
    expect(await failureOf(put('X'))).toMatchObject({ code, facts: { status } });
    expect((await world.calls('putListingsItem')).count).toBe(1);
  });

  it('calls a broken connection and an answer that never comes transient', async () => {
    await world.fault({ match: { operation: 'putListingsItem' }, kind: 'reset', times: 1 });
    expect(await failureOf(put('X'))).toMatchObject({ code: 'transient' });
    await world.heal();
    await world.fault({ match: { operation: 'putListingsItem' }, kind: 'timeout', times: 1 });
    const hasty = world.amazon({ timeoutMs: 150 });
    const failure = await failureOf(hasty.listings.put(world.account, 'X', listing(), never));
    expect(failure).toMatchObject({ code: 'transient', message: expect.stringContaining('0.15 s') });
  });

  it('waits out a few 429s by itself', async () => {
    await world.fault({ match: { operation: 'putListingsItem' }, kind: 'throttle', times: 2 });
    expect((await put('PATIENT')).status).toBe('ACCEPTED');
    expect((await world.calls('putListingsItem')).byStatus).toMatchObject({ 200: 1, 429: 2 });
  });

  it('gives a storm of 429s back as throttled within its bound', async () => {
    await world.fault({ match: { operation: 'putListingsItem' }, kind: 'throttle' });
    const bounded = world.amazon({ maxWaitMs: 700 });
    const began = performance.now();
    const failure = await failureOf(bounded.listings.put(world.account, 'X', listing(), never));
    expect(failure).toMatchObject({ code: 'throttled', facts: { status: 429, retryAfterMs: expect.any(Number) } });
    expect((failure as OutsideError).facts).not.toHaveProperty('notSent');
    expect(performance.now() - began).toBeLessThan(1500);
  });

  it('asks what a put would be answered, in the limit of previews, and changes nothing', async () => {
    const limiter = createInProcessLimiter();
    const keys: LimitKey[] = [];
    const askers: (Asker | undefined)[] = [];
    const { listings } = world.amazon({
      limiter: {
        async acquire(key, signal, asker) {
          keys.push(key);
          askers.push(asker);
          return limiter.acquire(key, signal, asker);
        },
        observe: (key, seen) => limiter.observe(key, seen),
        outlook: (key) => limiter.outlook(key),
      },
    });
    expect(await listings.check(world.account, 'CHECKED', listing(), never)).toMatchObject({ status: 'VALID' });
    const { brand: _brand, ...withoutBrand } = attributes();
    const refused = await listings.check(world.account, 'CHECKED', { ...listing(), attributes: withoutBrand }, never);
    expect(refused.status).toBe('INVALID');
    expect(refused.problems[0]).toMatchObject({ severity: 'error', attributes: ['brand'] });
    expect(keys).toEqual(
      [1, 2].map(() => expect.objectContaining({ operation: 'putListingsItem', isPreview: true }) as LimitKey)
    );
    expect(new Set(askers.map((asker) => asker?.purpose))).toEqual(new Set(['test']));
    await visible();
    expect(await book('CHECKED')).toBeUndefined();
  });

  it('gives the slot back when the limiter would keep it waiting too long', async () => {
    const crowded = createInProcessLimiter();
    const key = { ...world.account, operation: 'putListingsItem' };
    crowded.observe(key, { status: 200, ratePerSecond: 0.01 });
    await crowded.acquire(key, never);
    const bounded = world.amazon({ limiter: crowded, maxWaitMs: 100 });
    expect(await failureOf(bounded.listings.put(world.account, 'X', listing(), never))).toMatchObject({
      code: 'throttled',
      facts: { notSent: true },
    });
    expect((await world.calls('putListingsItem')).count).toBe(0);
  });

  it('renews an expired token once and repeats the request', async () => {
    await put('BEFORE');
    await world.control('POST', '/worlds/w/amazon', { expireTokens: true });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await world.heal();
    expect((await put('AFTER')).status).toBe('ACCEPTED');
    expect((await world.calls('putListingsItem')).byStatus).toEqual({ 200: 1, 403: 1 });
    expect((await world.calls('lwaToken')).count).toBe(1);
  });

  it('tells a withdrawn access from a missing role', async () => {
    await put('BEFORE');
    await world.control('POST', '/worlds/w/amazon', { accessRevoked: true });
    expect(await failureOf(put('X'))).toMatchObject({ code: 'auth.access_revoked', facts: { system: 'amazon' } });
    expect(await failureOf(put('X'))).toMatchObject({ code: 'auth.access_revoked', facts: { system: 'lwa' } });
    await world.control('POST', '/worlds/w/amazon', { accessRevoked: false, participating: [] });
    expect(await failureOf(put('X'))).toMatchObject({ code: 'auth.forbidden' });
  });

  it('stays under the limit by itself: a hundred requests, not one 429', async () => {
    const slow = await SandboxWorld.start({ rateFactor: 4 });
    const own = slow.amazon();
    try {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) => own.listings.put(slow.account, `N${index}`, listing(), never))
      );
      expect((await slow.calls('putListingsItem')).byStatus).toEqual({ 200: 100 });
    } finally {
      await slow.sandbox.close();
    }
  });

  describe('when its signal aborts', () => {
    const slow = (operation: string) => world.fault({ match: { operation }, kind: 'slow', delayMs: 800 });

    /** What becomes of a call that is aborted while it waits or is under way, and after how long. */
    async function aborted<T>(call: (signal: AbortSignal) => Promise<T>): Promise<{ outcome: unknown; ms: number }> {
      const stop = new AbortController();
      const outcome = call(stop.signal).catch((error: unknown) => error);
      await new Promise((resolve) => setTimeout(resolve, 150));
      const began = performance.now();
      stop.abort(new Error('the run was cancelled'));
      return { outcome: await outcome, ms: performance.now() - began };
    }
    const putUntil = (from: Amazon, sku: string) => (signal: AbortSignal) =>
      from.listings.put(world.account, sku, listing(), signal);
    const cancelled = expect.objectContaining({ message: 'the run was cancelled' }) as unknown;

    it('lets a submission that is under way come to its answer', async () => {
      await slow('putListingsItem');
      const { outcome } = await aborted(putUntil(amazon, 'UNDER WAY'));
      expect(outcome).toMatchObject({ status: 'ACCEPTED' });
      expect(await book('UNDER WAY')).toMatchObject({ puts: 1 });
    });

    it('waits for that answer no longer than the grace', async () => {
      await slow('putListingsItem');
      const { outcome, ms } = await aborted(putUntil(world.amazon({ graceMs: 100 }), 'SLOW'));
      expect(outcome).toEqual(cancelled);
      expect(ms).toBeGreaterThan(90);
      expect(ms).toBeLessThan(600);
    });

    it('stops reading at once', async () => {
      await slow('searchListingsItems');
      const { outcome, ms } = await aborted((signal) => amazon.listings.search(world.account, ['X'], signal));
      expect(outcome).toEqual(cancelled);
      expect(ms).toBeLessThan(300);
    });

    it('stops waiting for a token at once, and sends nothing', async () => {
      await slow('lwaToken');
      const { outcome, ms } = await aborted(putUntil(amazon, 'X'));
      expect(outcome).toEqual(cancelled);
      expect(ms).toBeLessThan(300);
      await new Promise((resolve) => setTimeout(resolve, 800));
      expect((await world.calls('putListingsItem')).count).toBe(0);
    });

    it('stops waiting at the limiter at once, and sends nothing', async () => {
      const crowded = createInProcessLimiter();
      const key = { ...world.account, operation: 'putListingsItem' };
      crowded.observe(key, { status: 200, ratePerSecond: 0.01 });
      await crowded.acquire(key, never);
      const { outcome, ms } = await aborted(putUntil(world.amazon({ limiter: crowded }), 'X'));
      expect(outcome).toEqual(cancelled);
      expect(ms).toBeLessThan(300);
      expect((await world.calls('putListingsItem')).count).toBe(0);
    });

    it('does not send again after a 429', async () => {
      await world.fault({ match: { operation: 'putListingsItem' }, kind: 'throttle' });
      const { outcome, ms } = await aborted(putUntil(amazon, 'X'));
      expect(outcome).toEqual(cancelled);
      expect(ms).toBeLessThan(300);
      const { count } = await world.calls('putListingsItem');
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect((await world.calls('putListingsItem')).count).toBe(count);
    });
  });
});

describe('Amazon listings, over the wire', () => {
  let server: OddServer;
  let reply: { status: number; body: unknown; headers?: Record<string, string> };

  beforeEach(async () => {
    reply = { status: 200, body: { sku: 'S', status: 'ACCEPTED', submissionId: 'sub', issues: [] } };
    server = await startOddServer((request, response) => {
      if (request.url === '/token') return answerJson(response, 200, { access_token: 'Atza|wire', expires_in: 3600 });
      if (typeof reply.body === 'string') return void response.writeHead(reply.status, reply.headers).end(reply.body);
      return answerJson(response, reply.status, reply.body, reply.headers);
    });
  });
  afterEach(() => server.close());

  const account = {
    connectorId: 'con_1',
    clientId: 'app',
    sellerId: 'A1',
    marketplace: requireMarketplace('UK'),
    issueLocale: 'en_GB',
  };

  function wire() {
    const world = { lwaUrl: `${server.url}/token`, regions: [] as string[] };
    const amazon = createAmazon({
      lwaUrl: world.lwaUrl,
      spApiUrl: (region) => {
        world.regions.push(region);
        return `${server.url}/`;
      },
      limiter: createInProcessLimiter(),
      credentials: () => Promise.resolve({ clientId: 'app', clientSecret: 's', refreshToken: 'Atzr|r' }),
      timeoutMs: 2_000,
    });
    return { amazon, regions: world.regions };
  }

  it('writes a PUT exactly as the API reference says', async () => {
    const { amazon, regions } = wire();
    await amazon.listings.put(account, 'a/b c+d%e', listing(), never);
    const { method, url, headers, body } = server.seen.at(-1)!;
    expect(method).toBe('PUT');
    expect(url).toBe(
      '/listings/2021-08-01/items/A1/a%2Fb%20c%2Bd%25e?marketplaceIds=A1F83G8C2ARO7P&includedData=issues%2Cidentifiers&issueLocale=en_GB'
    );
    expect(headers['x-amz-access-token']).toBe('Atza|wire');
    expect(headers['user-agent']).toMatch(/^Longshore\/[\d.]+ \(Language=/);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(body)).toEqual(listing());
    expect(new Set(regions)).toEqual(new Set(['EU']));
  });

  it('writes spaces in a search as %20', async () => {
    reply.body = { numberOfResults: 0, items: [] };
    const { amazon } = wire();
    await amazon.listings.search(account, ['a b', 'c+d'], never);
    expect(server.seen.at(-1)!.url).toContain('identifiers=a%20b%2Cc%2Bd&');
  });

  it('brings the ASIN of the marketplace along, and severities in lower case', async () => {
    reply.body = {
      sku: 'S',
      status: 'VALID',
      submissionId: 'sub',
      identifiers: [
        { marketplaceId: US, asin: 'B0OTHER' },
        { marketplaceId: 'A1F83G8C2ARO7P', asin: 'B0RIGHT' },
      ],
      issues: [
        { code: '90220', message: 'Missing', severity: 'ERROR', categories: [], attributeNames: ['brand'] },
        { code: '1', message: 'Note', severity: 'INFO', categories: [] },
        { code: '2', message: 'New kind', severity: 'NOTICE', categories: [] },
      ],
    };
    const { amazon } = wire();
    expect(await amazon.listings.put(account, 'S', listing(), never)).toEqual({
      status: 'VALID',
      submissionId: 'sub',
      asin: 'B0RIGHT',
      problems: [
        { code: 'amazon.90220', message: 'Missing', severity: 'error', owner: 'merchant', attributes: ['brand'] },
        { code: 'amazon.1', message: 'Note', severity: 'info', owner: 'merchant' },
        { code: 'amazon.2', message: 'New kind', severity: 'info', owner: 'merchant' },
      ],
    });
  });

  it.each([
    ['no JSON at all', '<html>oops</html>'],
    ['JSON cut short', '{"sku":"S","sta'],
    ['an unknown status', { sku: 'S', status: 'MAYBE', submissionId: 'x' }],
    ['nothing', ''],
  ])('calls a 200 with %s transient', async (_, body) => {
    reply.body = body;
    const { amazon } = wire();
    expect(await failureOf(amazon.listings.put(account, 'S', listing(), never))).toMatchObject({ code: 'transient' });
  });

  it('keeps the request id for those who ask Amazon', async () => {
    reply = { status: 500, body: '', headers: { 'x-amzn-RequestId': 'req-7' } };
    const { amazon } = wire();
    const failure = await failureOf(amazon.listings.put(account, 'S', listing(), never));
    expect(failure).toBeInstanceOf(OutsideError);
    expect(failure).toMatchObject({ facts: { requestId: 'req-7', status: 500, system: 'amazon' } });
  });
});
