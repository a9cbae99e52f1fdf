import { shirt, useSandbox, type ErrorBody, type SellerClient } from './sandbox-client';

const sandbox = useSandbox({ rateFactor: 1000 });
let seller: SellerClient;

beforeEach(async () => {
  await sandbox().control('POST', 'reset');
  seller = await sandbox().seller(await sandbox().world('faults'));
});

const fault = async (body: object) => (await sandbox().control<{ id: string }>('POST', 'faults', body)).body.id;

describe('a fault', () => {
  it('answers a status as often as it is told, and then no more', async () => {
    await fault({ match: { operation: 'putListingsItem' }, kind: 'status', status: 503, times: 2 });
    const statuses = [
      await seller.put('F', shirt()),
      await seller.put('F', shirt()),
      await seller.put('F', shirt()),
    ].map((reply) => reply.status);
    expect(statuses).toEqual([503, 503, 200]);
  });

  it('befalls the SKUs it names, each as often as it is told', async () => {
    await fault({ match: { operation: 'amazon.*', skus: ['A', 'B'] }, kind: 'throttle', timesPerSku: 1 });
    const status = async (sku: string) => (await seller.put(sku, shirt())).status;
    expect([await status('A'), await status('A'), await status('B'), await status('B'), await status('C')]).toEqual([
      429, 200, 429, 200, 200,
    ]);
  });

  it('befalls a share of the calls, at random, and leaves the others to younger faults', async () => {
    await fault({ match: { operation: 'getListingsItem' }, kind: 'status', status: 500, share: 0.3 });
    await fault({ match: { operation: 'getListingsItem' }, kind: 'throttle', share: 0.5 });
    const seen: Record<number, number> = {};
    for (let call = 0; call < 400; call++) {
      const { status } = await seller.item('F');
      seen[status] = (seen[status] ?? 0) + 1;
    }
    // 120, 140 and 140 are to be expected; four times the spread of 400 draws is 40.
    expect(seen[500]).toBeGreaterThan(80);
    expect(seen[500]).toBeLessThan(160);
    expect(seen[429]).toBeGreaterThan(100);
    expect(seen[429]).toBeLessThan(180);
    expect(seen[404]).toBe(400 - seen[500]! - seen[429]!);
  });

  it('throttles in words of Amazon', async () => {
    await fault({ match: { operation: '*' }, kind: 'throttle' });
    const reply = await seller.put<ErrorBody>('F', shirt());
    expect(reply.body.errors[0]?.code).toBe('QuotaExceeded');
    expect(reply.headers.get('x-amzn-ratelimit-limit')).toBeNull();
  });

  it('answers INVALID at HTTP 200', async () => {
    await fault({ match: { operation: 'putListingsItem' }, kind: 'invalid', times: 1 });
    expect((await seller.put('F', shirt())).body).toMatchObject({ status: 'INVALID', issues: [{ severity: 'ERROR' }] });
  });

  it('ends by the clock', async () => {
    await fault({ match: { operation: 'lwaToken' }, kind: 'status', status: 500, forSeconds: 10 });
    expect((await sandbox().token(seller.world)).status).toBe(500);
    await sandbox().control('POST', 'clock', { advanceSeconds: 10 });
    expect((await sandbox().token(seller.world)).status).toBe(200);
  });

  it('resets the connection, and the request may have been carried out all the same', async () => {
    await fault({ match: { operation: 'putListingsItem', skus: ['G'] }, kind: 'reset', times: 1, after: true });
    await fault({ match: { operation: 'putListingsItem', skus: ['H'] }, kind: 'reset', times: 1 });
    await expect(seller.put('G', shirt())).rejects.toThrow();
    await expect(seller.put('H', shirt())).rejects.toThrow();
    const books = await sandbox().control<{ amazon: Record<string, object> }>('GET', 'books');
    expect(Object.keys(books.body.amazon[seller.world.amazon.sellerId] ?? {})).toEqual(['G']);
  });

  it('gives no answer for a while and then hangs up, or answers late', async () => {
    await fault({ match: { operation: 'getListingsItem' }, kind: 'timeout', delayMs: 100, times: 1 });
    await expect(seller.item('F')).rejects.toThrow();
    await fault({ match: { operation: 'getListingsItem' }, kind: 'slow', delayMs: 100, times: 1 });
    const from = Date.now();
    expect((await seller.item('F')).status).toBe(404);
    expect(Date.now() - from).toBeGreaterThanOrEqual(95);
  });

  it('befalls VTEX by SKU id or reference, in a simulation too', async () => {
    await fault({ match: { operation: 'vtex.*', skus: ['2'] }, kind: 'status', status: 500 });
    const simulate = (id: string) =>
      sandbox().send('POST', `/vtex/faults/api/checkout/pub/orderForms/simulation`, {
        body: { items: [{ id, quantity: 1, seller: '1' }] },
      });
    expect((await simulate('1')).status).toBe(200);
    expect((await simulate('2')).status).toBe(500);
  });

  it('is listed with its hits and can be taken back', async () => {
    const id = await fault({ match: { operation: 'putListingsItem' }, kind: 'status', status: 500 });
    await seller.put('F', shirt());
    expect((await sandbox().control<object[]>('GET', 'faults')).body).toMatchObject([{ id, kind: 'status', hits: 1 }]);
    expect((await sandbox().control('DELETE', `faults/${id}`)).status).toBe(204);
    expect((await seller.put('F', shirt())).status).toBe(200);
  });
});

describe('the record of calls', () => {
  it('holds every call and no secret', async () => {
    await sandbox().control('DELETE', 'calls');
    seller = await sandbox().seller(seller.world);
    await seller.put('K', shirt());
    await seller.item('K');
    const { text, body } = await sandbox().control<
      { operation: string; status: number; sku?: string; ms: number; at: string }[]
    >('GET', 'calls');
    expect(body.map((call) => [call.operation, call.status, call.sku])).toEqual([
      ['lwaToken', 200, undefined],
      ['putListingsItem', 200, 'K'],
      ['getListingsItem', 404, 'K'],
    ]);
    const { clientSecret, refreshToken } = seller.world.amazon;
    for (const secret of [clientSecret, refreshToken, seller.accessToken]) expect(text).not.toContain(secret);
    const summary = await sandbox().control<{ total: number; amazon: number; byOperation: object }>(
      'GET',
      'calls/summary'
    );
    expect(summary.body).toMatchObject({
      total: 3,
      amazon: 2,
      byOperation: { putListingsItem: { count: 1, byStatus: { 200: 1 } } },
    });
    const puts = await sandbox().control<object[]>(
      'GET',
      `calls?operation=putListingsItem&since=${body[0]?.at}&limit=5`
    );
    expect(puts.body).toHaveLength(1);
  });
});

describe('the control API', () => {
  it.each([
    ['PUT', 'worlds/Bad_Name', { generate: 1 }],
    ['PUT', 'worlds/nothing', {}],
    ['PUT', 'worlds/w', { generate: 'many' }],
    ['PUT', 'worlds/w', { generate: 1, colour: 'blue' }],
    ['PUT', 'worlds/w', { catalogPath: '/nowhere.jsonl' }],
    ['PUT', 'worlds/w', { generate: 1, marketplaces: ['NOWHERE'] }],
    ['POST', 'faults', { kind: 'explode', match: {} }],
    ['POST', 'faults', { kind: 'status', match: { operation: 'put*' } }],
    ['POST', 'faults', { kind: 'reset', match: {}, share: 0 }],
    ['POST', 'faults', { kind: 'reset', match: {}, share: 1.1 }],
    ['POST', 'clock', { advanceSeconds: -1 }],
    ['POST', 'clock', {}],
    ['POST', 'worlds/faults/skus/1', { price: 'cheap' }],
    ['POST', 'worlds/faults/skus/1', {}],
    ['POST', 'worlds/faults/amazon', { secretExpired: 'yes' }],
    ['GET', 'calls?since=yesterday', undefined],
  ])('answers 400 with a sentence to %s %s %j', async (method, path, body) => {
    const reply = await sandbox().control<{ error: string }>(method, path, body);
    expect(reply.status).toBe(400);
    expect(reply.body.error).toEqual(expect.any(String));
  });

  it.each([
    ['GET', 'worlds/unknown'],
    ['DELETE', 'faults/unknown'],
    ['POST', 'worlds/faults/skus/unknown'],
    ['GET', 'nothing'],
  ])('answers 404 to %s %s', async (method, path) => {
    expect((await sandbox().control(method, path, method === 'POST' ? {} : undefined)).status).toBe(404);
  });
});
