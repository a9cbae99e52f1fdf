import fc from 'fast-check';
import {
  FEED_LIMITS,
  FeedDraft,
  feedDocument,
  feedOperationOf,
  feedOrCalls,
  outcomesOf,
  planFeeds,
  USUAL_FEED_SECONDS,
} from '../../domain/feed-plan';
import type { LedgerEntry } from '../../domain/ledger';
import type { WantedListing } from '../../domain/listing';
import { hashesOf } from '../../domain/listing-hashes';
import type { FeedOperation, FeedReport } from '../../domain/ports/feeds';

const header = { sellerId: 'A1EXAMPLE', issueLocale: 'en_US' };

const price = { purchasable_offer: [{ currency: 'USD', our_price: [{ schedule: [{ value_with_tax: 20 }] }] }] };
const quantity = { fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 5 }] };
const details = { item_name: [{ value: 'Tee' }], brand: [{ value: 'Luma' }] };

function wanted(changes: Partial<WantedListing> = {}): WantedListing {
  return { productType: 'SHIRT', requirements: 'LISTING', details, price, quantity, ...changes };
}

function waiting(changes: Partial<LedgerEntry> = {}): LedgerEntry {
  const listing = changes.wanted === undefined ? wanted() : changes.wanted;
  return {
    sku: 'A',
    state: 'pending',
    lane: 'details',
    verdict: { kind: 'sell', reasons: [] },
    wanted: listing,
    wantedHashes: listing && hashesOf(listing),
    sentHashes: null,
    sentProductType: null,
    sentParentSku: null,
    refusedHashes: null,
    adopted: null,
    ...changes,
  } as LedgerEntry;
}

const sent = (listing: WantedListing) => ({ sentHashes: hashesOf(listing), sentProductType: listing.productType });
const older = wanted({ details: { item_name: [{ value: 'Old tee' }] } });
const adopted = { at: new Date(), status: ['BUYABLE'] };
const sending = { sendPrice: true };
const leaving = { sendPrice: false };

describe('what a waiting SKU becomes in a feed', () => {
  test('is an UPDATE with every attribute, as a PUT has it', () => {
    const operation = { operationType: 'UPDATE', sku: 'A', productType: 'SHIRT', requirements: 'LISTING' };
    const attributes = { ...details, ...price, ...quantity };
    expect(feedOperationOf(waiting(), sending)).toEqual({ ...operation, attributes });
    expect(feedOperationOf(waiting(sent(older)), sending)).toEqual({ ...operation, attributes });
  });

  test('is a PATCH of what has changed of price and quantity, under the type that Amazon has it by', () => {
    const before = wanted({
      quantity: { fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 9 }] },
    });
    const entry = waiting({ lane: 'offer', sentHashes: hashesOf(before), sentProductType: 'SWEATSHIRT' });
    expect(feedOperationOf(entry, sending)).toEqual({
      operationType: 'PATCH',
      sku: 'A',
      productType: 'SWEATSHIRT',
      patches: [
        { op: 'merge', path: '/attributes/fulfillment_availability', value: quantity.fulfillment_availability },
      ],
    });
  });

  test('is changed attribute by attribute where it was before us (B13)', () => {
    expect(feedOperationOf(waiting({ adopted }), sending)).toMatchObject({
      operationType: 'PATCH',
      patches: [
        { op: 'replace', path: '/attributes/item_name' },
        { op: 'replace', path: '/attributes/brand' },
        { op: 'merge', path: '/attributes/fulfillment_availability' },
        { op: 'merge', path: '/attributes/purchasable_offer' },
      ],
    });
  });

  test('is a PARTIAL_UPDATE where everything is replaced and nothing merged', () => {
    const productOnly = wanted({ requirements: 'LISTING_PRODUCT_ONLY', price: undefined, quantity: undefined });
    expect(feedOperationOf(waiting({ adopted, wanted: productOnly }), sending)).toEqual({
      operationType: 'PARTIAL_UPDATE',
      sku: 'A',
      productType: 'SHIRT',
      attributes: details,
    });
  });

  test('has no price that is left to Amazon, and wipes none (V11)', () => {
    const priceless = wanted({ price: undefined });
    const isNew = feedOperationOf(waiting({ wanted: priceless }), leaving);
    const known = feedOperationOf(waiting({ wanted: priceless, ...sent(older) }), leaving);
    const offer = feedOperationOf(
      waiting({ wanted: priceless, lane: 'offer', sentHashes: { details: hashesOf(priceless).details } }),
      leaving
    );
    expect([isNew, known, offer].map((operation) => operation?.operationType)).toEqual(['UPDATE', 'PATCH', 'PATCH']);
    expect(JSON.stringify([isNew, known, offer])).not.toContain('purchasable_offer');
  });

  test('ends a relation of a child that leaves its family, which only a PATCH can', () => {
    const child = waiting({
      wanted: wanted({ price: undefined, quantity: undefined, requirements: 'LISTING_PRODUCT_ONLY' }),
      adopted,
      sentParentSku: 'P',
    });
    expect(feedOperationOf(child, sending)).toMatchObject({
      operationType: 'PATCH',
      patches: expect.arrayContaining([expect.objectContaining({ op: 'delete' })]),
    });
  });

  test('is replaced whole when it is a parent, which has no price to lose', () => {
    const parent = wanted({
      details: { ...details, parentage_level: [{ value: 'parent' }] },
      price: undefined,
      quantity: undefined,
    });
    expect(feedOperationOf(waiting({ wanted: parent, ...sent(older) }), leaving)?.operationType).toBe('UPDATE');
  });

  const soldOut = wanted({
    quantity: { fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 0 }] },
  });
  test.each<[string, Partial<LedgerEntry>]>([
    ['has nothing to send', { lane: null }],
    ['is tried again already', { state: 'retrying' }],
    ['has nothing wanted', { wanted: null }],
    [
      'is to stop selling',
      { lane: 'offer', wanted: soldOut, verdict: { kind: 'pause', reasons: [] }, ...sent(wanted()) },
    ],
    ['was there before and is to stop selling', { wanted: soldOut, verdict: { kind: 'pause', reasons: [] }, adopted }],
    ['is held back by a rule', { lane: 'offer', verdict: { kind: 'block', reasons: [] }, ...sent(wanted()) }],
    ['has left the assortment', { lane: 'offer', verdict: { kind: 'remove', reasons: [] }, ...sent(wanted()) }],
    ['was refused as it is', { lane: 'offer', refusedHashes: hashesOf(wanted()), ...sent(older) }],
    ['has no change of price or quantity', { lane: 'offer', ...sent(wanted()) }],
  ])('is nothing, and goes by a call if at all, when it %s', (_, changes) => {
    expect(feedOperationOf(waiting(changes), sending)).toBeUndefined();
  });

  test('may be a new listing without stock, which sells nothing yet', () => {
    const entry = waiting({ wanted: soldOut, verdict: { kind: 'pause', reasons: [] } });
    expect(feedOperationOf(entry, sending)?.operationType).toBe('UPDATE');
  });
});

/** Operations of every kind, with texts that have more bytes than characters. */
const anyOperations: fc.Arbitrary<FeedOperation[]> = fc
  .uniqueArray(
    fc.record({
      sku: fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
      kind: fc.constantFrom('UPDATE', 'PARTIAL_UPDATE', 'PATCH', 'DELETE'),
      text: fc.string({ unit: 'binary' }),
      times: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 300 }) }, fc.integer({ min: 1, max: 400_000 })),
    }),
    { selector: ({ sku }) => sku, maxLength: 12 }
  )
  .map((rows) =>
    rows.map(({ sku, kind, text, times }) =>
      operationOf(sku, kind, `é"\n${text}`.repeat(Math.ceil(times / (text.length + 3))))
    )
  );

function operationOf(sku: string, kind: string, text: string): FeedOperation {
  const value = [{ value: text }];
  const base = { sku, productType: 'SHIRT' };
  if (kind === 'UPDATE')
    return { ...base, operationType: 'UPDATE', requirements: 'LISTING', attributes: { item_name: value } };
  if (kind === 'PARTIAL_UPDATE') return { ...base, operationType: 'PARTIAL_UPDATE', attributes: { item_name: value } };
  if (kind === 'PATCH')
    return { ...base, operationType: 'PATCH', patches: [{ op: 'replace', path: '/attributes/item_name', value }] };
  return { sku, operationType: 'DELETE' };
}

/** Of a third of a feed each, and a little. */
const severalFeeds = Array.from({ length: 7 }, (_, index) =>
  operationOf(`L-${index}`, 'UPDATE', 'x'.repeat(3_000_000 + index * 200_000))
);

const bytesOf = (draft: FeedDraft) => Buffer.byteLength(feedDocument(header, draft.messages));

describe('the feeds that are planned', () => {
  test('hold every operation once and in order, fit to the byte, and have room for nothing that follows', () => {
    fc.assert(
      fc.property(anyOperations, (operations) => {
        const { feeds, tooLarge } = planFeeds(header, operations);
        const planned = feeds.flatMap(({ messages }) => messages.map(({ messageId: _, ...operation }) => operation));
        expect([...planned, ...tooLarge].map(({ sku }) => sku).sort()).toEqual(operations.map(({ sku }) => sku).sort());
        expect(planned).toEqual(operations.filter((each) => !tooLarge.includes(each)));
        feeds.forEach((feed, index) => {
          expect(feed.bytes).toBe(bytesOf(feed));
          expect(feed.bytes).toBeLessThanOrEqual(FEED_LIMITS.bytes);
          expect(feed.messages.map(({ messageId }) => messageId)).toEqual(feed.messages.map((_, at) => at + 1));
          const next = feeds[index + 1]?.messages[0];
          const full =
            next &&
            Buffer.byteLength(
              feedDocument(header, [...feed.messages, { ...next, messageId: feed.messages.length + 1 }])
            );
          if (full !== undefined) expect(full).toBeGreaterThan(FEED_LIMITS.bytes);
        });
      }),
      { numRuns: 40, examples: [[severalFeeds], [severalFeeds.toReversed()]] }
    );
  });

  test('are filled to the last byte, and not one more', () => {
    const draft = new FeedDraft(header);
    const empty = JSON.stringify({ messageId: 1, ...operationOf('A', 'UPDATE', '') });
    const room = FEED_LIMITS.bytes - draft.bytes - empty.length;
    expect(draft.add(operationOf('A', 'UPDATE', 'x'.repeat(room + 1)))).toBe(false);
    expect(draft.add(operationOf('A', 'UPDATE', 'x'.repeat(room)))).toBe(true);
    expect(bytesOf(draft)).toBe(FEED_LIMITS.bytes);
    expect(draft.add({ operationType: 'DELETE', sku: 'B' })).toBe(false);
  });

  test('hold at most 25,000 messages', () => {
    const operations = Array.from({ length: 50_001 }, (_, index) => ({
      operationType: 'DELETE' as const,
      sku: `S${index}`,
    }));
    expect(planFeeds(header, operations).feeds.map(({ messages }) => messages.length)).toEqual([25_000, 25_000, 1]);
  });

  test('hold one SKU once each', () => {
    const twice: FeedOperation[] = [operationOf('A', 'UPDATE', 'x'), { operationType: 'DELETE', sku: 'A' }];
    expect(planFeeds(header, twice).feeds.map(({ messages }) => messages.length)).toEqual([1, 1]);
  });

  test('leave out what no feed can hold', () => {
    const large = operationOf('LARGE', 'UPDATE', 'x'.repeat(FEED_LIMITS.bytes));
    const { feeds, tooLarge } = planFeeds(header, [operationOf('A', 'DELETE', ''), large]);
    expect([feeds.length, tooLarge]).toEqual([1, [large]]);
    expect(planFeeds(header, [])).toEqual({ feeds: [], tooLarge: [] });
  });
});

describe('feed or calls', () => {
  const rates = { callsPerSecond: 5, nextFeedInSeconds: 0, feedSeconds: USUAL_FEED_SECONDS };
  const of = (
    messages: number,
    { bytes = messages * 2_200, ...changes }: Partial<typeof rates & { bytes: number }> = {}
  ) => feedOrCalls({ messages, bytes }, { ...rates, ...changes });

  test.each<[string, ReturnType<typeof of>, object]>([
    ['nothing', of(0), { by: 'calls', secondsByCalls: 0 }],
    ['1,500 at 5/s: equal', of(1_500), { by: 'calls', secondsByCalls: 300, secondsByFeed: 300, feeds: 1 }],
    ['1,501 at 5/s', of(1_501), { by: 'feed', feeds: 1 }],
    ['1,501 at 10/s', of(1_501, { callsPerSecond: 10 }), { by: 'calls' }],
    ['600 at 5/s shared by three', of(600, { callsPerSecond: 5 / 3 }), { by: 'feed' }],
    ['1,600 half a minute after a feed', of(1_600, { nextFeedInSeconds: 30 }), { by: 'calls', secondsByFeed: 330 }],
    ['6,000 where feeds take half an hour', of(6_000, { feedSeconds: 1_800 }), { by: 'calls' }],
    ['10,000 at 5/s', of(10_000), { by: 'feed', feeds: 3, secondsByCalls: 2_000, secondsByFeed: 420 }],
    [
      '100,000 of 400 bytes: the messages count',
      of(100_000, { bytes: 4e7 }),
      { by: 'feed', feeds: 4, secondsByFeed: 480 },
    ],
    [
      '100,000 of 2,200 bytes: the bytes count',
      of(100_000),
      { by: 'feed', feeds: 21, secondsByFeed: 1_500, secondsByCalls: 20_000 },
    ],
    ['1,000 of 1 MiB: hundreds of feeds', of(1_000, { bytes: 1_000 * 2 ** 20 }), { by: 'calls', feeds: 100 }],
  ])('%s', (_, decided, expected) => expect(decided).toMatchObject(expected));

  test('more of the same never turns one feed into calls', () => {
    const some = fc.record({ messages: fc.integer({ min: 1, max: 4_000 }), more: fc.integer({ min: 1, max: 700 }) });
    fc.assert(
      fc.property(some, fc.integer({ min: 0, max: 60 }), ({ messages, more }, nextFeedInSeconds) => {
        if (of(messages, { nextFeedInSeconds }).by === 'feed')
          expect(of(messages + more, { nextFeedInSeconds }).by).toBe('feed');
      })
    );
  });
});

describe('the outcome of each message', () => {
  const messages = ['A', 'B', 'C'].map((sku, index) => ({ messageId: index + 1, sku }));
  const problem = (severity: 'error' | 'warning', code = 'amazon.1') => ({
    code,
    message: code,
    severity,
    owner: 'merchant' as const,
  });
  const report = (problems: FeedReport['problems'], accepted: number, invalid: number): FeedReport => ({
    feedId: 'F1',
    problems,
    summary: { processed: accepted + invalid, accepted, invalid },
  });
  const statuses = (given: FeedReport) => {
    const { answers, unknown } = outcomesOf(given, messages);
    return { ...Object.fromEntries([...answers].map(([sku, { status }]) => [sku, status])), unknown };
  };

  test('is accepted without an error, and invalid with one', () => {
    const found = [
      { messageId: 2, sku: 'B', problem: problem('error') },
      { messageId: 2, problem: problem('error', 'amazon.2') },
      { messageId: 3, problem: problem('warning') },
    ];
    expect(statuses(report(found, 2, 1))).toEqual({ A: 'ACCEPTED', B: 'INVALID', C: 'ACCEPTED', unknown: [] });
    const { answers } = outcomesOf(report(found, 2, 1), messages);
    expect(answers.get('B')?.problems.map(({ code }) => code)).toEqual(['amazon.1', 'amazon.2']);
    expect(answers.get('C')).toEqual({ status: 'ACCEPTED', submissionId: 'F1', problems: [problem('warning')] });
  });

  test('is found by the SKU where the message is not named', () => {
    expect(statuses(report([{ sku: 'C', problem: problem('error') }], 2, 1))).toMatchObject({ C: 'INVALID' });
  });

  test('is unknown where the report does not account for it', () => {
    expect(statuses(report([{ messageId: 1, problem: problem('error') }], 1, 1))).toEqual({
      A: 'INVALID',
      unknown: ['B', 'C'],
    });
    expect(statuses(report([{ problem: problem('error') }], 0, 0))).toEqual({ unknown: ['A', 'B', 'C'] });
  });

  test('is nothing of messages that were not in the feed', () => {
    expect(statuses(report([{ messageId: 9, sku: 'Z', problem: problem('error') }], 3, 1))).toEqual({
      A: 'ACCEPTED',
      B: 'ACCEPTED',
      C: 'ACCEPTED',
      unknown: [],
    });
  });
});
