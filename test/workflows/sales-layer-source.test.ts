import { plainProducts, Rig, type World } from './rig';

interface SalesLayerWorld extends World {
  salesLayer: { connectorCode: string; secretKey: string; apiKey: string };
}

describe('a connector whose source is Sales Layer', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(() => rig.stop());

  async function connected(
    name: string,
    count: number,
    source: (world: SalesLayerWorld) => object,
    change: (input: Record<string, Record<string, unknown>>) => void = () => undefined
  ) {
    const world = (await rig.world(name, plainProducts(count))) as SalesLayerWorld;
    const connectorId = await rig.insertConnector(world, (input) => {
      input.source = { type: 'saleslayer', ...source(world) };
      change(input);
    });
    return { world, connectorId };
  }

  const code = ({ salesLayer: { connectorCode, secretKey } }: SalesLayerWorld) => ({ connectorCode, secretKey });
  const key = ({ salesLayer: { apiKey } }: SalesLayerWorld) => ({ apiKey });

  async function sourceStep(connectorId: string) {
    const { steps } = (await rig.connector(connectorId)).onboarding;
    return steps.find(({ name }) => name === 'source');
  }

  it.each([
    ['connector API', code],
    ['REST catalogue', key],
  ])('is onboarded through the %s, syncs, and sends what changed and what is gone', async (api, credentials) => {
    const name = `sl-${api.slice(0, 4).toLowerCase()}`;
    const { world, connectorId } = await connected(name, 12, credentials);
    await rig.onboard(connectorId);
    expect(await sourceStep(connectorId)).toMatchObject({
      state: 'done',
      detail:
        "Sales Layer is reachable and lists products. Texts are in en. The price is read from the attribute 'price'. The stock is read from the attribute 'stock'.",
    });
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 12 });
    await rig.control('POST', `worlds/${name}/skus/SKU-0003`, { quantity: 3 });
    await rig.control('POST', `worlds/${name}/skus/SKU-0007`, { remove: true });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 11, removed: 1 });
    const books = await rig.books(world);
    expect(books['SKU-0003']).toMatchObject({ quantity: 3 });
    expect(books['SKU-0007']).toMatchObject({ quantity: 0 });
  });

  it('sends every language that it has and the connector wants, each with its tag', async () => {
    const { world, connectorId } = await connected('sl-languages', 2, code, (input) => {
      input.listing = { valueLocales: ['en_US', 'es_US'] };
    });
    await rig.control('POST', 'worlds/sl-languages/saleslayer', { languages: ['en', 'es'] });
    await rig.onboard(connectorId);
    expect((await sourceStep(connectorId))?.detail).toContain('Texts are in en, and in es.');
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 2 });
    expect((await rig.books(world))['SKU-0002']!.attributes).toMatchObject({
      item_name: [
        { value: 'Running shirt 2', language_tag: 'en_US' },
        { value: 'Running shirt 2 [es]', language_tag: 'es_US' },
      ],
      color: [
        { value: 'Blue', language_tag: 'en_US' },
        { value: 'Blue [es]', language_tag: 'es_US' },
      ],
      size: [
        { value: 'M', language_tag: 'en_US' },
        { value: 'M', language_tag: 'es_US' },
      ],
    });
  });

  it('waits while Sales Layer lists nothing, and goes on when it does', async () => {
    const { connectorId } = await connected('sl-empty', 1, code);
    await rig.control('POST', 'worlds/sl-empty/skus/SKU-0001', { remove: true });
    await rig.orchestrator.startOnboarding(connectorId);
    expect((await rig.waiting(connectorId, 'catalogue_empty')).message).toBe(
      'Sales Layer lists no products. Choose in its connector what is exported.'
    );
    await rig.world('sl-empty', plainProducts(2));
    await rig.orchestrator.configurationChanged(connectorId);
    await rig.until(
      async () => (await rig.connector(connectorId)).state === 'inactive',
      'the connector to be inactive'
    );
  });

  it('waits for credentials that are refused', async () => {
    const { connectorId } = await connected('sl-refused', 2, (world) => ({
      ...code(world),
      secretKey: 'f'.repeat(32),
    }));
    await rig.orchestrator.startOnboarding(connectorId);
    expect(await rig.waiting(connectorId, 'source_refused')).toMatchObject({
      field: 'source.secretKey',
      owner: 'merchant',
      message: expect.stringContaining('refuses the signature') as string,
    });
  });

  it('says that nothing will be offered where no attribute is a stock', async () => {
    const { connectorId } = await connected('sl-bare', 2, code);
    await rig.control('POST', 'worlds/sl-bare/saleslayer', { hasOffers: false });
    await rig.onboard(connectorId);
    expect((await sourceStep(connectorId))?.detail).toContain(
      'No attribute is named like a stock, so every SKU counts as out of stock.'
    );
  });
});
