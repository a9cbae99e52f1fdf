import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '../../sandbox/index';
import { describeWithAmazonModels } from './amazon-models';
import { FeedsClient, JSON_UTF8, uploadTo, type FeedView } from './feeds-client';
import { offer, SandboxClient, shirt, US, useSandbox, type Reply } from './sandbox-client';

const STEP_SECONDS = 60;
const LINK_SECONDS = 300;
const sandbox = useSandbox({ rateFactor: 1000, visibleAfterMs: STEP_SECONDS * 1000 });
const strict = useSandbox({ visibleAfterMs: 0 });

async function advance(seconds: number): Promise<void> {
  await sandbox().control('POST', 'clock', { advanceSeconds: seconds });
}

const update = (sku: string, overrides = {}) => ({
  sku,
  operationType: 'UPDATE',
  productType: 'SHIRT',
  requirements: 'LISTING',
  attributes: shirt(overrides),
});
const stock = (quantity: number) => [{ fulfillment_channel_code: 'DEFAULT', quantity }];

describeWithAmazonModels('a feed', () => {
  let seller: FeedsClient;
  /** Passes the queue and the processing, and lets the sandbox see it: its books move when they are looked at. */
  const processed = async () => {
    await advance(2 * STEP_SECONDS);
    await seller.get('any');
  };
  beforeEach(async () => {
    await sandbox().control('POST', 'reset');
    seller = await FeedsClient.open('feeds', sandbox());
  });

  it('waits in the queue, is processed, and ends DONE', async () => {
    const feedId = await seller.submit(seller.messages(update('F-1')));
    expect((await seller.get(feedId)).body).toMatchObject({
      feedId,
      processingStatus: 'IN_QUEUE',
      marketplaceIds: [US],
    });
    expect((await seller.get(feedId)).body).not.toHaveProperty('processingStartTime');
    await advance(STEP_SECONDS);
    expect((await seller.get(feedId)).body.processingStatus).toBe('IN_PROGRESS');
    expect(await seller.book('F-1')).toBeUndefined();
    await advance(STEP_SECONDS);
    const done = (await seller.get(feedId)).body;
    expect(done).toMatchObject({ processingStatus: 'DONE', resultFeedDocumentId: expect.any(String) });
    expect(Date.parse(done.processingEndTime!) - Date.parse(done.processingStartTime!)).toBe(STEP_SECONDS * 1000);
  });

  it('puts its messages into the same books as calls, live after the same time', async () => {
    await seller.submit(seller.messages(update('F-1'), update('F-2', { item_name: undefined })));
    await advance(2 * STEP_SECONDS);
    expect(await seller.book('F-1')).toMatchObject({ state: 'processing', puts: 1, submissions: 1 });
    await advance(STEP_SECONDS);
    expect(await seller.book('F-1')).toMatchObject({ state: 'live', price: 19.9, quantity: 7 });
    expect(await seller.book('F-2')).toBeUndefined();
  });

  it('applies UPDATE, PARTIAL_UPDATE, PATCH and DELETE', async () => {
    const first = ['A', 'B', 'C', 'D'].map((sku) =>
      update(sku, { color: [{ value: 'Blue', language_tag: 'en_US', marketplace_id: US }] })
    );
    await seller.submit(seller.messages(...first));
    await processed();
    await advance(STEP_SECONDS);
    const title = [{ value: 'Other', language_tag: 'en_US', marketplace_id: US }];
    const merge = { op: 'merge', path: '/attributes/fulfillment_availability', value: stock(3) };
    const feedId = await seller.submit(
      seller.messages(
        update('A', { item_name: title }),
        { sku: 'B', operationType: 'PARTIAL_UPDATE', productType: 'SHIRT', attributes: { item_name: title } },
        { sku: 'C', operationType: 'PATCH', productType: 'SHIRT', patches: [merge] },
        { sku: 'D', operationType: 'DELETE' }
      )
    );
    await processed();
    expect((await seller.report(feedId)).summary).toEqual({
      errors: 0,
      warnings: 0,
      messagesProcessed: 4,
      messagesAccepted: 4,
      messagesInvalid: 0,
    });
    await advance(STEP_SECONDS);
    expect((await seller.book('A'))?.attributes).toMatchObject({ item_name: title });
    expect((await seller.book('A'))?.attributes).not.toHaveProperty('color');
    expect((await seller.book('B'))?.attributes).toMatchObject({ item_name: title, color: [{ value: 'Blue' }] });
    expect(await seller.book('C')).toMatchObject({ quantity: 3, price: 19.9, patches: 1 });
    expect(await seller.book('D')).toBeUndefined();
  });

  it('is DONE also with errors, which its report names by message', async () => {
    const feedId = await seller.submit(
      seller.messages(
        update('GOOD'),
        update('BAD', { item_name: undefined, purchasable_offer: [{ ...offer(1), currency: undefined }] }),
        {
          sku: 'NEW',
          operationType: 'PATCH',
          productType: 'SHIRT',
          patches: [{ op: 'merge', path: '/attributes/fulfillment_availability', value: stock(1) }],
        },
        { sku: 'SHAPE', operationType: 'DELETE', productType: 'SHIRT' },
        update('x'.repeat(41)),
        { ...update('TWICE'), messageId: 1 }
      )
    );
    await advance(2 * STEP_SECONDS);
    expect((await seller.get(feedId)).body.processingStatus).toBe('DONE');
    const { issues, summary, header } = await seller.report(feedId);
    expect(header).toMatchObject({ feedId, sellerId: seller.world.amazon.sellerId });
    expect(summary).toMatchObject({ messagesProcessed: 6, messagesAccepted: 1, messagesInvalid: 5, warnings: 0 });
    expect(summary.errors).toBe(issues.length);
    const of = (sku: string) => issues.filter((issue) => issue.sku === sku);
    expect(of('GOOD')).toEqual([]);
    expect(of('BAD').map(({ messageId, code, attributeName }) => [messageId, code, attributeName])).toEqual(
      expect.arrayContaining([
        [2, '90220', 'item_name'],
        [2, '99022', 'purchasable_offer'],
      ])
    );
    expect(of('NEW')).toMatchObject([{ messageId: 3, code: '13013' }]);
    expect(of('SHAPE')).toMatchObject([{ messageId: 4, message: "'productType' is not applicable to DELETE." }]);
    expect(of('x'.repeat(41))).toMatchObject([{ messageId: 5, message: expect.stringContaining("'sku' is invalid") }]);
    expect(of('TWICE')).toEqual([]);
    expect(issues.filter(({ message }) => message.includes('more than once'))).toHaveLength(1);
  });

  it.each([
    ['is null', null],
    ['has no shape', { sku: 7 }],
    ['has attributes of another kind', { ...update('ODD'), attributes: { parentage_level: 5, item_name: null } }],
    ['has patches of another kind', { sku: 'ODD', operationType: 'PATCH', productType: 'SHIRT', patches: [null] }],
  ])('goes on after a message that %s', async (_, odd) => {
    const { header, messages } = seller.messages(update('NEXT-1')) as { header: object; messages: object[] };
    const feedId = await seller.submit({ header, messages: [odd && { messageId: 7, ...odd }, ...messages] });
    await processed();
    expect((await seller.report(feedId)).summary).toMatchObject({ messagesAccepted: 1, messagesInvalid: 1 });
  });

  it('does not wait for a feed that was cancelled', async () => {
    await seller.cancel(await seller.submit(seller.messages(update('GONE-1'))));
    const feedId = await seller.submit(seller.messages(update('NEXT-2')));
    await advance(STEP_SECONDS);
    expect((await seller.get(feedId)).body.processingStatus).toBe('IN_PROGRESS');
  });

  it('may be uploaded gzipped', async () => {
    const feedId = await seller.submit(seller.messages(update('ZIPPED')), { gzip: true });
    await advance(2 * STEP_SECONDS);
    expect((await seller.report(feedId)).summary).toMatchObject({ messagesAccepted: 1 });
  });

  it('is processed after the feed before it, and lies in the books before what is called later', async () => {
    const title = (value: string) => ({ item_name: [{ value, language_tag: 'en_US', marketplace_id: US }] });
    const first = await seller.submit(seller.messages(update('ORDER', title('first'))));
    const second = await seller.submit(seller.messages(update('ORDER', title('second'))));
    await advance(2 * STEP_SECONDS);
    expect((await seller.get(first)).body.processingStatus).toBe('DONE');
    expect((await seller.get(second)).body.processingStatus).toBe('IN_PROGRESS');
    await advance(STEP_SECONDS);
    const caller = await sandbox().seller(seller.world);
    await caller.put('ORDER', shirt(title('third')));
    await advance(STEP_SECONDS);
    expect((await seller.book('ORDER'))?.attributes).toMatchObject(title('third'));
    expect(await seller.book('ORDER')).toMatchObject({ puts: 3 });
  });

  it.each([
    ['no JSON', () => '{"header":'],
    ['no header', () => ({ messages: [{}] })],
    ['another seller', () => ({ header: { sellerId: 'A1', version: '2.0' }, messages: [{}] })],
    ['no message', () => ({ ...seller.messages() })],
    ['25,001 messages', () => seller.messages(...Array.from({ length: 25_001 }, (_, index) => ({ sku: `S${index}` })))],
    ['more than 10 MiB', () => seller.messages(update('BIG', { item_name: 'x'.repeat(10 * 1024 * 1024) }))],
  ])('ends FATAL with %s, and its report says why', async (_, document) => {
    const feedId = await seller.submit(document());
    await advance(2 * STEP_SECONDS);
    expect((await seller.get(feedId)).body.processingStatus).toBe('FATAL');
    const { issues, summary } = await seller.report(feedId);
    expect(issues).toEqual([{ severity: 'ERROR', message: expect.any(String) }]);
    expect(summary).toMatchObject({ errors: 1, messagesProcessed: 0 });
  });

  it('ends FATAL when its type has died out', async () => {
    const { url, feedDocumentId } = (await seller.createDocument()).body;
    await uploadTo(url, '<xml/>');
    const { feedId } = (await seller.create(feedDocumentId, 'POST_PRODUCT_DATA')).body;
    await advance(2 * STEP_SECONDS);
    expect((await seller.get(feedId)).body.processingStatus).toBe('FATAL');
  });

  it('can be cancelled in the queue, and not any more when it is processed', async () => {
    const [gone, late] = [
      await seller.submit(seller.messages(update('GONE'))),
      await seller.submit(seller.messages(update('LATE'))),
    ];
    expect((await seller.cancel(gone)).status).toBe(200);
    expect((await seller.get(gone)).body.processingStatus).toBe('CANCELLED');
    await advance(2 * STEP_SECONDS);
    expect((await seller.cancel(late)).status).toBe(400);
    await advance(2 * STEP_SECONDS);
    expect(await seller.book('GONE')).toBeUndefined();
    expect(await seller.book('LATE')).toBeDefined();
  });

  it('is told by mood to hang, to fail half-way or to be cancelled', async () => {
    const submitWith = async (mood: string) => {
      await seller.amazon({ feeds: mood });
      return seller.submit(seller.messages(update(`${mood}-1`), update(`${mood}-2`)));
    };
    const [stuck, fatal, cancelled] = [
      await submitWith('stuck'),
      await submitWith('fatal'),
      await submitWith('cancelled'),
    ];
    await seller.amazon({ feeds: null });
    await advance(3000);
    const status = async (feedId: string) => (await seller.get(feedId)).body;
    expect(await status(stuck)).toMatchObject({ processingStatus: 'IN_PROGRESS' });
    expect(await status(fatal)).toMatchObject({ processingStatus: 'FATAL' });
    expect(await status(fatal)).not.toHaveProperty('resultFeedDocumentId');
    expect(await status(cancelled)).toMatchObject({ processingStatus: 'CANCELLED' });
    const sent = await Promise.all(
      ['stuck-1', 'fatal-1', 'fatal-2', 'cancelled-1'].map(async (sku) => Boolean(await seller.book(sku)))
    );
    expect(sent).toEqual([false, true, false, false]);
  });

  it('is listed by type, status and time, page by page', async () => {
    const ids: string[] = [];
    for (const sku of ['L-1', 'L-2', 'L-3']) {
      ids.unshift(await seller.submit(seller.messages(update(sku))));
      await advance(1);
    }
    const list = (query: string) =>
      seller.call<{ feeds: FeedView[]; nextToken?: string }>('getFeeds', 'GET', `/feeds?${query}`);
    const first = (await list('feedTypes=JSON_LISTINGS_FEED&pageSize=2')).body;
    expect(first.feeds.map(({ feedId }) => feedId)).toEqual(ids.slice(0, 2));
    const rest = (await list(`nextToken=${encodeURIComponent(first.nextToken!)}`)).body;
    expect(rest.feeds.map(({ feedId }) => feedId)).toEqual(ids.slice(2));
    expect(rest).not.toHaveProperty('nextToken');
    expect((await list('feedTypes=POST_PRODUCT_DATA')).body.feeds).toEqual([]);
    expect((await list('feedTypes=JSON_LISTINGS_FEED&processingStatuses=DONE,FATAL')).body.feeds).toEqual([]);
    expect((await list('pageSize=2')).status).toBe(400);
    expect((await list(`nextToken=${encodeURIComponent(first.nextToken!)}&pageSize=2`)).status).toBe(400);
  });

  it('is refused without an uploaded document, a marketplace, or a feed that exists', async () => {
    const { feedDocumentId } = (await seller.createDocument()).body;
    expect((await seller.create(feedDocumentId)).body.errors[0]).toMatchObject({
      code: '400',
      message: 'Invalid input',
    });
    expect((await seller.create('badDocumentId')).status).toBe(400);
    expect((await seller.create(feedDocumentId, 'JSON_LISTINGS_FEED', [])).status).toBe(400);
    expect((await seller.get('12345')).status).toBe(404);
    expect((await seller.document('none')).status).toBe(404);
    expect((await seller.call('createFeedDocument', 'POST', '/documents', {})).status).toBe(400);
  });
});

describeWithAmazonModels("a document's link", () => {
  let seller: FeedsClient;
  beforeEach(async () => {
    await sandbox().control('POST', 'reset');
    seller = await FeedsClient.open('links', sandbox());
  });

  it('dies after five minutes, for the upload and for the download', async () => {
    const { url } = (await seller.createDocument()).body;
    await advance(LINK_SECONDS - 1);
    expect((await uploadTo(url, '{}')).status).toBe(200);
    await advance(1);
    const late = await uploadTo(url, '{}');
    expect([late.status, await late.text()]).toEqual([403, expect.stringContaining('Request has expired')]);

    const feedId = await seller.submit(seller.messages(update('D-1')));
    await advance(2 * STEP_SECONDS);
    const { resultFeedDocumentId } = (await seller.get(feedId)).body;
    const link = (await seller.document(resultFeedDocumentId!)).body.url;
    await advance(LINK_SECONDS);
    expect((await fetch(link)).status).toBe(403);
    expect((await fetch((await seller.document(resultFeedDocumentId!)).body.url)).status).toBe(200);
  });

  it('is good for one verb, one content type and no token beside it', async () => {
    const { url } = (await seller.createDocument()).body;
    expect((await fetch(url)).status).toBe(403);
    expect((await uploadTo(url, '{}', 'text/plain')).status).toBe(403);
    expect((await uploadTo(url, '{}', JSON_UTF8, { 'x-amz-access-token': 'Atza|x' })).status).toBe(400);
    expect((await uploadTo(url.replace(/signature=..../, 'signature=0000'), '{}')).status).toBe(403);
    expect((await uploadTo(url, '{}')).status).toBe(200);
  });

  it('is dead from the start by mood, and once by a fault', async () => {
    await seller.amazon({ feeds: 'dead-links' });
    expect((await uploadTo((await seller.createDocument()).body.url, '{}')).status).toBe(403);
    await seller.amazon({ feeds: null });
    const fault = { match: { operation: 'uploadFeedDocument' }, kind: 'status', status: 403, times: 1 };
    await sandbox().control('POST', 'faults', fault);
    const { url } = (await seller.createDocument()).body;
    expect([(await uploadTo(url, '{}')).status, (await uploadTo(url, '{}')).status]).toEqual([403, 200]);
  });

  it('says gzip of itself when it is asked to', async () => {
    const feedId = await seller.submit(seller.messages(update('E-1')));
    await advance(2 * STEP_SECONDS);
    const { resultFeedDocumentId } = (await seller.get(feedId)).body;
    const { url } = (await seller.document(resultFeedDocumentId!, '?enableContentEncodingUrlHeader=true')).body;
    expect(await (await fetch(url)).json()).toMatchObject({ summary: { messagesAccepted: 1 } });
  });
});

describeWithAmazonModels('a data folder', () => {
  it('keeps a feed that waits, its document and a report that is there over a restart', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'longshore-sandbox-'));
    try {
      const first = await startSandbox({ dataDir, visibleAfterMs: 1_000 });
      const before = await FeedsClient.open('memory', new SandboxClient(first.url));
      const done = await before.submit(before.messages(update('KEPT-1')));
      await new SandboxClient(first.url).control('POST', 'clock', { advanceSeconds: 2 });
      expect((await before.get(done)).body.processingStatus).toBe('DONE');
      const waiting = await before.submit(before.messages(update('KEPT-2')));
      await first.close();

      const second = await startSandbox({ dataDir, visibleAfterMs: 1_000 });
      const again = new SandboxClient(second.url);
      const after = await FeedsClient.open('memory', again);
      await again.control('POST', 'clock', { advanceSeconds: 2 });
      for (const feedId of [done, waiting])
        expect((await after.report(feedId)).summary).toMatchObject({ messagesAccepted: 1 });
      expect(await after.book('KEPT-2')).toMatchObject({ puts: 1 });
      expect(await after.book('KEPT-1')).toMatchObject({ puts: 1 });
      await second.close();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});

describeWithAmazonModels('the limits of feeds', () => {
  it('let five submissions through in any five minutes, and not one more', async () => {
    await strict().control('POST', 'clock', { frozen: true });
    const seller = await FeedsClient.open('limits', strict());
    const { url, feedDocumentId } = (await seller.createDocument()).body;
    await uploadTo(url, '{}');
    const create = async () => (await seller.create(feedDocumentId)).status;
    const pass = (seconds: number) => strict().control('POST', 'clock', { advanceSeconds: seconds });
    expect([await create(), await create()]).toEqual([202, 202]);
    await pass(200);
    expect([await create(), await create(), await create(), await create()]).toEqual([202, 202, 202, 429]);
    await pass(99);
    expect(await create()).toBe(429);
    await pass(1);
    expect([await create(), await create(), await create()]).toEqual([202, 202, 429]);
  });

  it('hold documents, questions and lists to their documented rates', async () => {
    await strict().control('POST', 'clock', { frozen: true });
    const seller = await FeedsClient.open('rates', strict());
    const refusals = async (count: number, call: () => Promise<Reply<unknown>>) => {
      const replies = await Promise.all(Array.from({ length: count }, call));
      return replies.filter(({ status }) => status === 429).length;
    };
    expect(await refusals(16, () => seller.createDocument())).toBe(1);
    expect(await refusals(16, () => seller.get('1'))).toBe(1);
    expect(await refusals(16, () => seller.cancel('1'))).toBe(1);
    expect(await refusals(11, () => seller.document('1'))).toBe(1);
    expect((await seller.get('1')).headers.get('x-amzn-ratelimit-limit')).toBeNull();
  });
});
