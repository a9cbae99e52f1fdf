import { defaultPayloadConverter } from '@temporalio/common';
import { createKeyring } from '../../adapters/secrets/keyring';
import { createPayloadCodec } from '../../adapters/temporal/codec';
import { createRemoteCodec } from '../../adapters/temporal/remote-codec';
import { ApiUnderTest, TEMPORAL_UI } from './api-under-test';

const keyring = createKeyring(`k1:${Buffer.alloc(32, 1).toString('base64')}`);
const other = createKeyring(`other:${Buffer.alloc(32, 2).toString('base64')}`);
const json = { metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'eyJjb25uZWN0b3JJZCI6ImNvbl8wMTIzIn0=' };

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start({ codec: createRemoteCodec(keyring) });
});
afterAll(async () => {
  await api.stop();
});

const ask = (what: 'encode' | 'decode', payloads: unknown, headers: Record<string, string> = {}) =>
  api.post(`/codec/${what}`, { payloads }, { headers });

describe("the codec of Temporal's pages", () => {
  it('decodes what workflows were given, and gives back what it encoded', async () => {
    const [written] = await createPayloadCodec(keyring).encode([defaultPayloadConverter.toPayload({ at: 7 })!]);
    const base64 = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64');
    const metadata = Object.fromEntries(Object.entries(written!.metadata!).map(([name, each]) => [name, base64(each)]));
    const { status, body } = await ask('decode', [{ metadata, data: base64(written!.data) }]);
    const [decoded] = body.payloads as { data: string }[];
    expect([status, Buffer.from(decoded!.data, 'base64').toString()]).toEqual([200, '{"at":7}']);

    const encoded = (await ask('encode', [json, {}])).body.payloads as { metadata: Record<string, string> }[];
    expect(encoded.map((each) => each.metadata.encoding)).toEqual(
      Array(2).fill(Buffer.from('binary/encrypted').toString('base64'))
    );
    expect((await ask('decode', encoded)).body.payloads).toEqual([json, { metadata: {} }]);
  });

  it('leaves what is not ours as it came, and decodes the rest', async () => {
    const [theirs] = await createRemoteCodec(other).encode([json]);
    const [ours] = await createRemoteCodec(keyring).encode([json]);
    const broken = { ...ours, data: `${ours!.data!.slice(0, -4)}AAA=` };
    const { body } = await ask('decode', [theirs, json, ours, broken]);
    expect(body.payloads).toEqual([theirs, json, json, broken]);
  });

  it('opens no secret of the database', async () => {
    const { box, keyId } = keyring.seal('Atzr|of-a-seller');
    const metadata = {
      encoding: Buffer.from('binary/encrypted').toString('base64'),
      'encryption-key-id': Buffer.from(keyId).toString('base64'),
    };
    expect((await ask('decode', [{ metadata, data: box }])).body.payloads).toEqual([{ metadata, data: box }]);
  });

  it('serves our namespace alone', async () => {
    expect((await ask('decode', [json], { 'x-namespace': 'longshore' })).status).toBe(200);
    expect((await ask('decode', [json], { 'x-namespace': 'another' })).status).toBe(404);
  });

  it.each([
    ['nothing', null],
    ['what is no list', { payloads: 'x' }],
    ['metadata that is no text', { payloads: [{ metadata: { encoding: 7 } }] }],
  ])('refuses %s', async (_, body) => {
    expect((await api.post('/codec/decode', body ?? undefined)).status).toBe(422);
  });

  it('needs an admin', async () => {
    const key = await api.keyFor('operator');
    const decode = (with_: string | null) => api.post('/codec/decode', { payloads: [json] }, { key: with_ });
    expect([(await decode(key)).status, (await decode(null)).status]).toEqual([403, 401]);
  });

  it("may be asked by Temporal's pages from a browser, and by no others", async () => {
    const preflight = (origin: string) =>
      fetch(`${api.url}/codec/decode`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-namespace' },
      });
    const allowed = await preflight(TEMPORAL_UI);
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, TEMPORAL_UI]);
    expect(allowed.headers.get('access-control-allow-headers')).toMatch(/Authorization.*X-Namespace/);
    expect((await preflight('https://evil.example.com')).headers.get('access-control-allow-origin')).toBeNull();
    const answer = await ask('decode', [json], { origin: TEMPORAL_UI });
    expect(answer.headers.get('access-control-allow-origin')).toBe(TEMPORAL_UI);
    const elsewhere = await api.get('/v1/connectors', { headers: { origin: TEMPORAL_UI } });
    expect(elsewhere.headers.get('access-control-allow-origin')).toBeNull();
  });
});
