import { createHash } from 'node:crypto';
import nodemailer from 'nodemailer';
import { OutsideError } from '../../domain/errors';
import type { Mailer } from '../../domain/ports/mail';

export interface MailerOptions {
  /** `smtp://` or `smtps://`, with user and password where the server wants them; never logged. */
  smtpUrl: string;
  /** Who the mail is from: an address, or a name and an address in angle brackets. */
  from: string;
  to: readonly string[];
  /** How long the server may take for one step. */
  timeoutMs: number;
}

/** What nodemailer adds to an error. Its message and its `response` repeat the server's words, which may repeat ours. */
interface SmtpError {
  /** `EAUTH`, `EENVELOPE`, `ECONNECTION`, … */
  code?: string;
  /** The server's three digits; absent when none came. */
  responseCode?: number;
}

/** Mail by SMTP. Every message has a connection of its own: there are a few a month. */
export function createMailer({ smtpUrl, from, to, timeoutMs }: MailerOptions): Mailer {
  const transport = nodemailer.createTransport({
    url: smtpUrl,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([^\s>]+)/.exec(from)?.[1] ?? 'longshore';
  return {
    async send({ id, subject, text, html }, signal) {
      signal.throwIfAborted();
      const messageId = `<${createHash('sha256').update(id).digest('hex').slice(0, 32)}@${domain}>`;
      try {
        const { rejected } = await transport.sendMail({ from, to: [...to], messageId, subject, text, html });
        return { refused: rejected };
      } catch (error) {
        throw failureOf(error as SmtpError);
      }
    },
  };
}

/** A refusal for now (4xx) and silence pass; a refusal for good (5xx) is somebody's to mend. */
function failureOf({ code, responseCode }: SmtpError): OutsideError {
  const facts = { system: 'mail', operation: 'send', ...(responseCode !== undefined && { status: responseCode }) };
  const said = [responseCode, code].filter((each) => each !== undefined).join(', ') || 'no word';
  if (responseCode !== undefined && responseCode >= 500) {
    const remedy =
      code === 'EAUTH'
        ? 'refuses the sign-in; correct the user and password in SMTP_URL'
        : 'refuses the message; correct ALERT_FROM or ALERT_TO';
    return new OutsideError('config', `The mail server ${remedy} (${said}).`, facts);
  }
  return new OutsideError('transient', `The mail server did not take the message (${said}).`, facts);
}
