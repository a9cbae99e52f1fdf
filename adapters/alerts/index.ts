import { Webhook } from 'standardwebhooks';
import type { AlertMessage } from '../../domain/alerts/alert';
import type { DeliveryAnswer } from '../../domain/alerts/delivery';
import { mailOf, slackOf, webhookOf } from '../../domain/alerts/message-words';
import { isPassing, OutsideError } from '../../domain/errors';
import type { AlertSender } from '../../domain/ports/alerts';
import { exchange, type Answer, type Silence } from '../http/exchange';
import { outboundHttp } from '../http/outbound-guard';
import { withoutSecrets } from '../http/redact';
import { createMailer } from '../mail';

export interface AlertSenderOptions {
  /** The mail server, and who mail is from; undefined while none is configured. */
  smtpUrl: string | undefined;
  from: string | undefined;
  /** Lets webhooks go to http and private addresses: in development and in tests. */
  allowPrivate: boolean;
  timeoutMs: number;
  /** Where people reach the API, without a trailing slash. */
  publicUrl: string;
}

const NO_MAIL = 'No mail server is configured: set SMTP_URL, ALERT_FROM and ALERT_TO.';
/** Of an answer that refuses, so much is shown. */
const SAID_CHARACTERS = 200;

/** A part of an address that is as long as this may be what keeps it secret, in characters. */
const LIKE_A_TOKEN = 16;

/** Statuses that ask for patience, beside those from 500 on. */
const BUSY: readonly number[] = [408, 425, 429];

export function createAlertSender(options: AlertSenderOptions): AlertSender {
  const { smtpUrl, from, allowPrivate, timeoutMs, publicUrl } = options;
  const http = outboundHttp({ allowPrivate, timeoutMs });

  async function post(
    url: string,
    body: string,
    headers: Record<string, string>,
    signal: AbortSignal
  ): Promise<DeliveryAnswer> {
    const got = await exchange(signal, timeoutMs, (own) =>
      http.request({
        method: 'post',
        url,
        data: body,
        headers: { 'content-type': 'application/json', 'user-agent': 'Longshore', ...headers },
        maxRedirects: 0,
        responseType: 'text',
        transformResponse: (data: unknown) => data,
        signal: own,
      })
    );
    return answerOf(got, url);
  }

  async function mail(
    addresses: readonly string[],
    message: AlertMessage,
    signal: AbortSignal
  ): Promise<DeliveryAnswer> {
    if (!smtpUrl || !from) return { kind: 'refused', said: NO_MAIL };
    const mailer = createMailer({ smtpUrl, from, to: addresses, timeoutMs });
    try {
      const { refused } = await mailer.send(mailOf(message, publicUrl), signal);
      const but = refused.length > 0 ? `, and refused ${refused.join(', ')}` : '';
      return { kind: 'taken', said: `The mail server has taken the message${but}.` };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof OutsideError)) throw error;
      return { kind: isPassing(error.code) ? 'away' : 'refused', said: error.message };
    }
  }

  return {
    async send(target, message, signal) {
      if (target.kind === 'email') return mail(target.addresses, message, signal);
      if (target.kind === 'slack') return post(target.url, JSON.stringify(slackOf(message, publicUrl)), {}, signal);
      const body = JSON.stringify(webhookOf(message, publicUrl));
      return post(target.url, body, signatureOf(target.secret, message.id, body), signal);
    },
  };
}

/** Source: Standard Webhooks 1.0: HMAC-SHA256 of id, timestamp and body. Each try is signed anew, under the same id. */
function signatureOf(secret: string, id: string, body: string): Record<string, string> {
  const at = new Date();
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}

/** Whoever knows where a webhook leads can write there: the address, and what of it a receiver may repeat. */
function partsOf(url: string): string[] {
  const { pathname, search, searchParams } = new URL(url);
  const parts = [...pathname.split('/'), ...searchParams.values()].filter(({ length }) => length >= LIKE_A_TOKEN);
  return [url, `${pathname}${search}`, pathname, ...parts];
}

function answerOf(got: Answer | Silence, url: string): DeliveryAnswer {
  if (got.kind === 'silence')
    return got.reason === 'ERR_OUTBOUND_REFUSED'
      ? { kind: 'refused', said: 'The address leads to a private network, and is not called.' }
      : { kind: 'away', said: `No answer: ${got.reason}.` };
  const { status } = got;
  const words = typeof got.data === 'string' ? withoutSecrets(got.data, partsOf(url)).slice(0, SAID_CHARACTERS) : '';
  const said = `HTTP ${status}${words ? `: ${words}` : ''}`;
  if (status >= 200 && status < 300) return { kind: 'taken', said };
  if (status === 410) return { kind: 'gone', said };
  if (status >= 300 && status < 400) return { kind: 'refused', said: `${said}. Redirects are not followed.` };
  if (status < 500 && !BUSY.includes(status)) return { kind: 'refused', said };
  const seconds = Number(got.header('retry-after'));
  return { kind: 'away', said, ...(seconds > 0 && { retryAfterMs: seconds * 1000 }) };
}
