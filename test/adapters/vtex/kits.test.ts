import { createVtexStore } from '../../../adapters/vtex';
import type { CatalogItem } from '../../../domain/catalog-item';
import { answerJson, startOddServer, type OddServer } from '../odd-server';
import { never, SandboxWorld } from '../sandbox-world';

describe('a kit of a VTEX store, against the sandbox', () => {
  let world: SandboxWorld;
  let kit: CatalogItem;
  beforeAll(async () => {
    world = await SandboxWorld.start();
    const { items } = await world.store().readPage(null, 60, never);
    kit = items.find((each) => each.isKit && each.stock.kind === 'units' && each.stock.units > 0)!;
  });
  afterAll(() => world.sandbox.close());

  const readKit = async (): Promise<CatalogItem> => (await world.store().readItems([kit.sourceId], never)).items[0]!;
  const change = (sku: string, what: object) => world.control('POST', `/worlds/w/skus/${sku}`, what);

  it('tells its components, how many of each it takes, and their stock', async () => {
    const [one, other] = kit.components!;
    await change(one!.sourceId, { quantity: 7 });
    await change(other!.sourceId, { quantity: 40, reserved: 1 });
    const again = await readKit();
    expect(again.components).toEqual([
      { sourceId: one!.sourceId, units: one!.units, stock: { kind: 'units', units: 7 } },
      { sourceId: other!.sourceId, units: other!.units, stock: { kind: 'units', units: 39 } },
    ]);
    expect(again.stock).toEqual({
      kind: 'units',
      units: Math.min(Math.floor(7 / one!.units), Math.floor(39 / other!.units)),
    });
  });

  it('asks once for the kit, and once for all its components together', async () => {
    await world.heal();
    await readKit();
    expect(await world.calls('vtex.getSku')).toMatchObject({ count: 1 });
    expect(await world.calls('vtex.simulate')).toMatchObject({ count: 2 });
    for (const operation of ['vtex.getKit', 'vtex.getInventory'])
      expect(await world.calls(operation)).toMatchObject({ count: 0 });
  });

  it('counts what lies in the warehouse of a component that is not for sale by itself', async () => {
    const [one] = kit.components!;
    await change(one!.sourceId, { quantity: 9, reserved: 2, price: null });
    const { components } = await readKit();
    expect(components![0]!.stock).toEqual({ kind: 'units', units: 7 });
  });

  it('knows a component that is unlimited', async () => {
    const [, other] = kit.components!;
    await change(other!.sourceId, { unlimited: true });
    expect((await readKit()).components![1]!.stock).toEqual({ kind: 'unlimited' });
  });
});

describe('a kit of a VTEX store, over the wire', () => {
  let server: OddServer;
  /** What the store answers, by a part of the path. */
  let answers: Record<string, (ids: string[]) => unknown>;
  beforeEach(async () => {
    answers = { stockkeepingunitbyid: () => ({ Id: 7, ProductId: 70, IsKit: true, KitItems: null }) };
    server = await startOddServer(({ url, body }, response) => {
      const name = Object.keys(answers).find((each) => url.includes(each));
      const ids = body ? (JSON.parse(body) as { items: { id: string }[] }).items.map(({ id }) => id) : [url];
      const answer = name && answers[name]!(ids);
      if (answer === undefined) response.writeHead(404).end('not found');
      else answerJson(response, 200, answer);
    });
  });
  afterEach(() => server.close());

  const readKit = async (): Promise<CatalogItem> => {
    const store = createVtexStore({
      account: 'shop',
      appKey: 'the-app-key',
      appToken: 'the-app-token',
      salesChannel: '1',
      affiliateId: 'MZN',
      urlTemplate: server.url,
      pricingUrlTemplate: server.url,
      currency: 'USD',
      requestsInFlight: 4,
      timeoutMs: 2_000,
    });
    const { items, unreadable } = await store.readItems(['7'], never);
    expect(unreadable).toEqual([]);
    return items[0]!;
  };
  const sells = (ids: string[]) => ({
    items: ids.map((id, requestIndex) => ({ id, requestIndex, sellingPrice: 100 })),
  });
  const holds =
    (totals: Record<string, number>) =>
    ([url]: string[]) => ({
      balance: [{ totalQuantity: totals[url!.split('/').at(-1)!] ?? 0, reservedQuantity: 0 }],
    });

  it.each([
    [
      'several rows',
      [
        { StockKeepingUnitId: 8, Quantity: 2 },
        { StockKeepingUnitId: 9, Quantity: 1 },
      ],
      4,
    ],
    ['one object, as the reference shows it', { StockKeepingUnitId: 8, Quantity: 3 }, 3],
  ])('asks for what it takes where its description does not say: %s', async (_, rows, units) => {
    answers.stockkeepingunitkit = () => rows;
    answers.simulation = sells;
    answers['inventory/skus'] = holds({ 8: 9, 9: 4 });
    const kit = await readKit();
    expect(kit.components).toHaveLength([rows].flat().length);
    // The simulation says no stock: what the components allow counts.
    expect(kit.stock).toEqual({ kind: 'units', units });
    expect(server.seen.some(({ url }) => url.endsWith('stockkeepingunitkit?parentSkuId=7'))).toBe(true);
  });

  it('goes by the stock that the store says of the kit itself', async () => {
    answers.stockkeepingunitkit = () => [{ StockKeepingUnitId: 8, Quantity: 1 }];
    answers.simulation = (ids) => ({
      ...sells(ids),
      logisticsInfo: ids.map((id, itemIndex) => ({ itemIndex, stockBalance: id === '7' ? 2 : 50 })),
    });
    expect(await readKit()).toMatchObject({
      stock: { kind: 'units', units: 2 },
      components: [{ sourceId: '8', units: 1, stock: { kind: 'units', units: 50 } }],
    });
  });

  it('is unlimited where all its components are', async () => {
    answers.stockkeepingunitkit = () => [{ StockKeepingUnitId: 8, Quantity: 2 }];
    answers.simulation = sells;
    answers['inventory/skus'] = () => ({ balance: [{ totalQuantity: 5, hasUnlimitedQuantity: true }] });
    expect((await readKit()).stock).toEqual({ kind: 'unlimited' });
  });

  it('has one in stock where it is for sale and nobody says what it is made of', async () => {
    answers.simulation = sells;
    const kit = await readKit();
    expect(kit.stock).toEqual({ kind: 'units', units: 1 });
    expect(kit.components).toBeUndefined();
  });
});
