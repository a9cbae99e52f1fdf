import { syncLeaseId } from '../../domain/ids';
import type { ListingProblem } from '../../domain/listing';
import { leaseStore } from '../../models/leases';
import { listingModel, parentModel, type ListingDocument } from '../../models/listings';
import { syncRunModel } from '../../models/sync-runs';
import { ApiUnderTest } from './api-under-test';
import { listing, putListings } from './samples';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(async () => {
  await api.stop();
});

const invalid: ListingProblem = {
  code: 'invalid',
  message: 'The brand is missing.',
  severity: 'error',
  owner: 'merchant',
};
const refused: ListingProblem = {
  code: 'amazon.90220',
  message: "'brand' is required but missing.",
  severity: 'error',
  owner: 'merchant',
  attributes: ['brand'],
};
const unsent = { sentHashes: null, submittedAt: null, lastPayload: null, lastAnswer: null, seen: null, attempts: [] };

describe('GET …/listings', () => {
  it('pages by SKU without gaps or repeats while the ledger is being written', async () => {
    const id = await api.connector();
    const skus = Array.from({ length: 23 }, (_, n) => `sku-${String(n).padStart(2, '0')}`);
    await putListings(
      api.connection,
      skus.map((sku) => listing(id, sku))
    );
    await putListings(api.connection, [listing(await api.connector(), 'of another connector')]);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await api.get(`/v1/connectors/${id}/listings?limit=5${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...body.items.map(({ sku }) => sku as string));
      cursor = body.nextCursor;
      await listingModel(api.connection).updateMany({ connectorId: id }, { $set: { state: 'pending' } });
    }
    expect(seen).toEqual(skus);
  });

  it('narrows to a state, a problem, and a prefix in any case', async () => {
    const id = await api.connector();
    await putListings(api.connection, [
      listing(id, 'AB-1'),
      listing(id, 'ab-2', { state: 'rejected', problems: [refused] }),
      listing(id, 'A.b', { state: 'blocked', problems: [invalid] }),
      listing(id, 'zz', { state: 'rejected', problems: [refused, invalid] }),
    ]);
    const skus = async (query: string) =>
      (await api.get(`/v1/connectors/${id}/listings?${query}`)).body.items.map(({ sku }) => sku);
    expect(await skus('state=rejected')).toEqual(['ab-2', 'zz']);
    expect(await skus('problem=invalid')).toEqual(['A.b', 'zz']);
    expect(await skus('q=aB-')).toEqual(['AB-1', 'ab-2']);
    expect(await skus('q=a.')).toEqual(['A.b']);
    expect(await skus('state=rejected&problem=amazon.90220&q=z')).toEqual(['zz']);
    expect(await skus('state=removed')).toEqual([]);
  });
});

describe('GET …/listings/{sku}', () => {
  it('explains an integrated SKU, which shows with a p (V16, B9)', async () => {
    const id = await api.connector();
    await putListings(api.connection, [listing(id, '13737')]);
    const { status, body } = await api.get(`/v1/connectors/${id}/listings/13737`);
    expect(status).toBe(200);
    expect(body).toEqual({
      sku: '13737',
      displayCode: '13737p',
      title: 'Title of 13737',
      state: 'live',
      meaning: 'seen at Amazon, for sale',
      reason: 'Amazon shows it as it was sent.',
      quantity: 9,
      productType: 'SHIRT',
      problems: [],
      updatedAt: expect.any(String),
      sourceId: 'src-13737',
      productId: 'p1',
      isKit: false,
      verdict: { kind: 'sell', blockReason: null, reasons: ['Stock is 9.'] },
      wanted: {
        productType: 'SHIRT',
        requirements: 'LISTING',
        details: { item_name: [{ value: 'Title of 13737' }] },
        price: { purchasable_offer: [{ our_price: 1 }] },
        quantity: { fulfillment_availability: [{ quantity: 9 }] },
      },
      parent: null,
      heldBackPrice: null,
      lastPayload: { attributes: { item_name: [{ value: 'Title of 13737' }] } },
      lastAnswer: { at: '2026-01-01T00:00:00.000Z', status: 'ACCEPTED', submissionId: 'sub-1', problems: [] },
      attempts: [{ at: '2026-01-01T00:00:00.000Z', operation: 'put', outcome: 'accepted', message: null }],
      failures: 0,
      submittedAt: '2026-01-01T00:00:00.000Z',
      nextAttemptAt: null,
      nextCheckAt: null,
      atAmazon: {
        at: '2026-01-01T00:05:00.000Z',
        asin: 'B000TEST01',
        status: ['BUYABLE'],
        quantity: 9,
        price: '1.00',
      },
      wasAtAmazon: false,
      unreadable: null,
    });
  });

  it.each(['with/slash', 'with space', 'ümlaut', 'a:b', '100%', '../x', "o'clock"])('finds the SKU %s', async (sku) => {
    const id = await api.connector();
    await putListings(api.connection, [listing(id, sku, { state: 'submitted' })]);
    const { status, body } = await api.get(`/v1/connectors/${id}/listings/${encodeURIComponent(sku)}`);
    expect([status, body.sku, body.displayCode]).toEqual([200, sku, sku]);
  });
});

describe('a SKU with a parent (V10)', () => {
  const child = { parentage_level: [{ value: 'child' }], child_parent_sku_relationship: [{ parent_sku: 'P' }] };
  const wanted = { productType: 'SHIRT', requirements: 'LISTING' as const, details: child };

  it.each([
    ['live', 'C-1p'],
    ['submitted', 'C-1'],
    ['rejected', 'C-1'],
  ] as const)('whose parent is %s is shown as %s, in lists too (V16)', async (state, code) => {
    const id = await api.connector();
    await putListings(api.connection, [listing(id, 'C-1', { wanted })]);
    const reason = 'As Amazon says.';
    await parentModel(api.connection).create(listing(id, 'P', { state, reason, problems: [] }));
    const { body } = await api.get(`/v1/connectors/${id}/listings/C-1`);
    expect(body).toMatchObject({ displayCode: code, parent: { sku: 'P', state, reason, problems: [] } });
    expect((await api.get(`/v1/connectors/${id}/listings`)).body.items[0]!.displayCode).toBe(code);
    expect((await api.get(`/v1/connectors/${id}/listings.csv`)).text).toContain(`C-1,${code},`);
  });
});

describe('GET …/listings.csv', () => {
  it('gives every SKU, and no value that a spreadsheet takes for a formula', async () => {
    const id = await api.connector();
    await putListings(api.connection, [
      listing(id, '=cmd()', { title: '+1', reason: '@SUM(A1)', problems: [{ ...invalid, message: '-2+3' }] }),
      listing(id, 'a', { title: 'with "quotes", commas\nand lines' }),
      ...Array.from({ length: 1_200 }, (_, n) => listing(id, `z${n}`)),
    ]);

    const { status, headers, text } = await api.get(`/v1/connectors/${id}/listings.csv`);

    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="listings-${id}.csv"`);
    const lines = text.split('\n');
    expect(lines[0]).toBe(
      'sku,displayCode,title,state,reason,quantity,productType,asin,problemCodes,problems,submittedAt,nextAttemptAt,updatedAt'
    );
    expect(lines[1]).toMatch(/^'=cmd\(\),'=cmd\(\)p,'\+1,live,'@SUM\(A1\),9,SHIRT,B000TEST01,invalid,'-2\+3,/);
    expect(text).toContain('"with ""quotes"", commas\nand lines"');
    expect(lines.length).toBe(1 + 1_202 + 1 + 1);
  });

  it('narrows as the list does', async () => {
    const id = await api.connector();
    await putListings(api.connection, [listing(id, 'a'), listing(id, 'b', { state: 'rejected' })]);
    const { text } = await api.get(`/v1/connectors/${id}/listings.csv?state=rejected`);
    expect(text.trim().split('\n')).toHaveLength(2);
  });
});

describe('POST …/requeue', () => {
  it('puts SKUs back in the lane they need, and starts a run', async () => {
    const id = await api.connector();
    await putListings(api.connection, [
      listing(id, 'rejected', { state: 'rejected', problems: [refused], refusedHashes: { details: 'd1' } }),
      listing(id, 'never-sent', { ...unsent, state: 'rejected', problems: [refused] }),
      listing(id, 'live', { problems: [refused] }),
      listing(id, 'blocked', {
        ...unsent,
        state: 'blocked',
        problems: [refused],
        verdict: { kind: 'block', reasons: [] },
      }),
      listing(id, 'other'),
    ]);

    const { status, body } = await api.post(`/v1/connectors/${id}/requeue`, { problem: 'amazon.90220' });

    expect([status, body.requeued]).toEqual([202, 3]);
    expect(api.orchestrator.calls.at(-1)).toEqual({
      name: 'startSync',
      args: [{ connectorId: id, syncId: body.id, trigger: 'api' }],
    });
    const rows = await listingModel(api.connection).find({ connectorId: id }).lean();
    const bySku = Object.fromEntries(rows.map((row) => [row.sku, row]));
    expect(Object.fromEntries(rows.map(({ sku, state, lane }) => [sku, [state, lane]]))).toEqual({
      rejected: ['pending', 'details'],
      'never-sent': ['pending', 'details'],
      live: ['pending', 'offer'],
      blocked: ['blocked', null],
      other: ['live', null],
    });
    expect(bySku.rejected).toMatchObject({ refusedHashes: null, sentHashes: { details: '' }, problemCodes: [] });
    expect(bySku.live!.sentHashes).toEqual({ details: 'd1' });
    expect(bySku.live!.reason).toBe('Queued again by ADMIN_API_KEY.');
  });

  it('takes SKUs by name and state together', async () => {
    const id = await api.connector();
    await putListings(api.connection, [
      listing(id, 'a', { state: 'rejected' }),
      listing(id, 'b', { state: 'rejected' }),
      listing(id, 'c'),
    ]);
    const { body } = await api.post(`/v1/connectors/${id}/requeue`, { state: 'rejected', skus: ['a', 'c', 'nowhere'] });
    expect(body.requeued).toBe(1);
  });

  it('starts nothing when nothing matches', async () => {
    const id = await api.connector();
    const { status, body } = await api.post(`/v1/connectors/${id}/requeue`, { state: 'rejected' });
    expect([status, body]).toEqual([202, { id: null, requeued: 0 }]);
    expect(api.orchestrator.namesOf(id)).not.toContain('startSync');
  });

  it('changes nothing while a sync runs', async () => {
    const id = await api.connector();
    await putListings(api.connection, [listing(id, 'a', { state: 'rejected' })]);
    const { body: running } = await api.post(`/v1/connectors/${id}/syncs`, {});
    const { status, body } = await api.post(`/v1/connectors/${id}/requeue`, { state: 'rejected' });
    expect([status, body.code, body.syncId]).toEqual([409, 'sync_running', running.id]);
    expect(await listingModel(api.connection).countDocuments({ connectorId: id, state: 'rejected' })).toBe(1);
  });
});

describe('POST …/listings/{sku}/approve-price', () => {
  const usd = (minorUnits: number) => ({ minorUnits, currency: 'USD' });
  const of = (amount: unknown, currency = 'USD') => ({ price: { amount, currency } });
  const held = (id: string, parts: Partial<ListingDocument> = {}) =>
    listing(id, 'A/1', { sentPrice: usd(4000), heldBackPrice: usd(5250), ...parts });
  const approve = (id: string, body: unknown, headers = {}) =>
    api.post(`/v1/connectors/${id}/listings/${encodeURIComponent('A/1')}/approve-price`, body, { headers });
  const approvedOf = async (id: string) =>
    (await listingModel(api.connection).findOne({ connectorId: id }))?.approvedPrice;
  const started = (id: string) => api.orchestrator.namesOf(id).filter((name) => name === 'startSync').length;
  afterEach(() => {
    api.orchestrator.mood = 'there';
  });

  it('approves the price that waits, starts a sync of that SKU, and keeps in the trail what it was', async () => {
    const id = await api.connector();
    await putListings(api.connection, [held(id), held(id, { _id: `${id}:B`, sku: 'B' })]);
    const shown = (await api.get(`/v1/connectors/${id}/listings/A%2F1`)).body.heldBackPrice;
    expect(shown).toEqual({ amount: '52.50', currency: 'USD' });

    const { status, body, headers } = await approve(id, { price: shown });

    expect([status, headers.get('location')]).toEqual([202, `/v1/syncs/${body.id}`]);
    expect(await approvedOf(id)).toEqual(usd(5250));
    expect((await listingModel(api.connection).findById(`${id}:B`))?.approvedPrice).toBeNull();
    expect(api.orchestrator.calls.at(-1)).toMatchObject({ name: 'startSync', args: [{ syncId: body.id }] });
    expect(await syncRunModel(api.connection).findById(body.id).lean()).toMatchObject({ scope: 'skus', skus: ['A/1'] });
    const { items } = (await api.get(`/v1/audit?connectorId=${id}`)).body;
    expect(items.find(({ action }) => action === 'listing.price_approved')).toMatchObject({
      target: { type: 'listing', id: 'A/1' },
      fields: ['price'],
      changes: [{ field: 'price', before: '40 USD', after: '52.5 USD' }],
    });
  });

  it.each<[string, unknown, Partial<ListingDocument>, number, string, string, unknown]>([
    [
      'another price than the one that waits',
      of('52.51'),
      {},
      409,
      'price_not_waiting',
      '52.51 USD does not wait for approval any more: 52.5 USD does. Look at that one, and approve it if it is right.',
      { amount: '52.50', currency: 'USD' },
    ],
    [
      'the amount in another currency',
      of('52.50', 'EUR'),
      {},
      409,
      'price_not_waiting',
      '52.5 EUR does not wait for approval any more: 52.5 USD does. Look at that one, and approve it if it is right.',
      { amount: '52.50', currency: 'USD' },
    ],
    [
      'the last price',
      of(40),
      {},
      409,
      'price_not_waiting',
      '40 USD does not wait for approval any more: 52.5 USD does. Look at that one, and approve it if it is right.',
      { amount: '52.50', currency: 'USD' },
    ],
    [
      'a price where none waits',
      of(52.5),
      { heldBackPrice: null },
      409,
      'price_not_waiting',
      'No price of this SKU waits for approval.',
      null,
    ],
    [
      'a price of a SKU that an older version wrote',
      of(52.5),
      { heldBackPrice: undefined },
      409,
      'price_not_waiting',
      'No price of this SKU waits for approval.',
      null,
    ],
    [
      'a SKU that is not there',
      of(52.5),
      { _id: 'elsewhere' },
      404,
      'not_found',
      'There is no such listing.',
      undefined,
    ],
  ])('refuses %s, and changes nothing', async (_what, body, parts, status, code, detail, heldBackPrice) => {
    const id = await api.connector();
    await putListings(api.connection, [held(id, parts)]);
    const answer = await approve(id, body);
    expect([answer.status, answer.body.code, answer.body.detail]).toEqual([status, code, detail]);
    expect(answer.body.heldBackPrice).toEqual(heldBackPrice);
    expect([await approvedOf(id), started(id)]).toEqual([null, 0]);
    await listingModel(api.connection).deleteOne({ _id: 'elsewhere' });
  });

  it.each<[string, unknown, string[]]>([
    ['no price', {}, ['price required']],
    ['a price without an amount', { price: { currency: 'USD' } }, ['price.amount required']],
    ['a price without a currency', { price: { amount: 5 } }, ['price.currency required']],
    ['an amount that is none', of('about 50'), ['price.amount decimal']],
    ['an amount finer than a cent', of('52.501'), ['price.amount decimal']],
    ['an amount of a currency without cents', of('52.5', 'JPY'), ['price.amount decimal']],
    ['a list as the amount', of([52.5]), ['price.amount unknown_choice']],
    ['a currency in words', of(52.5, 'dollar'), ['price.currency format']],
    ['something more', { ...of(52.5), force: true }, ['force unknown_field']],
  ])('refuses %s', async (_what, body, errors) => {
    const id = await api.connector();
    const answer = await approve(id, body);
    expect([answer.status, answer.body.errors?.map(({ field, code }) => `${field} ${code}`)]).toEqual([422, errors]);
  });

  it('approves nothing where no sync can begin: inactive, one at work, or no workflow engine', async () => {
    const inactive = await api.connector('inactive');
    await putListings(api.connection, [held(inactive)]);
    expect((await approve(inactive, of(52.5))).body.code).toBe('not_active');

    const busy = await api.connector();
    await putListings(api.connection, [held(busy)]);
    const { body: running } = await api.post(`/v1/connectors/${busy}/syncs`, {});
    expect((await approve(busy, of(52.5))).body).toMatchObject({ code: 'sync_running', syncId: running.id });

    const away = await api.connector();
    await putListings(api.connection, [held(away)]);
    api.orchestrator.mood = 'away';
    expect((await approve(away, of(52.5))).body.code).toBe('workflows_unavailable');
    for (const id of [inactive, busy, away]) expect([id, await approvedOf(id)]).toEqual([id, null]);

    api.orchestrator.mood = 'there';
    expect((await approve(away, of(52.5))).status).toBe(202);
    expect(await approvedOf(away)).toEqual(usd(5250));
  });

  it('does not approve what a run has replaced between the look and the beginning', async () => {
    const id = await api.connector();
    await putListings(api.connection, [held(id)]);
    // A run that seems to be at work and is gone: whether it runs is asked after the first look.
    await leaseStore(api.connection).take(syncLeaseId(id), {
      holder: 'syn_gone',
      workflowId: `catalog-sync:${id}:gone`,
    });
    await api.connection.collection('leases').updateOne({ holder: 'syn_gone' }, { $set: { takenAt: new Date(0) } });
    const asked = jest.spyOn(api.orchestrator, 'isSyncRunning').mockImplementationOnce(async () => {
      await listingModel(api.connection).updateOne({ connectorId: id }, { $set: { heldBackPrice: usd(6000) } });
      return false;
    });
    const { status, body } = await approve(id, of(52.5));
    expect([status, body.code, body.heldBackPrice]).toEqual([
      409,
      'price_not_waiting',
      { amount: '60.00', currency: 'USD' },
    ]);
    expect(asked).toHaveBeenCalledTimes(1);
    expect([await approvedOf(id), started(id)]).toEqual([null, 0]);
    expect((await approve(id, of(60))).status).toBe(202);
  });

  it('answers a repeat under the same Idempotency-Key alike, and starts one sync', async () => {
    const id = await api.connector();
    await putListings(api.connection, [held(id)]);
    const first = await approve(id, of('52.50'), { 'idempotency-key': `approve-${id}` });
    const again = await approve(id, of('52.50'), { 'idempotency-key': `approve-${id}` });
    expect([again.status, again.body]).toEqual([202, first.body]);
    expect(started(id)).toBe(1);
  });
});

describe('GET …/problems', () => {
  it('groups by code, counts SKUs, and says what to do and who', async () => {
    const id = await api.connector();
    await putListings(api.connection, [
      ...Array.from({ length: 7 }, (_, n) => listing(id, `i${n}`, { state: 'blocked', problems: [invalid, invalid] })),
      listing(id, 'r1', { state: 'rejected', problems: [refused] }),
      listing(id, 'fine'),
    ]);
    const { body } = await api.get(`/v1/connectors/${id}/problems`);
    expect(body.items).toEqual([
      {
        code: 'invalid',
        message: 'The brand is missing.',
        meaning: 'Something that Amazon requires is missing or has the wrong form.',
        action: 'Correct the item in the catalogue; it is sent when it changes.',
        owner: 'merchant',
        severity: 'error',
        count: 7,
        sampleSkus: ['i0', 'i1', 'i2', 'i3', 'i4'],
      },
      {
        code: 'amazon.90220',
        message: "'brand' is required but missing.",
        meaning: 'Amazon refused what was sent.',
        action: 'Correct the item in the catalogue; it is sent again when it changes.',
        owner: 'merchant',
        severity: 'error',
        count: 1,
        sampleSkus: ['r1'],
      },
    ]);
  });
});
