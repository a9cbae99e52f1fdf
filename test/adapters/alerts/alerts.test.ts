import { createAlertSender } from '../../../adapters/alerts';
import type { AlertItem, AlertMessage } from '../../../domain/alerts/alert';
import { HookReceiver, verified, type ArrivedHook } from '../../hook-receiver';
import { MailServer } from '../../mail-server';

const SECRET = `whsec_${Buffer.from('a secret of 32 bytes for a test.').toString('base64')}`;

let receiver: HookReceiver;
let mail: MailServer;
beforeAll(async () => {
  [receiver, mail] = await Promise.all([HookReceiver.start(), MailServer.start()]);
});
afterEach(() => {
  receiver.hooks.length = 0;
  receiver.answer = () => ({ status: 204 });
});
afterAll(async () => {
  await Promise.all([receiver.stop(), mail.stop()]);
});

const senderOf = (options: { allowPrivate?: boolean; smtpUrl?: string; timeoutMs?: number } = {}) =>
  createAlertSender({
    smtpUrl: mail.url,
    from: 'Longshore <ls@example.com>',
    allowPrivate: true,
    timeoutMs: 1_000,
    publicUrl: 'https://longshore.example',
    ...options,
  });

const item = (parts: Partial<AlertItem> = {}): AlertItem => ({
  change: 'firing',
  key: 'run_failed:con_1',
  event: 'run_failed',
  severity: 'error',
  connectorId: 'con_1',
  about: 'Möbel <Süd> & Co',
  message: 'No sync has ended well since then.',
  action: 'Look at the run.',
  link: '/v1/syncs/syn_1',
  since: new Date('2026-03-02T08:00:00Z'),
  endedAt: null,
  ...parts,
});
const messageOf = (items: AlertItem[], parts: Partial<AlertMessage> = {}): AlertMessage => ({
  id: 'adl_0001',
  channelId: 'ach_1',
  kind: 'firing',
  to: [],
  items,
  at: new Date('2026-03-02T09:00:00Z'),
  ...parts,
});
const never = new AbortController().signal;
const webhook = () => ({ kind: 'webhook' as const, url: receiver.url, secret: SECRET });

describe('signed webhooks', () => {
  it('carry what stands, under an id and a signature that integrators verify', async () => {
    const answer = await senderOf().send(webhook(), messageOf([item()]), never);
    expect(answer).toEqual({ kind: 'taken', said: 'HTTP 204' });
    const [hook] = receiver.hooks;
    expect(hook!.headers['webhook-id']).toBe('adl_0001');
    expect(verified(hook!, SECRET)).toEqual({
      type: 'alert.firing',
      timestamp: '2026-03-02T09:00:00.000Z',
      data: {
        id: 'adl_0001',
        alerts: [
          {
            id: 'run_failed:con_1',
            change: 'firing',
            event: 'run_failed',
            severity: 'error',
            connectorId: 'con_1',
            about: 'Möbel <Süd> & Co',
            message: 'No sync has ended well since then.',
            action: 'Look at the run.',
            since: '2026-03-02T08:00:00.000Z',
            endedAt: null,
            url: 'https://longshore.example/v1/syncs/syn_1',
          },
        ],
      },
    });
    const other = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
    expect(() => verified(hook!, other)).toThrow('No matching signature found');
    expect(() => verified({ ...hook!, raw: hook!.raw.replace('error', 'info') }, SECRET)).toThrow();
  });

  it.each([
    [200, 'taken'],
    [202, 'taken'],
    [302, 'refused'],
    [400, 'refused'],
    [404, 'refused'],
    [408, 'away'],
    [410, 'gone'],
    [429, 'away'],
    [500, 'away'],
    [503, 'away'],
  ])('that are answered with %i are %s', async (status, kind) => {
    receiver.answer = () => ({ status, headers: { location: `${receiver.url}&redirected` } });
    expect(await senderOf().send(webhook(), messageOf([item()]), never)).toMatchObject({ kind });
    expect(receiver.hooks.filter(({ path }) => path.includes('redirected'))).toEqual([]);
  });

  it('wait as the other side asks', async () => {
    receiver.answer = () => ({ status: 429, headers: { 'retry-after': '90' } });
    expect(await senderOf().send(webhook(), messageOf([item()]), never)).toEqual({
      kind: 'away',
      said: 'HTTP 429',
      retryAfterMs: 90_000,
    });
  });

  it('repeat a little of what a refusal says, and nothing of the address or a secret', async () => {
    receiver.answer = () => ({ status: 403, body: `no to ${receiver.url}, Atzr|abc ${'x'.repeat(9000)}` });
    const { said } = await senderOf().send(webhook(), messageOf([item()]), never);
    expect(said).toMatch(/^HTTP 403: no to/);
    expect(said.length).toBeLessThan(220);
    expect(said).not.toMatch(/of-the-receiver|Atzr\|abc/);
  });

  it.each([
    ['the path and query', ({ path }: ArrivedHook) => `Cannot POST ${path}`],
    ['the path', ({ path }: ArrivedHook) => `Cannot POST ${path.split('?')[0]}`],
    ['a part of the path', () => 'There is no T0KEN-of-the-path.'],
    ['a value of the query', () => 'There is no T0KEN-of-the-query.'],
  ])('keep %s of the address from being repeated', async (_what, body) => {
    receiver.answer = (hook) => ({ status: 404, body: body(hook) });
    const url = `http://127.0.0.1:${receiver.port}/services/T0KEN-of-the-path?key=T0KEN-of-the-query`;
    const { said } = await senderOf().send({ ...webhook(), url }, messageOf([item()]), never);
    expect(said).toMatch(/^HTTP 404: (?:Cannot POST|There is no) \[secret\]/);
    expect(said).not.toContain('T0KEN');
  });

  it('to nobody, and to one who does not answer, are away', async () => {
    const gone = await HookReceiver.start();
    await gone.stop();
    const target = { ...webhook(), url: gone.url };
    expect(await senderOf().send(target, messageOf([item()]), never)).toEqual({
      kind: 'away',
      said: 'No answer: ECONNREFUSED.',
    });
  });

  it('to a private address are not sent', async () => {
    const guarded = senderOf({ allowPrivate: false });
    for (const url of [receiver.url, 'https://localhost/x', 'https://127.0.0.1/x', 'https://169.254.169.254/latest'])
      expect(await guarded.send({ ...webhook(), url }, messageOf([item()]), never)).toMatchObject({ kind: 'refused' });
    expect(receiver.hooks).toEqual([]);
  });

  it('end with the signal', async () => {
    await expect(senderOf().send(webhook(), messageOf([item()]), AbortSignal.abort(new Error('ends')))).rejects.toThrow(
      'ends'
    );
  });
});

describe('messages to Slack', () => {
  const slack = () => ({ kind: 'slack' as const, url: receiver.url });
  interface Blocks {
    text: string;
    blocks: { type: string; text?: { text: string } }[];
  }

  it('are text and blocks, with what people wrote escaped', async () => {
    await senderOf().send(slack(), messageOf([item()]), never);
    const { text, blocks } = receiver.hooks[0]!.body as unknown as Blocks;
    expect(text).toBe('Longshore: Alert: Syncs fail (Möbel <Süd> & Co)');
    expect(blocks.map(({ type }) => type)).toEqual(['header', 'section', 'context']);
    expect(blocks[1]!.text!.text).toBe(
      ':rotating_light: *Alert: Syncs fail* — Möbel &lt;Süd&gt; &amp; Co\nNo sync has ended well since then.\nLook at the run.\nSince 2026-03-02 08:00 UTC · <https://longshore.example/v1/syncs/syn_1|look>'
    );
  });

  it('keep to what Slack takes, however much there is', async () => {
    const many = Array.from({ length: 300 }, (_, n) => item({ key: `run_failed:${n}`, message: 'x'.repeat(5000) }));
    await senderOf().send(slack(), messageOf(many, { kind: 'summary' }), never);
    const { text, blocks } = receiver.hooks[0]!.body as unknown as Blocks;
    expect(text).toBe('Longshore: Alerts: 300 stand');
    expect(blocks.length).toBeLessThanOrEqual(50);
    for (const block of blocks) expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3000);
    expect(JSON.stringify(blocks)).toContain('280 more are not named here');
  });

  it.each([
    ['digest', [], 'Alerts of the day: nothing stands'],
    ['digest', [item()], 'Alerts of the day: 1 stands'],
    ['summary', [item(), item({ change: 'recovered', endedAt: new Date() })], 'Alerts: 1 stands, 1 is over'],
    ['summary', [item({ change: 'passed', endedAt: new Date() })], 'Was, and is over: Syncs fail'],
    ['recovered', [item({ change: 'recovered', endedAt: new Date() })], 'Over: Syncs fail'],
    ['reminder', [item({ change: 'reminder' })], 'Still: Syncs fail'],
    ['test', [], 'A test: alerts reach you here'],
  ] as const)('of the kind %s are headed by what they say', async (kind, items, heading) => {
    await senderOf().send(slack(), messageOf([...items], { kind }), never);
    expect((receiver.hooks[0]!.body as unknown as Blocks).text).toContain(heading);
  });
});

describe('mail', () => {
  it('says what is wrong, since when, what to do and where to look', async () => {
    const target = { kind: 'email' as const, addresses: ['ops@example.com', 'Ops <b@example.com>'] };
    const answer = await senderOf().send(target, messageOf([item()]), never);
    expect(answer).toEqual({ kind: 'taken', said: 'The mail server has taken the message.' });
    const [arrived] = mail.mails;
    expect([arrived!.from, arrived!.to]).toEqual(['ls@example.com', ['ops@example.com', 'b@example.com']]);
    for (const line of [
      'Alert: Syncs fail (error)',
      'About: Möbel <Süd> & Co',
      'Since: 2026-03-02 08:00 UTC',
      'What to do: Look at the run.',
      'Look at: GET https://longshore.example/v1/syncs/syn_1',
      'State: GET https://longshore.example/v1/alerts',
    ])
      expect(arrived!.text).toContain(line);
    expect(arrived!.html).toContain('Möbel &lt;Süd&gt; &amp; Co');
  });

  it('waits for a mail server that is away, and is refused where there is none', async () => {
    const target = { kind: 'email' as const, addresses: ['ops@example.com'] };
    const gone = await MailServer.start();
    await gone.stop();
    expect(await senderOf({ smtpUrl: gone.url }).send(target, messageOf([item()]), never)).toMatchObject({
      kind: 'away',
    });
    const none = createAlertSender({
      smtpUrl: undefined,
      from: undefined,
      allowPrivate: true,
      timeoutMs: 1_000,
      publicUrl: '',
    });
    expect(await none.send(target, messageOf([item()]), never)).toMatchObject({ kind: 'refused' });
  });
});
