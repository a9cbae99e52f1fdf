import { Writable } from 'node:stream';
import { createLogger } from '../../../adapters/logging';

const ADMIN_KEY = 'an-admin-key/with+odd=signs "and" more';

function logger(): { lines: string[]; log: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  const destination = new Writable({ write: (chunk: Buffer, _, done) => (lines.push(chunk.toString()), done()) });
  return { lines, log: createLogger({ name: 'worker', level: 'trace', secrets: [ADMIN_KEY, undefined], destination }) };
}

describe('log lines', () => {
  it.each([
    ['at the top', { clientSecret: 'hidden' }],
    ['one below', { given: { refreshToken: 'hidden', 'x-amz-access-token': 'hidden' } }],
    ['two below', { request: { headers: { authorization: 'hidden', 'X-VTEX-API-AppToken': 'hidden' } } }],
  ])('hold no value of a field that is named as a secret is: %s', (_, fields) => {
    const { lines, log } = logger();
    log.info(fields, 'a careless line');
    expect(lines[0]).not.toContain('hidden');
    expect(JSON.parse(lines[0]!)).toMatchObject({ name: 'worker', msg: 'a careless line' });
  });

  it('hold nothing shaped like a secret, whatever it stands in, and stay JSON', () => {
    const { lines, log } = logger();
    const text = 'Atza|IwEBI "Atzr|quoted" amzn1.oa2-cs.v1.abc Bearer lsk_0123456789abcdef {"t":"Atzr|json"}';
    log.info({ deep: { er: { and: [text] } } }, text);
    log.error({ err: new Error(text, { cause: new Error('Atzr|cause') }) }, 'failed');
    expect(lines.join('')).not.toMatch(/IwEBI|quoted|oa2-cs|lsk_|Atzr|json\b/);
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it('hold no secret of the environment, however it is written', () => {
    const { lines, log } = logger();
    const forms = [ADMIN_KEY, encodeURIComponent(ADMIN_KEY), Buffer.from(ADMIN_KEY).toString('base64')];
    log.info({ forms, form: new URLSearchParams({ key: ADMIN_KEY }).toString() }, `it is ${ADMIN_KEY}`);
    expect(lines[0]).not.toMatch(/an-admin-key|with\+odd|with%2Bodd/);
    expect(lines[0]).not.toContain(forms[2]!.replace(/=+$/, ''));
    expect((JSON.parse(lines[0]!) as { forms: string[] }).forms.slice(0, 2)).toEqual(['[secret]', '[secret]']);
  });

  it('show of an error of a library its name, message and stack, and none of what it carries', () => {
    const { lines, log } = logger();
    log.error(
      { err: Object.assign(new TypeError('no'), { config: { data: 'hidden' }, response: 'hidden' }) },
      'failed'
    );
    expect(lines[0]).not.toContain('hidden');
    expect(JSON.parse(lines[0]!)).toMatchObject({ err: { type: 'TypeError', message: 'no' } });
  });
});
