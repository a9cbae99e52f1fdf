import { createMailer } from '../../adapters/mail';
import type { Mail } from '../../domain/ports/mail';
import { MailServer } from '../mail-server';

const PASSWORD = 'p4ss-of-the-mail-tests';
const MAIL: Mail = {
  id: 'cred_1:client-secret:2026-06-30T00:00:00.000Z:30',
  subject: '[Longshore] Grüße\r\nBcc: thief@example.com',
  text: 'Es läuft ab.\n',
  html: '<p>Es läuft ab.</p>',
};
const signal = new AbortController().signal;

let server: MailServer;
beforeAll(async () => {
  server = await MailServer.start({
    authMethods: ['PLAIN', 'LOGIN'],
    allowInsecureAuth: true,
    onAuth: ({ password }, _session, done) =>
      password === PASSWORD ? done(null, { user: 'ls' }) : done(new Error(`535 not you, ${String(password)}`)),
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith('gone') ? Object.assign(new Error('no such box'), { responseCode: 550 }) : null),
  });
});
afterAll(() => server.stop());
beforeEach(() => {
  server.beforeTaking = () => undefined;
  server.mails.length = 0;
});

const mailer = (to: string[], password = PASSWORD, port = server.port) =>
  createMailer({
    smtpUrl: `smtp://ls:${password}@127.0.0.1:${port}`,
    from: 'Longshore <ls@shop.example>',
    to,
    timeoutMs: 2_000,
  });

describe('mail', () => {
  it('arrives with both bodies, at every recipient', async () => {
    expect(await mailer(['a@example.com', 'b@example.com']).send(MAIL, signal)).toEqual({ refused: [] });
    expect(server.mails).toEqual([
      expect.objectContaining({ from: 'ls@shop.example', to: ['a@example.com', 'b@example.com'] }),
    ]);
    const [{ headers, text, html }] = server.mails as [(typeof server.mails)[0]];
    expect([text.trim(), html.trim()]).toEqual(['Es läuft ab.', '<p>Es läuft ab.</p>']);
    expect(headers).toMatchObject({ from: 'Longshore <ls@shop.example>', to: 'a@example.com, b@example.com' });
    expect(headers).not.toHaveProperty('bcc');
  });

  it('has the same Message-ID whenever the same message is sent, and another for another', async () => {
    const own = mailer(['a@example.com']);
    for (const id of [MAIL.id, MAIL.id, `${MAIL.id}0`]) await own.send({ ...MAIL, id }, signal);
    const [first, again, other] = server.mails.map(({ headers }) => headers['message-id']);
    expect(first).toMatch(/^<[0-9a-f]{32}@shop\.example>$/);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('names the recipients that the server refused, and fails when that is all of them', async () => {
    expect(await mailer(['a@example.com', 'gone@example.com']).send(MAIL, signal)).toEqual({
      refused: ['gone@example.com'],
    });
    await expect(mailer(['gone@example.com']).send(MAIL, signal)).rejects.toMatchObject({
      code: 'config',
      message: 'The mail server refuses the message; correct ALERT_FROM or ALERT_TO (550, EENVELOPE).',
    });
  });

  it('fails for somebody to mend when the sign-in is refused, without repeating the password', async () => {
    const failure = await mailer(['a@example.com'], 'wrong-password')
      .send(MAIL, signal)
      .catch((error: Error) => error);
    expect(failure).toMatchObject({
      code: 'config',
      message: 'The mail server refuses the sign-in; correct the user and password in SMTP_URL (535, EAUTH).',
    });
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('wrong-password');
  });

  it('fails for now when the server is busy or away', async () => {
    server.beforeTaking = () => {
      throw Object.assign(new Error('later'), { responseCode: 451 });
    };
    await expect(mailer(['a@example.com']).send(MAIL, signal)).rejects.toMatchObject({ code: 'transient' });
    await expect(mailer(['a@example.com'], PASSWORD, 1).send(MAIL, signal)).rejects.toMatchObject({
      code: 'transient',
      message: expect.stringMatching(/^The mail server did not take the message \(E\w+\)\.$/),
    });
  });
});
