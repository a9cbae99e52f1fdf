import { ConfigError, fileSourceRoot, loadConfig, spApiUrl } from '../../config';

const REQUIRED = {
  MONGODB_URI: 'mongodb://127.0.0.1:27017/longshore',
  ADMIN_API_KEY: 'k3y-that-is-long-enough-for-us',
  ENCRYPTION_KEYS: `k1:${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`,
};

function messageOf(env: Record<string, string | undefined>): string {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('expected a ConfigError');
}

test('what is required is enough, and production is what is meant', () => {
  expect(loadConfig(REQUIRED)).toMatchObject({
    NODE_ENV: 'production',
    PORT: 3000,
    HOST: '127.0.0.1',
    TEMPORAL_ADDRESS: '127.0.0.1:7233',
    RETRY_INITIAL_SECONDS: 30,
    RETRY_GIVE_UP_SECONDS: 21_600,
    VERIFY_AFTER_SECONDS: [60, 300, 1800, 21_600, 86_400],
  });
});

test('numbers and lists are read, and an empty variable is one that is not set', () => {
  const config = loadConfig({ ...REQUIRED, PORT: '0', VERIFY_AFTER_SECONDS: '1,2', SPAPI_URL: '', LOG_LEVEL: '' });

  expect(config).toMatchObject({ PORT: 0, VERIFY_AFTER_SECONDS: [1, 2], LOG_LEVEL: 'info' });
  expect(config.SPAPI_URL).toBeUndefined();
});

test('everything that is wrong is said at once', () => {
  const message = messageOf({ PORT: '70000', LOG_LEVEL: 'loud', LWA_URL: 'ftp://x', ADMIN_API_KEY: 'short' });

  expect(
    message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(' ')[1])
  ).toEqual(['LOG_LEVEL', 'PORT', 'MONGODB_URI', 'ADMIN_API_KEY', 'ENCRYPTION_KEYS', 'LWA_URL']);
  expect(message).toContain('MONGODB_URI is missing');
  expect(message).toContain('ADMIN_API_KEY must have at least 24 characters');
});

test('no message repeats a value', () => {
  const message = messageOf({
    MONGODB_URI: 'postgres://user:S3CR3T@db',
    ADMIN_API_KEY: 'S3CR3T',
    ENCRYPTION_KEYS: 'k1:S3CR3T',
    PORT: 'S3CR3T',
    LOG_LEVEL: 'S3CR3T',
    LWA_URL: 'S3CR3T',
    VERIFY_AFTER_SECONDS: 'S3CR3T',
    NODE_ENV: 'S3CR3T',
  });

  expect(message).not.toContain('S3CR3T');
  expect(message.split('\n')).toHaveLength(9);
});

test.each([
  ['', 'is missing'],
  ['k1:short', 'must be <keyId>'],
  [`k1:${'A'.repeat(43)}=,`, 'must be <keyId>'],
  [`${'A'.repeat(43)}=`, 'must be <keyId>'],
])("encryption keys '%s' are refused", (keys, problem) => {
  expect(messageOf({ ...REQUIRED, ENCRYPTION_KEYS: keys })).toContain(`ENCRYPTION_KEYS ${problem}`);
});

test('several encryption keys may be given', () => {
  const keys = `${REQUIRED.ENCRYPTION_KEYS},${REQUIRED.ENCRYPTION_KEYS.replace('k1', 'k0')}`;
  expect(loadConfig({ ...REQUIRED, ENCRYPTION_KEYS: keys }).ENCRYPTION_KEYS).toBe(keys);
});

test.each([
  ['ADMIN_API_KEY', 'change-me-change-me-change-me'],
  ['ENCRYPTION_KEYS', REQUIRED.ENCRYPTION_KEYS.replace('k1', 'example')],
  ['ENCRYPTION_KEYS', `k1:${'A'.repeat(43)}=`],
])('production refuses the example value of %s, development takes it', (name, value) => {
  expect(messageOf({ ...REQUIRED, [name]: value })).toContain(name);
  expect(() => loadConfig({ ...REQUIRED, [name]: value, NODE_ENV: 'development' })).not.toThrow();
});

test('one address stands in for the hosts of all regions', () => {
  const regional = loadConfig(REQUIRED);
  const single = loadConfig({ ...REQUIRED, SPAPI_URL: 'http://127.0.0.1:4000' });

  expect(spApiUrl(regional, 'EU')).toBe('https://sellingpartnerapi-eu.amazon.com');
  expect(spApiUrl(regional, 'FE')).toBe('https://sellingpartnerapi-fe.amazon.com');
  expect(spApiUrl(single, 'NA')).toBe('http://127.0.0.1:4000');
});

test.each([
  ['production', undefined, null],
  ['development', undefined, '/'],
  ['production', '/srv/exports', '/srv/exports'],
  ['development', '/srv/exports', '/srv/exports'],
])('in %s with the root %s, files are read by path from %s', (NODE_ENV, FILE_SOURCE_ROOT, root) => {
  expect(fileSourceRoot(loadConfig({ ...REQUIRED, NODE_ENV, FILE_SOURCE_ROOT }))).toBe(root);
});

test('mail is off without a mail server, and needs sender and recipients with one', () => {
  expect(loadConfig(REQUIRED).SMTP_URL).toBeUndefined();
  const mail = { SMTP_URL: 'smtps://ls:p%40ss@mail.example.com:465', ALERT_FROM: 'Longshore <ls@example.com>' };
  expect(loadConfig({ ...REQUIRED, ...mail, ALERT_TO: 'a@example.com, Ops <b@example.com>' })).toMatchObject({
    ...mail,
    ALERT_TO: ['a@example.com', 'Ops <b@example.com>'],
  });
  expect(messageOf({ ...REQUIRED, ...mail })).toContain('  - ALERT_TO is missing: SMTP_URL is set, and mail needs it');
});

test.each([
  ['SMTP_URL', 'http://mail.example.com', 'SMTP_URL must begin with smtp:// or smtps://'],
  ['SMTP_URL', 'smtp://ls:s3cret[@mail:x', 'SMTP_URL must be an address; percent-encode user and password'],
  ['ALERT_FROM', 'Longshore', 'ALERT_FROM must be a mail address such as ops@example.com'],
  ['ALERT_FROM', 'a@example.com\nBcc: b@example.com', 'ALERT_FROM must be a mail address such as ops@example.com'],
  ['ALERT_TO', 'a@example.com,', 'ALERT_TO.1 must be a mail address such as ops@example.com'],
])('%s=%s is refused', (name, value, said) => {
  const mail = { SMTP_URL: 'smtp://mail.example.com', ALERT_FROM: 'a@example.com', ALERT_TO: 'a@example.com' };
  const message = messageOf({ ...REQUIRED, ...mail, [name]: value });
  expect(message.split('\n').slice(1)).toEqual([`  - ${said}`]);
});

test.each([
  ['TRUSTED_PROXIES', 'loopback, 10.0.0.0/8,fd00::1', ['loopback', '10.0.0.0/8', 'fd00::1']],
  [
    'CORS_ORIGINS',
    'https://console.example.com,http://127.0.0.1:5173',
    ['https://console.example.com', 'http://127.0.0.1:5173'],
  ],
  ['TRUSTED_PROXIES', undefined, []],
  ['CORS_ORIGINS', undefined, []],
  ['ALLOW_PRIVATE_ADDRESSES', 'true', true],
  ['ALLOW_PRIVATE_ADDRESSES', undefined, false],
])('%s=%s is %j', (name, value, read) => {
  expect(loadConfig({ ...REQUIRED, [name]: value })).toMatchObject({ [name]: read });
});

test.each([
  ['TRUSTED_PROXIES', 'true'],
  ['TRUSTED_PROXIES', '0.0.0.0/0'],
  ['TRUSTED_PROXIES', '10.0.0.0/33'],
  ['TRUSTED_PROXIES', '10.0.0.0/8/8'],
  ['CORS_ORIGINS', '*'],
  ['CORS_ORIGINS', 'https://console.example.com/'],
  ['CORS_ORIGINS', 'null'],
  ['ALLOW_PRIVATE_ADDRESSES', 'perhaps'],
])('%s=%s is refused', (name, value) => {
  expect(messageOf({ ...REQUIRED, [name]: value })).toContain(`  - ${name}`);
});
