import { loadConfig, secretsOf, temporalOf } from '../../config';

const NEEDED = {
  NODE_ENV: 'test',
  MONGODB_URI: 'mongodb://longshore:db-pass%2Fword@a.example.com,b.example.com/longshore',
  ADMIN_API_KEY: 'admin-key-of-the-tests-01234567',
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')},k2:${Buffer.alloc(32, 2).toString('base64')}`,
};
const load = (env: Record<string, string> = {}) => loadConfig({ ...NEEDED, ...env });

describe('where Temporal is', () => {
  it('is spoken to in the open unless TLS is asked for', () => {
    expect(temporalOf(load())).toEqual({ address: '127.0.0.1:7233', apiKey: undefined });
  });

  it.each([
    ['with what the machine knows', { TEMPORAL_TLS: 'true' }],
    ['with an authority', { TEMPORAL_TLS_CA: '/ca.pem' }],
    ['with a certificate', { TEMPORAL_TLS_CERT: '/c.pem', TEMPORAL_TLS_KEY: '/c.key' }],
    ['whenever an API key is sent', { TEMPORAL_API_KEY: 'eyJ' }],
  ])('is spoken to over TLS %s', (_, env: Record<string, string>) => {
    const { tls, apiKey } = temporalOf(load(env));
    expect(tls).toEqual({ ca: env.TEMPORAL_TLS_CA, cert: env.TEMPORAL_TLS_CERT, key: env.TEMPORAL_TLS_KEY });
    expect(apiKey).toBe(env.TEMPORAL_API_KEY);
  });

  it.each([
    [{ TEMPORAL_TLS_CERT: '/c.pem' }, 'TEMPORAL_TLS_KEY is missing: TEMPORAL_TLS_CERT is set'],
    [{ TEMPORAL_TLS_KEY: '/c.key' }, 'TEMPORAL_TLS_CERT is missing: TEMPORAL_TLS_KEY is set'],
    [{ TEMPORAL_TLS: 'maybe' }, 'TEMPORAL_TLS must be true or false'],
    [{ TEMPORAL_UI_ORIGIN: 'https://temporal.example.com/namespaces' }, 'TEMPORAL_UI_ORIGIN must be an origin'],
  ])('is refused as %j', (env, said) => {
    expect(() => load(env)).toThrow(said);
  });
});

it('every secret of the environment is known to the logs', () => {
  const config = load({
    SMTP_URL: 'smtps://ops:mail-pass@mail.example.com',
    ALERT_FROM: 'a@example.com',
    ALERT_TO: 'b@example.com',
    TEMPORAL_API_KEY: 'temporal-key',
  });
  const [k1, k2] = [1, 2].map((fill) => Buffer.alloc(32, fill).toString('base64'));
  expect(secretsOf(config).sort()).toEqual(
    [NEEDED.ADMIN_API_KEY, 'temporal-key', 'mail-pass', 'db-pass%2Fword', k1, k2].sort()
  );
});
