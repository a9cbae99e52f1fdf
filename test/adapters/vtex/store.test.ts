import type { CatalogItem } from '../../../domain/catalog-item';
import type { SourcePage, VtexStore } from '../../../domain/ports/source';
import { failureOf, never, SandboxWorld } from '../sandbox-world';

interface Book {
  refId: string;
  price: number | null;
  quantity: number;
  reserved: number;
  active: boolean;
}

async function readAll(store: VtexStore, size: number): Promise<SourcePage[]> {
  const pages: SourcePage[] = [];
  for (let cursor: string | null = null; ;) {
    const page: SourcePage = await store.readPage(cursor, size, never);
    pages.push(page);
    if (page.nextCursor === null) return pages;
    cursor = page.nextCursor;
  }
}

describe('a VTEX store, against the sandbox', () => {
  let world: SandboxWorld;
  let store: VtexStore;

  beforeAll(async () => {
    world = await SandboxWorld.start();
  });
  afterAll(() => world.sandbox.close());
  beforeEach(async () => {
    await world.control('POST', '/reset');
    await world.control('PUT', '/worlds/w', { generate: 60, seed: 1 });
    store = world.store();
  });

  const books = async (): Promise<Record<string, Book>> => {
    const all = await world.control<{ vtex: Record<string, { skus: Record<string, Book> }> }>('GET', '/books');
    return all.vtex[world.facts.vtex.account]!.skus;
  };
  const items = async (size = 25): Promise<CatalogItem[]> => (await readAll(store, size)).flatMap((page) => page.items);
  const change = (sku: string | number, what: object) => world.control('POST', `/worlds/w/skus/${sku}`, what);

  it('reads every SKU of the trade policy once, page by page', async () => {
    const pages = await readAll(store, 7);
    const ids = pages.flatMap((page) => page.items.map((each) => each.sourceId));
    expect(pages.every((page) => page.items.length <= 7 && page.unreadable.length === 0)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
    const known = Object.keys(await books());
    expect(known).toEqual(expect.arrayContaining(ids));
    // The generated catalogue keeps one SKU in another trade policy.
    expect(ids.length).toBeGreaterThanOrEqual(known.length - 2);
    expect(ids.length).toBeLessThan(known.length);
  });

  it('tells the price, the stock and the status that the store has, of every SKU', async () => {
    const known = await books();
    const read = await items();
    for (const item of read) {
      const book = known[item.sourceId]!;
      expect(item.sku).toBe(book.refId);
      expect(item.price).toEqual(
        book.price === null ? undefined : { minorUnits: Math.round(book.price * 100), currency: 'USD' }
      );
      expect(item.status).toBe(book.active ? 'active' : 'inactive');
      if (item.stock.kind === 'units')
        expect(item.stock.units).toBe(
          book.active && book.price !== null ? Math.max(0, book.quantity - book.reserved) : 0
        );
    }
    expect(read.filter((item) => item.price === undefined).length).toBeGreaterThan(0);
    expect(read.filter((item) => item.status === 'inactive').length).toBeGreaterThan(0);
    expect(read.filter((item) => item.stock.kind === 'unlimited').length).toBeGreaterThan(0);
    expect(read.filter((item) => item.isKit).length).toBeGreaterThan(0);
  });

  it('gives a SKU without stock the price that pricing knows', async () => {
    const [first] = await items();
    await change(first!.sourceId, { quantity: 0, price: 12.34, active: false });
    const { items: again } = await store.readItems([first!.sourceId], never);
    expect(again[0]).toMatchObject({
      price: { minorUnits: 1234, currency: 'USD' },
      stock: { kind: 'units', units: 0 },
      status: 'inactive',
    });
  });

  it('subtracts what is reserved', async () => {
    const [first] = await items();
    await change(first!.sourceId, { quantity: 10, reserved: 4 });
    const { items: again } = await store.readItems([first!.sourceId], never);
    expect(again[0]!.stock).toEqual({ kind: 'units', units: 6 });
  });

  it('describes a SKU in the words of no store', async () => {
    const item = (await items()).find((each) => !each.isKit && Object.keys(each.options).length > 1)!;
    expect(Object.keys(item.options).every((key) => key === key.toLowerCase())).toBe(true);
    expect(Object.keys(item.attributes).length).toBeGreaterThan(0);
    expect(item.title).not.toBe('');
    expect(item.productId).toMatch(/^\d+$/);
    expect(item.weightGrams).toBeGreaterThan(10);
    expect(item.categories.at(-1)).toMatch(/^[^/]+\/[^/]+/);
    expect(item.images.length).toBeGreaterThan(0);
    expect(item.images.every((each) => /^https?:\/\//.test(each))).toBe(true);
    expect(item.descriptionHtml).toContain('<p>');
    expect(item.gtins.every((each) => /^\d{8,14}$/.test(each))).toBe(true);
  });

  it('reports a SKU that cannot be read, and goes on with the others', async () => {
    const all = await items();
    const broken = all[3]!.sourceId;
    await world.fault({ match: { operation: 'vtex.getSku', skus: [broken] }, kind: 'status', status: 500 });
    const { items: read, unreadable } = await store.readPage(null, 25, never);
    expect(unreadable).toEqual([{ sourceId: broken, reason: expect.stringContaining('500'), isPassing: true }]);
    expect(read).toHaveLength(24);
  });

  it('tries a passing failure again before it gives up on the SKU', async () => {
    const [first] = await items();
    await world.heal();
    await world.fault({ match: { operation: 'vtex.getSku' }, kind: 'status', status: 503, times: 2 });
    const { unreadable } = await store.readItems([first!.sourceId], never);
    expect(unreadable).toEqual([]);
    expect((await world.calls('vtex.getSku')).byStatus).toEqual({ 200: 1, 503: 2 });
  });

  it('reports a SKU that the store no longer knows', async () => {
    const { items: read, unreadable } = await store.readItems(['999999', (await items())[0]!.sourceId], never);
    expect(unreadable).toEqual([{ sourceId: '999999', reason: expect.stringContaining('does not know') }]);
    expect(read).toHaveLength(1);
  });

  it('takes a store that is down as a whole, not as many bad SKUs', async () => {
    await world.fault({ match: { operation: 'vtex.getSku' }, kind: 'status', status: 500 });
    expect(await failureOf(store.readPage(null, 25, never))).toMatchObject({ code: 'transient' });
    await world.heal();
    await world.fault({ match: { operation: 'vtex.*' }, kind: 'reset' });
    expect(await failureOf(store.readPage(null, 25, never))).toMatchObject({ code: 'transient' });
  });

  it('never has more requests in flight than it may', async () => {
    const narrow = world.store({ requestsInFlight: 3 });
    await world.fault({ match: { operation: 'vtex.getSku' }, kind: 'slow', delayMs: 50 });
    const began = performance.now();
    await narrow.readPage(null, 30, never);
    expect(performance.now() - began).toBeGreaterThan(((30 - 3) / 3) * 50);
  });

  it.each([
    ['a wrong token', { appToken: 'not-the-token-at-all' }],
    ['an unknown key', { appKey: 'vtexappkey-nobody-XXXXXX' }],
  ])('says of %s that the key is refused, and what it needs', async (_, wrong) => {
    const failure = await failureOf(world.store(wrong).readPage(null, 10, never));
    expect(failure).toMatchObject({ code: 'auth.forbidden', message: expect.stringContaining("'SKUs'") });
  });

  it('names the missing resource when only prices are forbidden', async () => {
    await world.fault({ match: { operation: 'vtex.getComputedPrice' }, kind: 'status', status: 403 });
    const failure = await failureOf(readAll(store, 60));
    expect(failure).toMatchObject({ code: 'auth.forbidden', message: expect.stringContaining('prices') });
  });

  it('says of an account that does not exist that the configuration is wrong', async () => {
    const failure = await failureOf(world.store({ account: 'nosuchstore' }).salesChannels(never));
    expect(failure).toMatchObject({ code: 'config', message: expect.stringContaining('account') });
  });

  it('lists the sales channels', async () => {
    expect(await store.salesChannels(never)).toEqual([
      { id: '1', name: 'Main', isActive: true, currency: 'USD' },
      { id: '2', name: 'Second', isActive: false, currency: 'USD' },
    ]);
  });

  it('creates, reads, changes and deletes an affiliate, and does not mind one that is gone', async () => {
    const affiliate = {
      id: 'MZN',
      name: 'Amazon',
      followUpEmail: 'shop@example.com',
      salesChannel: '1',
      endpoint: 'https://longshore.example.com/hooks/vtex/con_1',
    };
    expect(await store.affiliate('MZN', never)).toBeUndefined();
    await store.putAffiliate(affiliate, never);
    expect(await store.affiliate('MZN', never)).toEqual(affiliate);
    await store.putAffiliate({ ...affiliate, name: 'Amazon US' }, never);
    expect(await store.affiliate('MZN', never)).toMatchObject({ name: 'Amazon US' });
    await store.deleteAffiliate('MZN', never);
    await store.deleteAffiliate('MZN', never);
    expect(await store.affiliate('MZN', never)).toBeUndefined();
  });

  it('tells a person to create the affiliate where the store refuses it by API', async () => {
    await world.control('POST', '/worlds/w/vtex', { affiliateCreation: 'refused' });
    const failure = await failureOf(
      store.putAffiliate(
        { id: 'LNG', name: 'Amazon', followUpEmail: 'a@b.co', salesChannel: '1', endpoint: null },
        never
      )
    );
    expect(failure).toMatchObject({ code: 'auth.forbidden', message: expect.stringContaining('Affiliates') });
  });

  it('quotes shipping for a SKU that is for sale', async () => {
    const quote = await store.quoteShipping('98109', 'USA', never);
    expect(quote).toMatchObject({ deliverable: true, services: ['Standard, 3 business days'] });
    expect(quote.sourceId).toMatch(/^\d+$/);
  });

  it('finds a ZIP code that nobody delivers to', async () => {
    expect(await store.quoteShipping('00000', 'USA', never)).toMatchObject({ deliverable: false, services: [] });
  });

  it('looks past SKUs without stock for one to quote', async () => {
    const all = await items();
    await change(all[0]!.sourceId, { quantity: 0 });
    expect(await store.quoteShipping('98109', 'USA', never)).toMatchObject({
      deliverable: true,
      sourceId: expect.not.stringMatching(`^${all[0]!.sourceId}$`),
    });
  });

  it('stops at once when its signal aborts, with the reason of the signal', async () => {
    await world.fault({ match: { operation: 'vtex.*' }, kind: 'slow', delayMs: 3_000 });
    const stop = new AbortController();
    const reading = store.readPage(null, 25, stop.signal);
    setTimeout(() => stop.abort(new Error('the run was cancelled')), 50);
    const began = performance.now();
    await expect(reading).rejects.toThrow('the run was cancelled');
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
