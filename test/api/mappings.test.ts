import { createAmazon } from '../../adapters/amazon';
import { createInProcessLimiter } from '../../adapters/limiter/in-process';
import type { CatalogItem } from '../../domain/catalog-item';
import { auditLog } from '../../models/audit-log';
import { connectorModel } from '../../models/connectors';
import { listingModel } from '../../models/listings';
import { sourceItemStore } from '../../models/source-items';
import { startSandbox, type Sandbox } from '../../sandbox';
import { anItem } from '../domain/items';
import { ApiUnderTest, type Answer, type Body } from './api-under-test';
import { freshSeller, listing, putListings, vtexConnector } from './samples';

describe('mappings over HTTP', () => {
  let sandbox: Sandbox;
  let api: ApiUnderTest;
  let facts: { clientId: string; clientSecret: string; refreshToken: string; sellerId: string };

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
    const world = await control('PUT', 'worlds/w', { generate: 5, seed: 1 });
    facts = (world as unknown as { amazon: typeof facts }).amazon;
    const amazon = createAmazon({
      lwaUrl: `${sandbox.url}/auth/o2/token`,
      spApiUrl: () => sandbox.url,
      limiter: createInProcessLimiter(),
      credentials: () => Promise.resolve(facts),
      timeoutMs: 5_000,
    });
    api = await ApiUnderTest.start({ productTypes: amazon.productTypes });
  });
  afterAll(async () => {
    await api.stop();
    await sandbox.close();
  });
  afterEach(() => control('DELETE', 'faults'));

  const connector = (parts: object = {}): Promise<string> =>
    api.connector('active', vtexConnector({ amazon: { sellerId: freshSeller() }, ...parts }));
  const put = (id: string, type: string, body: unknown, headers = {}): Promise<Answer> =>
    api.request('PUT', `/v1/connectors/${id}/mappings/${type}`, { body, headers });
  const saved = async (id: string, type: string, attributes: object, version = 0): Promise<Answer> => {
    const answer = await put(id, type, { mapping: { attributes }, version });
    expect([answer.status, answer.body.errors]).toEqual([200, undefined]);
    return answer;
  };
  const errorsOf = ({ body }: Answer): string[] => (body.errors ?? []).map(({ field, code }) => `${field} ${code}`);
  const keep = (id: string, ...items: CatalogItem[]): Promise<void> => sourceItemStore(api.connection).put(id, items);

  describe('saving', () => {
    it('answers version 0 without rules while there is no mapping', async () => {
      const id = await connector();
      const { status, body, headers } = await api.get(`/v1/connectors/${id}/mappings/SHIRT`);
      expect([status, headers.get('etag')]).toEqual([200, '"0"']);
      expect(body).toEqual({
        productType: 'SHIRT',
        version: 0,
        builtIn: true,
        rules: 0,
        note: null,
        savedAt: null,
        savedBy: null,
        mapping: { attributes: {} },
      });
    });

    it('keeps every version with its note, and shows each', async () => {
      const id = await connector();
      const one = await put(id, 'SHIRT', {
        mapping: { attributes: { item_name: { from: 'title' } } },
        version: 0,
        note: 'first',
      });
      expect([one.status, one.headers.get('etag')]).toEqual([200, '"1"']);
      const two = await put(
        id,
        'SHIRT',
        { mapping: { attributes: { 'item_weight.value': { constant: 5 } } } },
        { 'if-match': '"1"' }
      );
      expect(two.body).toMatchObject({ version: 2, rules: 1, builtIn: false, savedBy: { name: 'ADMIN_API_KEY' } });
      const old = await api.get(`/v1/connectors/${id}/mappings/SHIRT?version=1`);
      expect(old.body).toMatchObject({
        version: 1,
        note: 'first',
        mapping: { attributes: { item_name: { from: 'title' } } },
      });
      expect((await api.get(`/v1/connectors/${id}/mappings/SHIRT?version=9`)).status).toBe(404);
      const page = await api.get(`/v1/connectors/${id}/mappings/SHIRT/versions?limit=1`);
      expect(page.body.items.map(({ version }) => version)).toEqual([2]);
      const rest = await api.get(`/v1/connectors/${id}/mappings/SHIRT/versions?cursor=${page.body.nextCursor!}`);
      expect(rest.body).toMatchObject({ items: [{ version: 1, note: 'first' }], nextCursor: null });
    });

    it('changes nothing when the same is saved again, whatever version the repeat names', async () => {
      const id = await connector();
      const attributes = { color: { from: 'options.color', values: { table: { Preto: 'Black' } } } };
      await saved(id, 'SHIRT', attributes);
      const again = await saved(id, 'SHIRT', attributes);
      expect(again.body).toMatchObject({ version: 1 });
      const trail = await auditLog(api.connection).page({ connectorId: id }, 50);
      expect(trail.filter(({ action }) => action === 'mapping.changed')).toMatchObject([
        {
          target: { type: 'connector', id },
          fields: ['mappings.SHIRT.color'],
          changes: [{ field: 'mappings.SHIRT.color', before: null, after: expect.stringContaining('"Preto":"Black"') }],
        },
      ]);
    });

    it.each([
      ['an old version', { version: 0 }, {}],
      ['an old ETag', {}, { 'if-match': '"0"' }],
      ['a version that is still to come', { version: 7 }, {}],
      ['an ETag of its own making', {}, { 'if-match': 'W/"x"' }],
    ])('refuses a change that was made to %s, and says which one there is', async (_what, body, headers) => {
      const id = await connector();
      await saved(id, 'SHIRT', { item_name: { from: 'title' } });
      const late = await put(id, 'SHIRT', { mapping: { attributes: {} }, ...body }, headers);
      expect(late).toMatchObject({ status: 412, body: { code: 'version_changed' } });
      expect(late.body.detail).toContain('at version 1 now');
      expect((await api.get(`/v1/connectors/${id}/mappings/SHIRT`)).body).toMatchObject({ version: 1, rules: 1 });
    });

    it('lets one of many who change the same version win, and asks who names none for one', async () => {
      const id = await connector();
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, n) =>
          put(id, 'SHIRT', { mapping: { attributes: { item_name: { constant: `t${n}` } } }, version: 0 })
        )
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
      const nameless = await put(id, 'SHIRT', { mapping: { attributes: {} } });
      expect([nameless.status, errorsOf(nameless)]).toEqual([422, ['version required']]);
    });

    it('goes back to the built-in mapping, keeps the versions, and can be repeated', async () => {
      const id = await connector();
      await saved(id, 'SHIRT', { item_name: { from: 'title' } });
      const path = `/v1/connectors/${id}/mappings/SHIRT`;
      expect((await api.delete(path, { headers: { 'if-match': '"0"' } })).status).toBe(412);
      for (let times = 0; times < 2; times++) expect((await api.delete(path)).status).toBe(204);
      expect((await api.get(path)).body).toMatchObject({ version: 2, builtIn: true, mapping: { attributes: {} } });
      await saved(id, 'SHIRT', { item_name: { from: 'title' } }, 2);
      expect((await api.get(path)).body).toMatchObject({ version: 3 });
    });

    it('names every problem at once, of the form and of what Amazon has', async () => {
      const id = await connector();
      const form = await put(id, 'SHIRT', {
        mapping: {
          attributes: {
            item_name: { from: 'titel' },
            color: { expression: '$uppercase(' },
            purchasable_offer: { constant: 1 },
            size: {},
          },
        },
        version: 0,
        extra: true,
      });
      expect(form.status).toBe(422);
      expect(errorsOf(form).sort()).toEqual([
        'extra unknown_field',
        'mapping.attributes.color.expression expression_syntax',
        'mapping.attributes.item_name.from source_field_unknown',
        'mapping.attributes.purchasable_offer attribute_of_settings',
        'mapping.attributes.size rule_empty',
      ]);
      const targets = await put(id, 'SHIRT', {
        mapping: { attributes: { item_nam: { from: 'title' }, 'item_weight.colour': { constant: 1 } } },
        version: 0,
      });
      expect([targets.status, errorsOf(targets).sort()]).toEqual([
        422,
        ['mapping.attributes.item_nam target_unknown', 'mapping.attributes.item_weight.colour target_part_unknown'],
      ]);
      expect(targets.body.errors!.find(({ field }) => field.endsWith('item_nam'))!.message).toContain('item_name');
    });

    it('knows no mapping of a product type that Amazon lacks, of a connector that is not there, or of one that goes', async () => {
      const id = await connector();
      const body = { mapping: { attributes: {} }, version: 0 };
      expect((await put(id, 'UFO', body)).status).toBe(404);
      expect((await put(id, 'shirt', body)).status).toBe(404);
      expect((await put('con_0', 'SHIRT', body)).status).toBe(404);
      expect((await api.get('/v1/connectors/con_0/mappings')).status).toBe(404);
      await connectorModel(api.connection).updateOne({ _id: id }, { $set: { state: 'removing' } });
      expect(await put(id, 'SHIRT', body)).toMatchObject({ status: 409, body: { code: 'connector_removing' } });
    });

    it('saves nothing unchecked while Amazon is away', async () => {
      const id = await connector({ amazon: { sellerId: freshSeller(), country: 'CA' } });
      await control('POST', 'faults', { match: { operation: 'amazon.*' }, kind: 'status', status: 503 });
      const answer = await put(id, 'SHIRT', { mapping: { attributes: {} }, version: 0 });
      expect(answer).toMatchObject({ status: 503, body: { code: 'amazon_unavailable' } });
    });

    it('is for operators to write and for viewers to read', async () => {
      const id = await connector();
      const viewer = await api.keyFor('viewer');
      const path = `/v1/connectors/${id}/mappings`;
      const body = { mapping: { attributes: {} }, version: 0 };
      expect((await api.request('PUT', `${path}/SHIRT`, { key: viewer, body })).status).toBe(403);
      expect((await api.delete(`${path}/SHIRT`, { key: viewer })).status).toBe(403);
      expect(
        (await api.post(`${path}/import`, { format: 'longshore.mappings.v1', mappings: {} }, { key: viewer })).status
      ).toBe(403);
      for (const each of [path, `${path}/SHIRT`, `${path}/SHIRT/versions`, `${path}/export`])
        expect((await api.get(each, { key: viewer })).status).toBe(200);
      const operator = await api.keyFor('operator');
      expect((await api.request('PUT', `${path}/SHIRT`, { key: operator, body })).status).toBe(200);
    });
  });

  describe('the list', () => {
    it('shows what is mapped, assigned or configured, and what Amazon still asks for', async () => {
      const id = await connector({ listing: { productTypes: ['WATCH', 'SHIRT'] } });
      await saved(id, 'SHIRT', { item_name: { omit: true } });
      await api.request('PUT', `/v1/connectors/${id}/assignments`, {
        body: { assignments: [{ productType: 'COAT', when: { category: 'Outdoor' } }], version: 0 },
      });
      const { body } = await api.get(`/v1/connectors/${id}/mappings`);
      expect(body.items.map(({ productType, version, rules }) => [productType, version, rules])).toEqual([
        ['COAT', 0, 0],
        ['SHIRT', 1, 1],
        ['WATCH', 0, 0],
      ]);
      expect(body.assignments).toMatchObject({ version: 1, rules: 1 });
      expect(body.items[1]!.unmappedRequired).toContain('item_name');
      expect(body.items[0]!.unmappedRequired).not.toContain('item_name');
    });
  });

  describe('assignments', () => {
    const put = (id: string, body: unknown, headers = {}): Promise<Answer> =>
      api.request('PUT', `/v1/connectors/${id}/assignments`, { body, headers });

    it('are kept in their order, in versions', async () => {
      const id = await connector();
      const path = `/v1/connectors/${id}/assignments`;
      expect((await api.get(path)).body).toMatchObject({ version: 0, builtIn: true, assignments: [] });
      const assignments = [
        { productType: 'WATCH', when: { attribute: 'kind', is: ['Watch', 'Clock'] } },
        { productType: 'SHIRT', when: { category: 'Men/Tops' } },
        { productType: 'COAT', when: { everything: true } },
      ];
      const first = await put(id, { assignments, version: 0, note: 'three kinds' });
      expect([first.status, first.headers.get('etag'), first.body.assignments]).toEqual([200, '"1"', assignments]);
      expect((await put(id, { assignments, version: 0 })).body).toMatchObject({ version: 1 });
      expect((await put(id, { assignments: [], version: 0 })).status).toBe(412);
      expect((await put(id, { assignments: [] }, { 'if-match': '"1"' })).body).toMatchObject({
        version: 2,
        builtIn: true,
      });
      expect((await api.get(`${path}?version=1`)).body).toMatchObject({ note: 'three kinds', assignments });
    });

    it('are refused with every problem at once', async () => {
      const id = await connector();
      const form = await put(id, {
        assignments: [
          { productType: 'shirt', when: { category: 'Men' } },
          { productType: 'SHIRT', when: { expression: '1 +' } },
          { productType: 'SHIRT', when: {} },
        ],
        version: 0,
      });
      expect([form.status, errorsOf(form)]).toEqual([
        422,
        [
          'assignments.0.productType format',
          'assignments.1.when.expression expression_syntax',
          'assignments.2.when condition_empty',
        ],
      ]);
      const types = await put(id, {
        assignments: ['SHIRT', 'UFO', 'UFOS'].map((productType) => ({ productType, when: { everything: true } })),
        version: 0,
      });
      expect([types.status, errorsOf(types)]).toEqual([
        422,
        ['assignments.1.productType unknown_product_type', 'assignments.2.productType unknown_product_type'],
      ]);
    });
  });

  describe('trying on one SKU', () => {
    const tried = (id: string, body: object, type = 'SHIRT'): Promise<Answer> =>
      api.post(`/v1/connectors/${id}/mappings/${type}/try`, body);
    const problemsOf = ({ body }: Answer): string[] =>
      (body.problems as { attributes: string[]; rule: string }[]).map(
        ({ attributes, rule }) => `${attributes.join()} ${rule}`
      );

    it('shows the payload of a mapping that is not saved, and saves nothing', async () => {
      const id = await connector();
      await keep(id, anItem({ sku: 'A/1 é', title: 'Chaz Hoodie' }));
      const { status, body } = await tried(id, {
        sku: 'A/1 é',
        mapping: {
          attributes: {
            item_name: { expression: '$uppercase(brand) & " " & title' },
            color: { from: 'options.color', values: { table: { black: 'Jet' } } },
            bullet_point: { omit: true },
          },
        },
      });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        sku: 'A/1 é',
        productType: 'SHIRT',
        version: null,
        assignedTo: 'SWEATSHIRT',
        wouldBeSent: true,
        problems: [],
        payload: {
          requirements: 'LISTING',
          attributes: {
            item_name: [{ value: 'LUMA Chaz Hoodie', language_tag: 'en_US', marketplace_id: 'ATVPDKIKX0DER' }],
            color: [{ value: 'Jet' }],
            purchasable_offer: [{ currency: 'USD', our_price: [{ schedule: [{ value_with_tax: 52.5 }] }] }],
            fulfillment_availability: [{ quantity: 10 }],
          },
        },
      });
      expect((body.payload as { attributes: object }).attributes).not.toHaveProperty('bullet_point');
      expect((await api.get(`/v1/connectors/${id}/mappings/SHIRT`)).body).toMatchObject({ version: 0 });
    });

    it('tries the saved mapping, by the assignments that there are', async () => {
      const id = await connector();
      await keep(id, anItem({ sku: '1' }));
      await saved(id, 'SHIRT', { item_name: { constant: 'Saved' } });
      await api.request('PUT', `/v1/connectors/${id}/assignments`, {
        body: { assignments: [{ productType: 'COAT', when: { expression: '"XS" = options.size' } }], version: 0 },
      });
      expect((await tried(id, { sku: '1' })).body).toMatchObject({
        version: 1,
        assignedTo: 'COAT',
        payload: { attributes: { item_name: [{ value: 'Saved' }] } },
      });
    });

    it('tells every problem at once: of the mapping, of our rules and of the definition', async () => {
      const id = await connector({ listing: { sendKits: false } });
      await keep(id, anItem({ sku: '1', price: undefined, isKit: true, brand: '' }));
      const answer = await tried(id, {
        sku: '1',
        mapping: {
          attributes: {
            item_name: { expression: '$error("no title today")' },
            'item_weight.value': { from: 'options.color' },
            color: { expression: '$pad("x", 300, "x")' },
          },
        },
      });
      expect(answer.body).toMatchObject({ wouldBeSent: false });
      const problems = answer.body.problems as { code: string; message: string; value?: string }[];
      expect(
        problemsOf({
          ...answer,
          body: { ...answer.body, problems: problems.filter(({ code }) => code === 'invalid') },
        }).sort()
      ).toEqual(
        expect.arrayContaining([
          'brand required',
          'item_name expression',
          expect.stringMatching(/^item_weight /) as string,
          expect.stringMatching(/^color max/) as string,
          expect.stringMatching(/^purchasable_offer/) as string,
        ])
      );
      expect(problems.filter(({ message }) => message.includes('no title today'))).toHaveLength(1);
      expect(problems.some(({ code }) => code === 'kit')).toBe(true);
    });

    it('ends an expression that does not end', async () => {
      const id = await connector();
      await keep(id, anItem({ sku: '1' }));
      const answer = await tried(id, {
        sku: '1',
        mapping: { attributes: { item_name: { expression: '($f := function($n) { $f($n + 1) }; $f(0))' } } },
      });
      expect(answer.status).toBe(200);
      expect(problemsOf(answer)).toEqual(['item_name expression']);
    });

    it('gives up on expressions that take too long in all', async () => {
      const id = await connector();
      await keep(id, anItem({ sku: '1' }));
      const endless = (n: number) => ({ expression: `($f := function($n) { $f($n + ${n}) }; $f(0))` });
      const assignments = Array.from({ length: 40 }, (_, n) => ({ productType: 'SHIRT', when: endless(n) }));
      await api.request('PUT', `/v1/connectors/${id}/assignments`, { body: { assignments, version: 0 } });
      const answer = await tried(id, { sku: '1' });
      expect([answer.status, errorsOf(answer)]).toEqual([422, [' expressions_too_slow']]);
    });

    it('holds the price against the last one that was sent, and lets an approved one through', async () => {
      const offer = { minimumStock: 0, price: { largestChangePercent: 20 } };
      const id = await connector({ offer });
      await keep(id, anItem({ sku: '1' }));
      const usd = (minorUnits: number) => ({ minorUnits, currency: 'USD' });
      await putListings(api.connection, [listing(id, '1', { sentPrice: usd(4000) })]);
      const priceOf = ({ body }: Answer): unknown =>
        (body.payload as { attributes: { purchasable_offer: unknown[] } }).attributes.purchasable_offer[0];
      const held = await tried(id, { sku: '1' });
      expect(priceOf(held)).toMatchObject({ our_price: [{ schedule: [{ value_with_tax: 40 }] }] });
      expect(held.body).toMatchObject({ wouldBeSent: true, problems: [{ code: 'price_change' }] });
      await listingModel(api.connection).updateOne({ connectorId: id }, { $set: { approvedPrice: usd(5250) } });
      const approved = await tried(id, { sku: '1' });
      expect(priceOf(approved)).toMatchObject({ our_price: [{ schedule: [{ value_with_tax: 52.5 }] }] });
      expect(approved.body.problems).toEqual([]);
    });

    it('says what the sync adds for the family of a SKU, where it does', async () => {
      const family = await connector();
      const alone = await connector({ listing: { sendVariations: false, sendKits: false } });
      for (const id of [family, alone]) await keep(id, anItem({ sku: '1' }));
      expect((await tried(family, { sku: '1' })).body.remarks).toEqual([expect.stringContaining('parentage_level')]);
      expect((await tried(alone, { sku: '1' })).body.remarks).toEqual([]);
    });

    it('does not miss a price that is left to Amazon', async () => {
      const id = await connector({ listing: { sendPrice: false, sendKits: false } });
      await keep(id, anItem({ sku: '1', price: undefined }));
      expect((await tried(id, { sku: '1' })).body).toMatchObject({ problems: [], wouldBeSent: true });
    });

    it('refuses what could not be saved either, and says what to do for a SKU that nothing has read', async () => {
      const id = await connector();
      await keep(id, anItem({ sku: '1' }));
      const wrong = await tried(id, { sku: '1', mapping: { attributes: { item_nam: { from: 'title' } } } });
      expect([wrong.status, errorsOf(wrong)]).toEqual([422, ['mapping.attributes.item_nam target_unknown']]);
      const unread = await tried(id, { sku: '2' });
      expect(unread.status).toBe(404);
      expect(unread.body.detail).toContain('run a preview or a sync first');
      expect((await tried(id, { sku: '1' }, 'UFO')).status).toBe(404);
      expect((await tried(await connector(), { sku: '1' })).status).toBe(404);
    });
  });

  describe('proposals', () => {
    const proposed = (id: string, type = 'SHIRT'): Promise<Answer> =>
      api.get(`/v1/connectors/${id}/mappings/${type}/proposals`);
    const named = (body: Body, key: string): Body | undefined =>
      (body.unmapped as Body[]).find(({ name }) => name === key);

    it('fill what is open from the fields and values of the catalogue', async () => {
      const id = await connector({ listing: { fieldLocale: 'es_ES' } });
      const attributes = { estilo: ['Hoodie'], material: ['Wool'] };
      await keep(id, anItem({ sku: '1', attributes }), anItem({ sku: '2', attributes, weightGrams: undefined }));
      const { status, body } = await proposed(id);
      expect([status, body.itemsSeen, body.version]).toEqual([200, 2, 0]);
      expect(body.proposals).toContainEqual(
        expect.objectContaining({ target: 'style', rule: { from: 'attributes.estilo' } })
      );
      expect(named(body, 'style')).toMatchObject({ title: 'Estilo', requirement: 'optional' });
      for (const given of ['item_name', 'material', 'item_weight', 'purchasable_offer'])
        expect([given, named(body, given)]).toEqual([given, undefined]);
      expect((body.sourceFields as Body[]).find(({ name }) => name === 'weightGrams')).toMatchObject({
        items: 1,
        examples: [600],
      });
    });

    it('leave alone what a rule gives or leaves out', async () => {
      const id = await connector();
      await keep(id, anItem({ sku: '1', attributes: { style: ['Hoodie'] } }));
      await saved(id, 'SHIRT', { style: { omit: true } });
      const { body } = await proposed(id);
      expect([named(body, 'style'), JSON.stringify(body.proposals).includes('style')]).toEqual([undefined, false]);
    });

    it('are none while nothing was read, and for a product type that Amazon lacks', async () => {
      const id = await connector();
      const { body } = await proposed(id);
      expect(body).toMatchObject({ itemsSeen: 0, sourceFields: [], proposals: [] });
      expect(named(body, 'item_name')).toMatchObject({ requirement: 'required' });
      expect((await proposed(id, 'UFO')).status).toBe(404);
    });
  });

  describe('export and import', () => {
    const imported = (id: string, file: object, query = ''): Promise<Answer> =>
      api.post(`/v1/connectors/${id}/mappings/import${query}`, file);
    const exported = async (id: string): Promise<Body> => (await api.get(`/v1/connectors/${id}/mappings/export`)).body;

    it('brings everything to another connector, tells what changed, and changes nothing the second time', async () => {
      const [from, to] = [await connector(), await connector()];
      await saved(from, 'SHIRT', { 'item_weight.value': { constant: 1 }, item_name: { from: 'productTitle' } });
      await saved(from, 'COAT', { item_name: { from: 'title' } });
      await saved(from, 'WATCH', { item_name: { from: 'title' } });
      await api.delete(`/v1/connectors/${from}/mappings/WATCH`);
      await api.request('PUT', `/v1/connectors/${from}/assignments`, {
        body: { assignments: [{ productType: 'COAT', when: { everything: true } }], version: 0 },
      });
      const file = await exported(from);
      expect(Object.keys(file.mappings as object)).toEqual(['COAT', 'SHIRT']);
      await saved(to, 'SHIRT', { item_name: { from: 'title' }, 'item_weight.value': { constant: 1 } });
      await saved(to, 'PANTS', { item_name: { from: 'title' } });

      const dry = await imported(to, file, '?dryRun=true');
      expect(dry.body).toMatchObject({ dryRun: true });
      expect(await exported(to)).not.toHaveProperty('assignments');
      const done = await imported(to, file);
      expect(done.body.changes).toEqual(dry.body.changes);
      expect(done.body.changes).toEqual([
        { what: 'mapping', productType: 'COAT', change: 'added', version: 1, attributes: ['item_name'] },
        { what: 'mapping', productType: 'SHIRT', change: 'changed', version: 2, attributes: ['item_name'] },
        { what: 'assignments', productType: null, change: 'added', version: 1, attributes: [] },
      ]);
      const { mappings, assignments } = await exported(to);
      expect({ mappings, assignments }).toMatchObject({ mappings: file.mappings, assignments: file.assignments });
      expect(Object.keys(mappings as object)).toEqual(['COAT', 'PANTS', 'SHIRT']);
      const again = await imported(to, file);
      expect((again.body.changes as { change: string }[]).map(({ change }) => change)).toEqual([
        'unchanged',
        'unchanged',
        'unchanged',
      ]);
    });

    it('takes as much as many value tables need, where no other request may be so large', async () => {
      const id = await connector();
      const rows = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n} ${'x'.repeat(390)}`, 'Black']));
      const mapping = (count: number) => ({
        attributes: { color: { from: 'options.color', values: { table: rows(count) } } },
      });
      const large = { SHIRT: mapping(4000), COAT: mapping(4000) };
      const file = { format: 'longshore.mappings.v1', mappings: large };
      expect(JSON.stringify(file).length).toBeGreaterThan(3_000_000);
      expect((await imported(id, file)).status).toBe(200);
      expect((await imported(id, await exported(id))).status).toBe(200);

      expect(await put(id, 'SHIRT', { mapping: mapping(4000), version: 1 })).toMatchObject({
        status: 413,
        body: { detail: 'A body may have 1 MB at most.' },
      });
      const tooLarge = await imported(id, {
        ...file,
        mappings: {
          ...large,
          PANTS: { attributes: { color: mapping(5000).attributes.color, style: mapping(4000).attributes.color } },
        },
      });
      expect([tooLarge.status, errorsOf(tooLarge)]).toEqual([422, ['mappings.PANTS too_big']]);
      expect(await imported(id, { ...file, padding: 'x'.repeat(20 * 1024 * 1024) })).toMatchObject({
        status: 413,
        body: { detail: 'A body may have 20 MB at most.' },
      });
    });

    it('changes nothing when anything is wrong, and names all of it', async () => {
      const id = await connector();
      const form = await imported(id, {
        format: 'longshore.mappings.v1',
        mappings: { shirt: { attributes: {} }, COAT: { attributes: { color: { from: 'colour' } } } },
        assignments: [{ productType: 'COAT', when: {} }],
      });
      expect([form.status, errorsOf(form).sort()]).toEqual([
        422,
        [
          'assignments.0.when condition_empty',
          'mappings.COAT.attributes.color.from source_field_unknown',
          'mappings.shirt format',
        ],
      ]);
      const amazon = await imported(id, {
        format: 'longshore.mappings.v1',
        mappings: {
          COAT: { attributes: { item_name: { from: 'title' } } },
          SHIRT: { attributes: { item_nam: { from: 'title' } } },
          UFO: { attributes: {} },
        },
        assignments: [{ productType: 'UFO', when: { everything: true } }],
      });
      expect([amazon.status, errorsOf(amazon).sort()]).toEqual([
        422,
        [
          'assignments.0.productType unknown_product_type',
          'mappings.SHIRT.attributes.item_nam target_unknown',
          'mappings.UFO unknown_product_type',
        ],
      ]);
      expect((await imported(id, { format: 'v2', mappings: {} })).status).toBe(422);
      expect(await exported(id)).toEqual({ format: 'longshore.mappings.v1', mappings: {} });
    });
  });
});
