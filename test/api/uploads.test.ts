import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { uploadModel, uploadStore } from '../../models/uploads';
import { ApiUnderTest } from './api-under-test';
import { vtexConnector } from './samples';

const CSV = 'sku,title,price,stock\nA1,Tee,12.50,3\nA2,Cup,dear,1\n';
const never = new AbortController().signal;

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(() => api.stop());

function fileConnector(source: object = { upload: true }) {
  const { name, amazon } = vtexConnector();
  return { name, amazon, source: { type: 'file', ...source } };
}

const connector = (state?: 'active') => api.connector(state ?? 'onboarding', fileConnector());

const put = (id: string, body: unknown, name = 'products.csv', headers: Record<string, string> = {}, key?: string) =>
  api.request('PUT', `/v1/connectors/${id}/catalogue?name=${encodeURIComponent(name)}`, {
    body,
    headers: { 'content-type': 'text/csv', ...headers },
    ...(key && { key }),
  });

async function contentOf(id: string): Promise<string> {
  const uploads = uploadStore(api.connection).of(id);
  const [newest] = await uploads.kept();
  const all: Buffer[] = [];
  for await (const chunk of uploads.bytes(newest!.id, never)) all.push(chunk);
  return Buffer.concat(all).toString();
}

describe('PUT /v1/connectors/{connectorId}/catalogue', () => {
  it('keeps the file, says how it is read and what is wrong with it, and wakes the onboarding', async () => {
    const id = await connector();
    const operator = await api.keyFor('operator');
    const { status, body } = await put(id, CSV, 'products.csv', {}, operator);
    expect(status).toBe(201);
    expect(body).toEqual({
      name: 'products.csv',
      size: CSV.length,
      sha256: createHash('sha256').update(CSV).digest('hex'),
      uploadedAt: expect.any(String) as string,
      by: 'a operator',
      look: {
        form: 'a file with one SKU a row, UTF-8, separated by commas',
        skus: 1,
        unreadable: 1,
        problems: ["line 3 of products.csv: Its price 'dear' is not a number."],
        isWhole: true,
      },
      problem: null,
    });
    expect(await contentOf(id)).toBe(CSV);
    expect(api.orchestrator.namesOf(id)).toContain('configurationChanged');
    const viewer = await api.keyFor('viewer');
    expect((await api.get(`/v1/connectors/${id}/catalogue`, { key: viewer })).body).toEqual(body);
    const { items } = (await api.get(`/v1/audit?connectorId=${id}`)).body;
    expect(items[0]).toMatchObject({ action: 'catalogue.uploaded', target: { type: 'connector', id } });
  });

  it('changes nothing when the same file comes again, and replaces it by another', async () => {
    const id = await connector();
    const first = await put(id, CSV);
    const again = await put(id, CSV);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect((await put(id, `${CSV}A3,Mug,4,1\n`)).status).toBe(201);
    expect(await uploadModel(api.connection).countDocuments({ connectorId: id })).toBe(1);
    expect(await contentOf(id)).toContain('A3');
  });

  it('keeps what a run in progress may read, until the next one begins', async () => {
    const id = await connector('active');
    await put(id, CSV);
    expect((await api.post(`/v1/connectors/${id}/syncs`, {})).status).toBe(202);
    await put(id, `${CSV}A3,Mug,4,1\n`);
    expect(await uploadModel(api.connection).countDocuments({ connectorId: id })).toBe(2);
  });

  it.each([
    ['by its type', 'products.csv', { 'content-type': 'application/gzip' }],
    ['by its name', 'products.csv.gz', { 'content-type': 'application/octet-stream' }],
    ['by its encoding', 'products.csv', { 'content-encoding': 'gzip' }],
  ])('unpacks a gzip file that is known %s', async (_how, name, headers) => {
    const id = await connector();
    const { status, body } = await put(id, gzipSync(CSV), name, headers);
    expect([status, body.name, body.size]).toEqual([201, 'products.csv', CSV.length]);
    expect(await contentOf(id)).toBe(CSV);
  });

  it('takes in a file in parts, and more than one chunk of it', async () => {
    const id = await connector();
    const rows = Array.from({ length: 100_000 }, (_, each) => `S${each},"Shirt ${each}",1,2`);
    const text = `sku,title,price,stock\n${rows.join('\n')}\n`;
    const { status, body } = await put(id, text);
    expect([status, body.size]).toEqual([201, text.length]);
    expect(await contentOf(id)).toBe(text);
  });

  it('keeps a file whose columns are not known, and says what to do', async () => {
    const id = await connector();
    const { status, body } = await put(id, 'Nummer;Preis\n1;2\n');
    expect([status, body.look]).toEqual([201, null]);
    expect(body.problem).toMatch(/^The columns of products\.csv are not known: .* Name at least the columns/);
  });

  it.each([
    ['no file', '', 'products.csv', {}, 422, 'validation_failed'],
    ['a broken gzip file', 'no gzip', 'products.csv.gz', {}, 400, 'malformed_request'],
    ['half a gzip file', gzipSync(CSV).subarray(0, 30), 'products.csv.gz', {}, 400, 'malformed_request'],
    ['another compression', CSV, 'products.csv', { 'content-encoding': 'br' }, 415, 'unsupported_media_type'],
    ['a form', CSV, 'products.csv', { 'content-type': 'multipart/form-data' }, 415, 'unsupported_media_type'],
    ['a path for a name', CSV, '../products.csv', {}, 422, 'validation_failed'],
    ['too much', 'x'.repeat(5 * 1024 * 1024), 'products.csv', {}, 413, 'too_large'],
    ['too much, packed', gzipSync('x'.repeat(50_000_000)), 'products.csv.gz', {}, 413, 'too_large'],
  ])('refuses %s, and leaves what was there', async (_what, body, name, headers, status, code) => {
    const id = await connector();
    await put(id, CSV);
    const refused = await put(id, body, name, headers);
    expect([refused.status, refused.body.code]).toEqual([status, code]);
    expect(await uploadModel(api.connection).countDocuments({ connectorId: id })).toBe(1);
    expect(await contentOf(id)).toBe(CSV);
  });

  it('keeps nothing of an upload that is cut off', async () => {
    const id = await connector();
    await put(id, CSV);
    const key = await api.keyFor('operator');
    const cut = request(`${api.url}/v1/connectors/${id}/catalogue?name=products.csv`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'text/csv', 'content-length': '3000000' },
    });
    cut.on('error', () => undefined);
    cut.write('x'.repeat(2_000_000));
    const count = () => uploadModel(api.connection).countDocuments({ connectorId: id });
    await until(async () => (await count()) === 2);
    cut.destroy();
    await until(async () => (await count()) === 1);
    expect(await contentOf(id)).toBe(CSV);
    expect(await api.connection.db!.collection('uploads.chunks').countDocuments({ data: /^x/ })).toBe(0);
  });

  it('is for operators, and for connectors that take uploads', async () => {
    const id = await connector();
    const viewer = await api.keyFor('viewer');
    expect((await put(id, CSV, 'products.csv', {}, viewer)).body.code).toBe('role_required');
    expect((await put('con_00000000000000000000', CSV)).body.code).toBe('not_found');
    const byPath = await api.connector('onboarding', fileConnector({ path: '/data/products.csv' }));
    expect((await put(byPath, CSV)).body.code).toBe('not_for_uploads');
    expect((await put(await api.connector('onboarding'), CSV)).body.code).toBe('not_for_uploads');
    await api.delete(`/v1/connectors/${id}`);
    expect((await put(id, CSV)).body.code).toBe('connector_removing');
  });
});

describe('GET /v1/connectors/{connectorId}/catalogue', () => {
  it('finds nothing where nothing is uploaded', async () => {
    expect((await api.get(`/v1/connectors/${await connector()}/catalogue`)).body).toMatchObject({
      code: 'not_found',
      detail: 'There is no such uploaded catalogue.',
    });
  });
});

describe('the source of a connector', () => {
  it.each([
    [{ path: '/data/products.csv', upload: true }, 'source', 'path_and_upload'],
    [{}, 'source.path', 'path_or_upload'],
    [{ upload: false }, 'source.upload', 'unknown_choice'],
  ])('is a path or an upload: %j', async (source, field, code) => {
    const { status, body } = await api.post('/v1/connectors', fileConnector(source));
    expect(status).toBe(422);
    expect(body.errors).toContainEqual(expect.objectContaining({ field, code }));
  });

  it('may change from a path to an upload', async () => {
    const id = await api.connector('onboarding', fileConnector({ path: '/data/products.csv' }));
    const { status } = await api.patch(`/v1/connectors/${id}`, { source: { path: null, upload: true } });
    expect(status).toBe(200);
    expect((await put(id, CSV)).status).toBe(201);
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error('it did not come to that in ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
