import { changeNoticeModel, changeNoticesOf } from '../../models/change-notices';
import { connectorModel } from '../../models/connectors';
import { never, SandboxWorld, type WorldFacts } from '../adapters/sandbox-world';
import { ApiUnderTest } from './api-under-test';
import { freshAffiliate, salesLayerConnector, vtexConnector } from './samples';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(async () => {
  await api.stop();
});

type State = Parameters<ApiUnderTest['connector']>[0];

/** A connector of the account luma, and its hook. What is sent of the affiliate MZN is sent of the connector's own. */
async function aHook(state: State = 'active', of: ApiUnderTest = api) {
  const affiliateId = freshAffiliate();
  const connectorId = await of.connector(state, vtexConnector({ source: { affiliateId } }));
  const { body } = await of.get(`/v1/connectors/${connectorId}/hook`);
  const path = new URL(body.endpoint as string).pathname;
  return {
    connectorId,
    path,
    token: path.split('/').at(-1)!,
    send: (sent: unknown, below = '', headers: Record<string, string> = {}) => {
      const text = typeof sent === 'string' ? sent : JSON.stringify(sent);
      const own = text.replace('"MZN"', `"${affiliateId}"`).replace('"mzn"', `"${affiliateId.toLowerCase()}"`);
      return of.request('POST', path + below, { key: null, headers, body: own });
    },
    kept: async () => {
      const notices = changeNoticesOf(api.connection, connectorId);
      return notices.page(await notices.gather(), null, 1000);
    },
  };
}

/** Yesterday: a notice of it is believed, whatever it says. */
const DAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);

/** VTEX's own example, of this store. */
const notification = (more: object = {}) => ({
  IdSku: '15',
  An: 'luma',
  IdAffiliate: 'MZN',
  DateModified: `${DAY}T15:11:28.1978783Z`,
  IsActive: false,
  StockModified: false,
  PriceModified: false,
  HasStockKeepingUnitModified: true,
  HasStockKeepingUnitRemovedFromAffiliate: false,
  ...more,
});

describe('the hook of a VTEX store', () => {
  it('notes what changed, without an API key, at its address and where the guides have connectors listen', async () => {
    const hook = await aHook();
    expect(await hook.send(notification())).toMatchObject({ status: 202, text: '' });
    expect(await hook.send(notification({ IdSku: '16' }), '/api/notification/')).toMatchObject({ status: 202 });
    expect(await hook.kept()).toEqual([
      { skuId: '15', isRemoved: false },
      { skuId: '16', isRemoved: false },
    ]);
  });

  it.each([
    [
      'camelCase, with a number and what newer versions add',
      {
        idSKU: 15,
        productId: 3,
        an: 'luma',
        idAffiliate: 'MZN',
        version: 'v2',
        isActive: true,
        dateModified: `${DAY}T15:11:28.1978783`,
        hasStockKeepingUnitRemovedFromAffiliate: true,
        futureField: { a: [1] },
      },
      true,
    ],
    ['text where flags are usual', { ...notification(), HasStockKeepingUnitRemovedFromAffiliate: 'True' }, true],
    [
      'null where it has nothing to say',
      { ...notification(), DateModified: null, HasStockKeepingUnitRemovedFromAffiliate: null, Version: null },
      false,
    ],
    ['a date that is none', { ...notification(), DateModified: 'yesterday' }, false],
    ['the account and the affiliate in another casing', { ...notification(), An: 'Luma', IdAffiliate: 'mzn' }, false],
    ['both casings at once', { idSku: null, ...notification(), idsku: 99 }, false],
  ])('reads %s', async (_, sent, isRemoved) => {
    const hook = await aHook();
    expect(await hook.send(sent)).toMatchObject({ status: 202 });
    expect(await hook.kept()).toEqual([{ skuId: '15', isRemoved }]);
  });

  it('takes JSON that is called plain text', async () => {
    const hook = await aHook();
    const headers = { 'content-type': 'text/plain; charset=utf-8' };
    expect(await hook.send(notification(), '', headers)).toMatchObject({ status: 202 });
  });

  it('goes by the newest of several about one SKU, to the last of seven decimals', async () => {
    const hook = await aHook();
    const at = (DateModified: string, HasStockKeepingUnitRemovedFromAffiliate: boolean) =>
      hook.send(notification({ DateModified, HasStockKeepingUnitRemovedFromAffiliate }));
    await at(`${DAY}T15:11:28.1978783Z`, false);
    await at(`${DAY}T15:11:28.1978782Z`, true);
    await at(`${DAY}T15:11:28.1978783Z`, false);
    await at(`${DAY}T17:11:28.1978781+02:00`, true);
    expect(await hook.kept()).toEqual([{ skuId: '15', isRemoved: false }]);
    await at(`${DAY}T15:11:28.1978784Z`, true);
    expect(await hook.kept()).toEqual([{ skuId: '15', isRemoved: true }]);
  });

  it('does not take the word of a clock that is ahead for good', async () => {
    const hook = await aHook();
    await hook.send(
      notification({ DateModified: '2199-01-01T00:00:00Z', HasStockKeepingUnitRemovedFromAffiliate: true })
    );
    await hook.send(notification({ DateModified: undefined }));
    expect(await hook.kept()).toEqual([{ skuId: '15', isRemoved: false }]);
  });

  it.each([
    ['a week ago', new Date(Date.now() - 7 * 86_400_000).toISOString()],
    ['years ago', '2018-08-20T15:11:28.1978783Z'],
    ['at a time that it does not say', undefined],
  ])('has a SKU read again that is said to have left %s, instead of believing it', async (_, DateModified) => {
    const hook = await aHook();
    await hook.send(notification({ DateModified, HasStockKeepingUnitRemovedFromAffiliate: true }));
    expect(await hook.kept()).toEqual([{ skuId: '15', isRemoved: false }]);
  });

  it('takes the same notice twice with one effect, also after a sync has worked it off', async () => {
    const hook = await aHook();
    const removed = notification({ DateModified: `${DAY}T10:00:00Z`, HasStockKeepingUnitRemovedFromAffiliate: true });
    const back = notification({ DateModified: `${DAY}T11:00:00Z` });
    for (const sent of [removed, removed, back, removed]) expect(await hook.send(sent)).toMatchObject({ status: 202 });
    expect(await hook.kept()).toEqual([{ skuId: '15', isRemoved: false }]);
    const notices = changeNoticesOf(api.connection, hook.connectorId);
    await notices.settle(await notices.gather());
    await hook.send(removed);
    expect(await hook.kept()).toEqual([{ skuId: '15', isRemoved: false }]);
  });

  it("says the same of an address that is nobody's, whatever is wrong with it", async () => {
    const [hook, other] = [await aHook(), await aHook()];
    const salesLayer = await api.connector('active', salesLayerConnector());
    const removing = await aHook();
    await connectorModel(api.connection).updateOne({ _id: removing.connectorId }, { $set: { state: 'removing' } });
    const answers = await Promise.all(
      [
        `/hooks/vtex/con_00000000000000000000/${hook.token}`,
        `/hooks/vtex/${hook.connectorId}/${other.token}`,
        `/hooks/vtex/${hook.connectorId}/hook_${'A'.repeat(43)}`,
        `/hooks/vtex/${hook.connectorId}/x`,
        `/hooks/vtex/${salesLayer}/${hook.token}`,
        removing.path,
      ].map((path) => api.post(path, notification(), { key: null }))
    );
    const said = answers.map(({ status, body: { requestId: _, ...body } }) => ({ status, body }));
    expect(said.map(({ status }) => status)).toEqual(said.map(() => 404));
    expect(new Set(said.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(await changeNoticeModel(api.connection).countDocuments({ connectorId: removing.connectorId })).toBe(0);
  });

  it.each([
    ['another account', notification({ An: 'someoneelse' }), 'An', 'other_account'],
    ['another affiliate', notification({ IdAffiliate: 'SPT' }), 'IdAffiliate', 'other_affiliate'],
    ['no affiliate', notification({ IdAffiliate: undefined }), 'IdAffiliate', 'required'],
    ['no SKU', notification({ IdSku: undefined }), 'IdSku', 'required'],
    ['a SKU that is no number', notification({ IdSku: 'TEE-S' }), 'IdSku', 'invalid'],
    ["a SKU beyond VTEX's ids", notification({ IdSku: 2_147_483_648 }), 'IdSku', 'invalid'],
    ['a list', [notification()], '', 'required'],
  ])('refuses %s, and says so', async (_, sent, field, code) => {
    const hook = await aHook();
    const { status, body } = await hook.send(sent);
    expect([status, body.code]).toEqual([422, 'validation_failed']);
    expect(body.errors).toEqual([expect.objectContaining({ field, code })]);
    expect(await hook.kept()).toEqual([]);
  });

  it('refuses what is no JSON, too long or of another type', async () => {
    const hook = await aHook();
    const send = (body: string, type = 'application/json') => hook.send(body, '', { 'content-type': type });
    expect(await send('{"IdSku":')).toMatchObject({ status: 400, body: { code: 'malformed_json' } });
    expect(await send(`{"IdSku":"${'1'.repeat(64 * 1024)}"}`)).toMatchObject({
      status: 413,
      body: { detail: 'A body may have 64 KB at most.' },
    });
    expect(await send('IdSku=15', 'application/x-www-form-urlencoded')).toMatchObject({ status: 415 });
    expect(await api.get(hook.path, { key: null })).toMatchObject({ status: 405 });
  });

  it('keeps nothing of an Idempotency-Key, which nobody may leave here', async () => {
    const hook = await aHook();
    const before = await api.connection.collection('idempotencyKeys').countDocuments();
    const headers = { 'idempotency-key': 'a-key' };
    for (const IdSku of ['1', '2'])
      expect(await hook.send(notification({ IdSku }), '', headers)).toMatchObject({ status: 202 });
    expect(await hook.kept()).toHaveLength(2);
    expect(await api.connection.collection('idempotencyKeys').countDocuments()).toBe(before);
  });

  it('takes a burst that no API key could send', async () => {
    const limited = await ApiUnderTest.start({ requestsPerMinute: 10 });
    try {
      const hook = await aHook('active', limited);
      for (let from = 0; from < 500; from += 100) {
        const answers = await Promise.all(
          Array.from({ length: 100 }, (_, index) =>
            hook.send(notification({ IdSku: String(1 + ((from + index) % 500)) }))
          )
        );
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
      }
      expect((await limited.get(`/v1/connectors/${hook.connectorId}/hook`)).body).toMatchObject({ waiting: 500 });
    } finally {
      await limited.stop();
    }
  });

  it('has a sync asked for once, seconds after the last of many notices, of a connector that is active', async () => {
    const [hook, paused] = [await aHook(), await aHook('paused')];
    const nudges = (id: string) => api.orchestrator.namesOf(id).filter((name) => name === 'nudgeSync').length;
    for (let sku = 1; sku <= 20; sku += 1) await hook.send(notification({ IdSku: sku }));
    await paused.send(notification());
    expect(nudges(hook.connectorId)).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    expect(nudges(hook.connectorId)).toBe(1);
    expect(nudges(paused.connectorId)).toBe(0);
    expect(await paused.kept()).toHaveLength(1);
    await hook.send(notification());
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    expect(nudges(hook.connectorId)).toBe(2);
  });

  it('gets what the store sends, of every change once, until a sync works it off', async () => {
    const shop = await SandboxWorld.start();
    try {
      const { vtex } = await shop.control<WorldFacts>('PUT', '/worlds/shop', { generate: 60, seed: 1 });
      const { account, appKey } = vtex;
      const affiliateId = freshAffiliate();
      const source = { account, appKey, affiliateId };
      const connectorId = await api.connector('active', vtexConnector({ source }));
      const look = async () => (await api.get(`/v1/connectors/${connectorId}/hook`)).body;
      const endpoint = api.url + new URL((await look()).endpoint as string).pathname;
      const store = shop.store({ ...vtex, affiliateId, notices: changeNoticesOf(api.connection, connectorId) });
      const affiliate = { id: affiliateId, name: 'Amazon', followUpEmail: 'a@b.co', salesChannel: '1', endpoint };
      await store.putAffiliate(affiliate, never);
      const { items } = await store.readPage(null, 60, never);
      const [one, other] = items.filter(({ isKit }) => !isKit);
      await shop.control('POST', `/worlds/shop/skus/${one!.sourceId}`, { quantity: 41 });
      await shop.control('POST', `/worlds/shop/skus/${other!.sourceId}`, { remove: true, tell: 'sku' });
      for (let waiting = 1; waiting > 0;)
        ({ waiting } = await shop.control<{ waiting: number }>('GET', '/worlds/shop/notifications'));

      const told = await shop.control<{ sent: { skuId: number; status: number }[] }>(
        'GET',
        '/worlds/shop/notifications'
      );
      const skuIds = new Set(told.sent.map(({ skuId }) => String(skuId)));
      expect(new Set(told.sent.map(({ status }) => status))).toEqual(new Set([202]));
      expect(told.sent.length).toBeGreaterThan(skuIds.size);
      expect(await look()).toMatchObject({ waiting: skuIds.size });
      // A full reading after them covers them all: what is asked for since then has nothing left.
      const { changesToken } = await store.readPage(null, 60, never);
      const since = await store.readChanges!(changesToken!, null, 60, never);
      expect(since).toMatchObject({ isEverything: false, items: [], removed: [] });
      expect(await look()).toMatchObject({ waiting: 0 });
    } finally {
      await shop.sandbox.close();
    }
  });

  it('never shows its token in a log', async () => {
    const hook = await aHook();
    await hook.send(notification());
    await hook.send('{', '/api/notification');
    await api.post(`${hook.path}/pvt/orders`, {}, { key: null });
    await api.get(`/nowhere//${hook.token}?token=${hook.token}`, { key: null });
    const lines = api.logs.filter((line) => line.includes('/hooks/vtex/') || line.includes('/nowhere/'));
    expect(lines.length).toBeGreaterThanOrEqual(4);
    expect(lines.some((line) => line.includes(`/hooks/vtex/${hook.connectorId}/[secret]`))).toBe(true);
    expect(api.logs.join('')).not.toContain(hook.token.slice(5));
  });
});

describe('GET /v1/connectors/{connectorId}/hook', () => {
  it('shows where notices go and whether they come', async () => {
    const hook = await aHook();
    const look = async () => (await api.get(`/v1/connectors/${hook.connectorId}/hook`)).body;
    expect(await look()).toEqual({
      endpoint: `http://127.0.0.1:3000/hooks/vtex/${hook.connectorId}/${hook.token}`,
      lastNoticeAt: null,
      waiting: 0,
    });
    await hook.send(notification());
    const after = await look();
    expect(after).toMatchObject({ waiting: 1 });
    expect(Date.now() - Date.parse(after.lastNoticeAt as string)).toBeLessThan(10_000);
  });

  it('is not for whoever may only look, nor for a source that calls nobody', async () => {
    const { connectorId } = await aHook();
    const viewer = await api.keyFor('viewer');
    expect(await api.get(`/v1/connectors/${connectorId}/hook`, { key: viewer })).toMatchObject({ status: 403 });
    const salesLayer = await api.connector('active', salesLayerConnector());
    expect(await api.get(`/v1/connectors/${salesLayer}/hook`)).toMatchObject({ status: 404 });
    expect(await api.get('/v1/connectors/con_00000000000000000000/hook')).toMatchObject({ status: 404 });
  });
});
