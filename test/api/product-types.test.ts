import { createAmazon } from '../../adapters/amazon';
import { createInProcessLimiter } from '../../adapters/limiter/in-process';
import { startSandbox, type Sandbox } from '../../sandbox';
import { ApiUnderTest, type Body } from './api-under-test';
import { vtexConnector } from './samples';

describe('product types over HTTP', () => {
  let sandbox: Sandbox;
  let api: ApiUnderTest;
  let connectorId: string;

  const control = async (method: string, path: string, body?: object): Promise<Body> => {
    const answer = await fetch(`${sandbox.url}/__sandbox/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    return (text === '' ? {} : JSON.parse(text)) as Body;
  };

  beforeAll(async () => {
    sandbox = await startSandbox({ rateFactor: 100 });
    const { amazon: facts } = (await control('PUT', 'worlds/w', { generate: 5, seed: 1 })) as unknown as {
      amazon: { clientId: string; clientSecret: string; refreshToken: string; sellerId: string };
    };
    const amazon = createAmazon({
      lwaUrl: `${sandbox.url}/auth/o2/token`,
      spApiUrl: () => sandbox.url,
      limiter: createInProcessLimiter(),
      credentials: () => Promise.resolve(facts),
      timeoutMs: 5_000,
    });
    api = await ApiUnderTest.start({ productTypes: amazon.productTypes });
    connectorId = await api.connector('active', vtexConnector({ amazon: { sellerId: facts.sellerId } }));
  });
  afterAll(async () => {
    await api.stop();
    await sandbox.close();
  });
  afterEach(() => control('DELETE', 'faults'));

  const fieldsOf = async (type: string, query = ''): Promise<{ status: number; body: Body }> =>
    api.get(`/v1/product-types/${type}/fields?connector=${connectorId}${query}`);
  const named = (body: Body, name: string): Body | undefined =>
    (body.fields as Body[]).find((field) => field.name === name);

  it('finds product types by a word, in the label locale', async () => {
    const { status, body } = await api.get(`/v1/product-types?connector=${connectorId}&q=shirt&locale=es_ES`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ marketplace: 'US', locale: 'es_ES' });
    expect(body.items).toContainEqual({ name: 'SHIRT', displayName: 'Camisa' });
    const all = await api.get(`/v1/product-types?connector=${connectorId}&marketplace=US`);
    expect(all.body.items.length).toBeGreaterThan(5);
    const proposed = await api.get(`/v1/product-types?connector=${connectorId}&itemName=A+leather+watch`);
    expect(proposed.body.items.map(({ name }) => name)).toEqual(['WATCH']);
  });

  it('shows the fields of a type with help, group, limits and values, labels in Spanish', async () => {
    const { status, body } = await fieldsOf('SHIRT', '&locale=es_ES');
    expect(status).toBe(200);
    expect(body).toMatchObject({ productType: 'SHIRT', displayName: 'Camisa', requirements: 'LISTING', changes: [] });
    expect(named(body, 'item_weight')).toMatchObject({
      title: 'Peso',
      group: { name: 'product_details', title: 'Detalles del producto' },
      requirement: 'optional',
      parts: [
        { path: 'value', type: 'number', limits: { above: 0, maximum: 1_000_000 } },
        { path: 'unit', values: expect.arrayContaining([{ value: 'grams', label: 'Grams' }]) as unknown },
        { path: 'marketplace_id', hidden: true, values: [{ value: 'ATVPDKIKX0DER', label: 'Amazon.com' }] },
      ],
    });
    expect(named(body, 'item_name')).toMatchObject({
      requirement: 'required',
      parts: [{ limits: { maxBytes: 200 } }, {}, {}],
    });
    expect(named(body, 'externally_assigned_product_identifier')).toMatchObject({
      requirement: 'conditional',
      requiredWhen: [expect.stringContaining('Exención de identificador is not Yes') as unknown],
    });
    const values = (named(body, 'language_tag') ?? named(body, 'item_name'))!.parts as Body[];
    expect(JSON.stringify(values)).toContain('en_US');
  });

  it('shows what each set of requirements asks for', async () => {
    const offer = (await fieldsOf('SHIRT', '&requirements=LISTING_OFFER_ONLY')).body;
    const product = (await fieldsOf('SHIRT', '&requirements=LISTING_PRODUCT_ONLY')).body;
    expect([named(offer, 'item_name'), named(product, 'purchasable_offer')]).toEqual([undefined, undefined]);
    expect(named(offer, 'fulfillment_availability')).toMatchObject({ requirement: 'required' });
  });

  it('asks Amazon once for what it shows again and again', async () => {
    const calls = async (): Promise<number> =>
      ((await control('GET', 'calls?operation=getDefinitionsProductType&limit=1000')) as unknown as unknown[]).length;
    await fieldsOf('COAT');
    const before = await calls();
    for (let times = 0; times < 3; times++) expect((await fieldsOf('COAT')).status).toBe(200);
    expect(await calls()).toBe(before);
  });

  it.each([
    ['/v1/product-types', 'query.connector', 'required'],
    ['/v1/product-types?connector=con_0', 'query.connector', 'unknown_connector'],
    ['/v1/product-types?connector={id}&marketplace=DE', 'query.marketplace', 'other_marketplace'],
    ['/v1/product-types?connector={id}&marketplace=GB', 'query.marketplace', undefined],
    ['/v1/product-types?connector={id}&q=a&itemName=b', 'query.itemName', undefined],
    ['/v1/product-types/SHIRT/fields?connector={id}&requirements=ALL', 'query.requirements', undefined],
    ['/v1/product-types/SHIRT/fields?connector={id}&locale=xx', 'query.locale', undefined],
  ])('refuses %s, naming %s', async (path, field, code) => {
    const { status, body } = await api.get(path.replace('{id}', connectorId));
    expect(status).toBe(422);
    expect(body.errors).toEqual([expect.objectContaining({ field, ...(code && { code }) })]);
  });

  it('answers 404 for a type that Amazon does not have there', async () => {
    expect(await fieldsOf('UFO')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('says when Amazon is away, and goes on showing what is kept', async () => {
    await fieldsOf('WATCH');
    await control('POST', 'faults', { match: { operation: 'amazon.*' }, kind: 'status', status: 503 });
    expect(await fieldsOf('PANTS')).toMatchObject({ status: 503, body: { code: 'amazon_unavailable' } });
    expect((await fieldsOf('WATCH')).status).toBe(200);
  });

  it('says when Amazon does not accept the credential', async () => {
    await control('POST', 'faults', { match: { operation: 'getDefinitionsProductType' }, kind: 'status', status: 403 });
    expect(await fieldsOf('BACKPACK')).toMatchObject({ status: 409, body: { code: 'amazon_refused' } });
  });
});
