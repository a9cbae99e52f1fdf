import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { outcomesOf, planFeeds } from '../../../domain/feed-plan';
import type { AmazonAttributes } from '../../../domain/listing';
import type { AmazonFeeds, FeedMessage, FeedOperation, FeedStatus } from '../../../domain/ports/feeds';
import { describeWithAmazonModels } from '../../sandbox/amazon-models';
import { wrongWithDocument, wrongWithFeedsExchange } from '../../sandbox/feeds-models';
import { shirt } from '../../sandbox/sandbox-client';
import { answerJson, startOddServer, type OddServer, type Seen } from '../odd-server';
import { failureOf, never, SandboxWorld } from '../sandbox-world';
import { feedsAt } from './feeds-under-test';

const STEP_MS = 60;

const update = (sku: string, overrides = {}): FeedOperation => ({
  operationType: 'UPDATE',
  sku,
  productType: 'SHIRT',
  requirements: 'LISTING',
  attributes: shirt(overrides) as AmazonAttributes,
});

const numbered = (...operations: FeedOperation[]): FeedMessage[] =>
  operations.map((operation, index) => ({ messageId: index + 1, ...operation }));

describe('Amazon feeds, against the sandbox', () => {
  let world: SandboxWorld;
  let feeds: AmazonFeeds;

  beforeAll(async () => {
    world = await SandboxWorld.start({ visibleAfterMs: STEP_MS, rateFactor: 10_000 });
    feeds = feedsAt(world.sandbox.url, world.facts.amazon);
  });
  afterAll(() => world.sandbox.close());
  beforeEach(async () => {
    await world.heal();
    await world.control('POST', '/worlds/w/amazon', { feeds: null });
  });

  const submit = (...operations: FeedOperation[]) => feeds.submit(world.account, numbered(...operations), never);
  const status = (feedId: string) => feeds.status(world.account, feedId, never);
  const advance = (seconds: number) => world.control('POST', '/clock', { advanceSeconds: seconds });
  const ended = async (feedId: string): Promise<FeedStatus> => {
    await advance(1);
    return (await status(feedId)) as FeedStatus;
  };
  const book = async (sku: string): Promise<Record<string, unknown> | undefined> => {
    type Books = { amazon: Record<string, Record<string, Record<string, unknown>>> };
    return (await world.control<Books>('GET', '/books')).amazon[world.account.sellerId]?.[sku];
  };

  it('submits messages, follows the feed and brings every outcome back on its SKU', async () => {
    const operations = [update('OK-1'), update('BAD-1', { item_name: undefined }), update('größe ✓ 你好')];
    await world.control('POST', '/clock', { frozen: true });
    const { feedId } = await submit(...operations);
    const queued = await status(feedId);
    await world.control('POST', '/clock', { frozen: false });
    expect(queued).toEqual({
      processingStatus: 'IN_QUEUE',
      createdTime: expect.stringMatching(/^\d{4}-/),
    });
    const done = await ended(feedId);
    expect(done).toMatchObject({ processingStatus: 'DONE', processingEndTime: expect.any(String) });
    const report = await feeds.report(world.account, done.reportDocumentId!, never);
    expect(report).toMatchObject({ feedId, summary: { processed: 3, accepted: 2, invalid: 1 } });
    const { answers, unknown } = outcomesOf(report, numbered(...operations));
    expect(unknown).toEqual([]);
    expect([...answers].map(([sku, { status: said }]) => [sku, said])).toEqual([
      ['OK-1', 'ACCEPTED'],
      ['BAD-1', 'INVALID'],
      ['größe ✓ 你好', 'ACCEPTED'],
    ]);
    expect(answers.get('BAD-1')).toEqual({
      status: 'INVALID',
      submissionId: feedId,
      problems: [
        {
          code: 'amazon.90220',
          message: expect.stringContaining('item_name'),
          severity: 'error',
          owner: 'merchant',
          attributes: ['item_name'],
        },
      ],
    });
    expect(await book('OK-1')).toMatchObject({ puts: 1 });
    expect(await book('BAD-1')).toBeUndefined();
  });

  it('leaves a price alone that a PATCH and a PARTIAL_UPDATE do not name', async () => {
    await ended((await submit(update('PRICED-1'), update('PRICED-2'))).feedId);
    await advance(1);
    const title = [{ value: 'Other', language_tag: 'en_US', marketplace_id: world.account.marketplace.id }];
    const patches = [{ op: 'replace' as const, path: '/attributes/item_name', value: title }];
    const { feedId } = await submit(
      { operationType: 'PATCH', sku: 'PRICED-1', productType: 'SHIRT', patches },
      { operationType: 'PARTIAL_UPDATE', sku: 'PRICED-2', productType: 'SHIRT', attributes: { item_name: title } }
    );
    await ended(feedId);
    await advance(1);
    for (const sku of ['PRICED-1', 'PRICED-2'])
      expect(await book(sku)).toMatchObject({ price: 19.9, attributes: { item_name: title } });
  });

  it('takes a fresh document when the link of the first has died', async () => {
    await world.fault({ match: { operation: 'uploadFeedDocument' }, kind: 'status', status: 403, times: 1 });
    const { feedId } = await submit(update('LATE-1'));
    expect((await world.calls('createFeedDocument')).count).toBe(2);
    expect((await world.calls('uploadFeedDocument')).byStatus).toEqual({ 200: 1, 403: 1 });
    expect((await world.calls('createFeed')).count).toBe(1);
    expect((await ended(feedId)).processingStatus).toBe('DONE');
  });

  it('asks for another link when that of a report has died', async () => {
    const { reportDocumentId } = await ended((await submit(update('LATE-2'))).feedId);
    await world.fault({ match: { operation: 'downloadFeedDocument' }, kind: 'status', status: 403, times: 1 });
    expect((await feeds.report(world.account, reportDocumentId!, never)).summary.accepted).toBe(1);
    expect((await world.calls('getFeedDocument')).count).toBe(2);
  });

  it('gives up within a bound when every link is dead, and creates no feed', async () => {
    await world.control('POST', '/worlds/w/amazon', { feeds: 'dead-links' });
    expect(await failureOf(submit(update('DEAD-1')))).toMatchObject({ code: 'transient', facts: { system: 'amazon' } });
    expect((await world.calls('createFeedDocument')).count).toBe(3);
    expect((await world.calls('createFeed')).count).toBe(0);
  });

  it('asks whether it may right before each request that creates a feed', async () => {
    await world.fault({ match: { operation: 'createFeed' }, kind: 'throttle', times: 1 });
    const asked: unknown[] = [];
    await feeds.submit(world.account, numbered(update('ASK-1')), never, async () => {
      const [uploads, tries] = [await world.calls('uploadFeedDocument'), await world.calls('createFeed')];
      asked.push([uploads.count, tries.count]);
    });
    expect(asked).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  it('creates no feed where it may not, and throws why', async () => {
    const why = new Error('another has it');
    const refused = feeds.submit(world.account, numbered(update('ASK-2')), never, () => Promise.reject(why));
    await expect(refused).rejects.toBe(why);
    expect((await world.calls('uploadFeedDocument')).count).toBe(1);
    expect((await world.calls('createFeed')).count).toBe(0);
  });

  it.each([
    ['a store that answers 503', { kind: 'status', status: 503 }],
    ['a store that breaks off', { kind: 'reset' }],
  ])('calls %s transient, and creates no feed', async (_, fault) => {
    await world.fault({ match: { operation: 'uploadFeedDocument' }, ...fault, times: 1 });
    expect(await failureOf(submit(update('X')))).toMatchObject({ code: 'transient' });
    expect((await world.calls('createFeed')).count).toBe(0);
  });

  it('tells FATAL, CANCELLED and a feed that never ends', async () => {
    const submitWith = async (mood: string) => {
      await world.control('POST', '/worlds/w/amazon', { feeds: mood });
      return (await submit(update(`M-${mood}`))).feedId;
    };
    const [stuck, fatal, cancelled] = [
      await submitWith('stuck'),
      await submitWith('fatal'),
      await submitWith('cancelled'),
    ];
    await advance(60);
    const of = async (feedId: string) => (await status(feedId))?.processingStatus;
    expect([await of(stuck), await of(fatal), await of(cancelled)]).toEqual(['IN_PROGRESS', 'FATAL', 'CANCELLED']);
    expect(await status(fatal)).not.toHaveProperty('reportDocumentId');
  });

  it('cancels what waits, and says when it is too late', async () => {
    await world.control('POST', '/clock', { frozen: true });
    try {
      const { feedId } = await submit(update('CANCEL-1'));
      expect(await feeds.cancel(world.account, feedId, never)).toBe(true);
      expect((await status(feedId))?.processingStatus).toBe('CANCELLED');
      const { feedId: late } = await submit(update('CANCEL-2'));
      await advance(1);
      expect(await feeds.cancel(world.account, late, never)).toBe(false);
    } finally {
      await world.control('POST', '/clock', { frozen: false });
    }
    expect(await book('CANCEL-1')).toBeUndefined();
  });

  it('knows no feed that Amazon does not know', async () => {
    expect(await status('12345')).toBeUndefined();
  });

  it('refuses what no feed may hold, before it sends anything', async () => {
    const many = Array.from({ length: 25_001 }, (_, index) => ({ operationType: 'DELETE' as const, sku: `S${index}` }));
    await expect(submit()).rejects.toThrow(RangeError);
    await expect(submit(...many)).rejects.toThrow('1 to 25000 messages, not 25001');
    const large = update('LARGE', { item_name: 'é'.repeat(6 * 1024 * 1024) });
    await expect(submit(large)).rejects.toThrow(/at most 10485760 bytes, not 1258\d{4}/);
    expect((await world.calls('createFeedDocument')).count).toBe(0);
  });

  it('sends a feed of 25,000 messages, and reads a report with a complaint about each', async () => {
    const operations = Array.from({ length: 25_000 }, (_, index): FeedOperation => ({
      operationType: 'PATCH',
      sku: `FULL-${index}`,
      productType: 'SHIRT',
      patches: [
        {
          op: 'merge',
          path: '/attributes/fulfillment_availability',
          value: [{ fulfillment_channel_code: 'DEFAULT', quantity: 1 }],
        },
      ],
    }));
    const [draft] = planFeeds(world.account, operations).feeds;
    const { feedId } = await feeds.submit(world.account, draft!.messages, never);
    const { reportDocumentId } = await ended(feedId);
    const report = await feeds.report(world.account, reportDocumentId!, never);
    expect(report.summary).toEqual({ processed: 25_000, accepted: 0, invalid: 25_000 });
    const { answers } = outcomesOf(report, draft!.messages);
    expect(answers.size).toBe(25_000);
    expect(answers.get('FULL-24999')?.problems[0]?.code).toBe('amazon.13013');
  });

  it('gives the turn back when Amazon takes no other feed for a minute, and makes no request for that', async () => {
    const slow = await SandboxWorld.start({ rateFactor: 1, visibleAfterMs: 0 });
    try {
      const own = feedsAt(slow.sandbox.url, slow.facts.amazon, { maxWaitMs: 300 });
      await own.submit(slow.account, numbered(update('S-1')), never);
      const mayCreate = jest.fn();
      const failure = await failureOf(own.submit(slow.account, numbered(update('S-2')), never, mayCreate));
      expect(mayCreate).not.toHaveBeenCalled();
      expect(failure).toMatchObject({ code: 'throttled', facts: { operation: 'createFeed', retryAfterMs: 60_000 } });
      expect((await slow.calls('createFeed')).byStatus).toEqual({ 202: 1 });
    } finally {
      await slow.sandbox.close();
    }
  });

  it('tells of dead links of a report, and not of the turns that they have used up', async () => {
    const slow = await SandboxWorld.start({ rateFactor: 1, visibleAfterMs: 0 });
    try {
      const own = feedsAt(slow.sandbox.url, slow.facts.amazon, { maxWaitMs: 300 });
      const { feedId } = await own.submit(slow.account, numbered(update('S-1')), never);
      await slow.control('POST', '/clock', { advanceSeconds: 1 });
      const { reportDocumentId } = (await own.status(slow.account, feedId, never))!;
      await slow.fault({ match: { operation: 'downloadFeedDocument' }, kind: 'status', status: 403 });
      const failures: unknown[] = [];
      for (let look = 0; look < 3; look++)
        failures.push(await failureOf(own.report(slow.account, reportDocumentId!, never)));
      const dead = { code: 'transient', facts: { status: 403 } };
      expect(failures).toMatchObject([dead, dead, { code: 'throttled' }]);
      // The second look was out of turns.
      expect((await slow.calls('getFeedDocument')).count).toBeLessThan(6);
    } finally {
      await slow.sandbox.close();
    }
  });

  it('is throttled by a strange client too: five submissions in five minutes, whoever made them', async () => {
    const slow = await SandboxWorld.start({ rateFactor: 1, visibleAfterMs: 0 });
    try {
      const strangers = Array.from({ length: 6 }, () =>
        feedsAt(slow.sandbox.url, slow.facts.amazon, { maxWaitMs: 300 })
      );
      const results = await Promise.allSettled(
        strangers.map((each, index) => each.submit(slow.account, numbered(update(`S-${index}`)), never))
      );
      const failures = results.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
      expect(failures).toEqual([expect.objectContaining({ code: 'throttled' })]);
    } finally {
      await slow.sandbox.close();
    }
  });
});

describe('Amazon feeds, over the wire', () => {
  const account = { clientId: 'app', clientSecret: 'secret-1', refreshToken: 'Atzr|refresh' };
  const report = {
    header: { sellerId: 'A1', version: '2.0', feedId: 'F1' },
    issues: [
      { messageId: 1, sku: 'A', severity: 'WARNING', message: 'Odd', attributeName: 'purchasable_offer.our_price' },
      { severity: 'ERROR', message: 'The feed is odd.' },
    ],
    summary: { errors: 1, warnings: 1, messagesProcessed: 1, messagesAccepted: 1, messagesInvalid: 0 },
  };
  let server: OddServer;
  let answer: (request: Seen, response: ServerResponse) => void;
  let document: { url: string; compressionAlgorithm?: string };

  beforeEach(async () => {
    server = await startOddServer((request, response) => {
      if (request.url === '/auth/o2/token')
        return answerJson(response, 200, { access_token: 'Atza|wire', expires_in: 3600 });
      if (request.url.startsWith('/store')) return answer(request, response);
      if (request.method === 'DELETE') return void response.writeHead(200).end();
      if (request.url === '/feeds/2021-06-30/documents')
        return answerJson(response, 201, { feedDocumentId: 'doc', url: `${server.url}/store?signature=sig-1` });
      if (request.url.startsWith('/feeds/2021-06-30/documents/'))
        return answerJson(response, 200, { feedDocumentId: 'r', ...document });
      if (request.method === 'POST') return answerJson(response, 202, { feedId: 'F1' });
      return answerJson(response, 200, {
        feedId: 'F1',
        feedType: 'X',
        createdTime: '2026-01-01T00:00:00Z',
        processingStatus: 'DONE',
        resultFeedDocumentId: 'r',
      });
    });
    document = { url: `${server.url}/store?signature=sig-2` };
    answer = (_, response) => void response.writeHead(200).end();
  });
  afterEach(() => server.close());

  const us = {
    connectorId: 'con_1',
    clientId: 'app',
    sellerId: 'A1',
    issueLocale: 'es_ES',
    marketplace: { id: 'ATVPDKIKX0DER', region: 'NA' },
  } as Parameters<AmazonFeeds['submit']>[0];
  const message: FeedMessage = { messageId: 1, operationType: 'DELETE', sku: 'A' };
  const feeds = (timeoutMs = 2_000) => feedsAt(server.url, account, { timeoutMs });
  const read = () => feeds(200).report(us, 'r', never);

  it('uploads by the signed link with its content type and without a token', async () => {
    expect(await feeds().submit(us, [message], never)).toEqual({ feedId: 'F1' });
    const upload = server.seen.find(({ url }) => url.startsWith('/store'))!;
    expect(upload).toMatchObject({ method: 'PUT', url: '/store?signature=sig-1' });
    expect(upload.headers).toMatchObject({ 'content-type': 'application/json; charset=UTF-8' });
    expect(upload.headers).not.toHaveProperty('x-amz-access-token');
    expect(JSON.parse(upload.body)).toEqual({
      header: { sellerId: 'A1', version: '2.0', issueLocale: 'es_ES' },
      messages: [message],
    });
    expect(JSON.parse(server.seen.at(-1)!.body)).toEqual({
      feedType: 'JSON_LISTINGS_FEED',
      marketplaceIds: ['ATVPDKIKX0DER'],
      inputFeedDocumentId: 'doc',
    });
  });

  it.each([
    ['gzipped', gzipSync(JSON.stringify(report)), { compressionAlgorithm: 'GZIP' }],
    ['plain', Buffer.from(JSON.stringify(report)), {}],
  ])('reads a report that comes %s', async (_, bytes, how) => {
    document = { ...document, ...how };
    answer = (_request, response) => void response.writeHead(200).end(bytes);
    expect(await read()).toEqual({
      feedId: 'F1',
      problems: [
        {
          messageId: 1,
          sku: 'A',
          problem: {
            code: 'amazon.feed',
            message: 'Odd',
            severity: 'warning',
            owner: 'merchant',
            attributes: ['purchasable_offer'],
          },
        },
        { problem: { code: 'amazon.feed', message: 'The feed is odd.', severity: 'error', owner: 'merchant' } },
      ],
      summary: { processed: 1, accepted: 1, invalid: 0 },
    });
  });

  const whole = gzipSync(JSON.stringify(report));
  it.each<[string, (request: Seen, response: ServerResponse) => void]>([
    ['is no gzip', (_, response) => void response.writeHead(200).end('plain')],
    ['is cut short', (_, response) => void response.writeHead(200).end(whole.subarray(0, 40))],
    [
      'breaks off',
      (_, response) =>
        void response
          .writeHead(200, { 'content-length': whole.length })
          .write(whole.subarray(0, 9), () => response.destroy()),
    ],
    ['never ends', (_, response) => void response.writeHead(200).write(whole.subarray(0, 9))],
    ['is no JSON', (_, response) => void response.writeHead(200).end(gzipSync('<html>'))],
    ['has another shape', (_, response) => void response.writeHead(200).end(gzipSync('{"issues":[]}'))],
    ['is an outage', (_, response) => void response.writeHead(503).end('sig-2')],
  ])('calls a report transient that %s, and tells no link', async (_, respond) => {
    document.compressionAlgorithm = 'GZIP';
    answer = respond;
    const failure = (await failureOf(read())) as Error;
    expect(failure).toMatchObject({ code: 'transient', facts: { system: 'amazon' } });
    expect(JSON.stringify(failure) + failure.stack).not.toMatch(/sig-2|store\?/);
  });

  it('stops unpacking a report at its bound', async () => {
    document.compressionAlgorithm = 'GZIP';
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, 32));
    answer = (_request, response) => void response.writeHead(200).end(bomb);
    expect(await failureOf(feeds(5_000).report(us, 'r', never))).toMatchObject({
      code: 'bug',
      message: expect.stringContaining('67108864'),
    });
  });

  it('stops at once when its signal aborts in the middle of an upload', async () => {
    answer = () => undefined;
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('the run was cancelled')), 100);
    const began = performance.now();
    await expect(feeds(5_000).submit(us, [message], stop.signal)).rejects.toThrow('the run was cancelled');
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  describeWithAmazonModels("held against Amazon's own models", () => {
    it('sends bodies and a document as they are described', async () => {
      const operations: FeedOperation[] = [
        update('A'),
        { operationType: 'PARTIAL_UPDATE', sku: 'B', productType: 'SHIRT', attributes: shirt() as AmazonAttributes },
        {
          operationType: 'PATCH',
          sku: 'C',
          productType: 'SHIRT',
          patches: [{ op: 'delete', path: '/attributes/color', value: [{ language_tag: 'en_US' }] }],
        },
        { operationType: 'DELETE', sku: 'D' },
      ];
      await feeds().submit(us, numbered(...operations), never);
      const [, created, uploaded, submitted] = server.seen;
      expect(wrongWithFeedsExchange('createFeedDocument', 'body', JSON.parse(created!.body))).toEqual([]);
      expect(wrongWithDocument('listings-feed-schema-v2', JSON.parse(uploaded!.body))).toEqual([]);
      expect(wrongWithFeedsExchange('createFeed', 'body', JSON.parse(submitted!.body))).toEqual([]);
      expect(wrongWithDocument('listings-feed-processing-report-schema-v2', report)).toEqual([]);
    });
  });

  it('asks, cancels and fetches at the addresses of the API reference', async () => {
    document.compressionAlgorithm = 'GZIP';
    answer = (_request, response) => void response.writeHead(200).end(whole);
    expect(await feeds().status(us, 'F/1', never)).toEqual({
      processingStatus: 'DONE',
      createdTime: '2026-01-01T00:00:00Z',
      reportDocumentId: 'r',
    });
    expect(await feeds().cancel(us, 'F/1', never)).toBe(true);
    await feeds().report(us, 'amzn1.tortuga.r', never);
    const asked = server.seen
      .filter(({ url }) => url.startsWith('/feeds'))
      .map(({ method, url }) => `${method} ${url}`);
    expect(asked).toEqual([
      'GET /feeds/2021-06-30/feeds/F%2F1',
      'DELETE /feeds/2021-06-30/feeds/F%2F1',
      'GET /feeds/2021-06-30/documents/amzn1.tortuga.r',
    ]);
  });
});
