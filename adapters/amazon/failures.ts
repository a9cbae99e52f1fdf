import { z } from 'zod';
import { OutsideError, type FailureCode } from '../../domain/errors';
import type { Answer, Silence } from '../http/exchange';
import { withoutSecrets } from '../http/redact';
import type { Subject } from './transport';

const SYSTEM = 'amazon';

const errorBody = z.object({
  errors: z.array(z.object({ message: z.string().default(''), details: z.string().nullish() })).min(1),
});

/** Only this 403 is worth a new token. Source: SP-API's authorization errors; an expired token is 403, not 401. */
export function isExpiredToken(answer: Answer): boolean {
  return isDenied(answer) && /expired/i.test(saidBy(answer));
}

export function isRevokedToken(answer: Answer): boolean {
  return isDenied(answer) && /revoked, malformed or invalid/i.test(saidBy(answer));
}

function isDenied({ status }: Answer): boolean {
  return status === 401 || status === 403;
}

/** The class of an answer that is neither 2xx nor 429. */
export function failureOf(operation: string, about: Subject, answer: Answer, token: string): OutsideError {
  const said = withoutSecrets(saidBy(answer), [token]);
  const { code, message } = judge(operation, about, answer, said);
  return new OutsideError(code, message, {
    system: SYSTEM,
    operation,
    status: answer.status,
    requestId: answer.header('x-amzn-requestid'),
  });
}

function judge(
  operation: string,
  about: Subject,
  answer: Answer,
  said: string
): { code: FailureCode; message: string } {
  const { status } = answer;
  if (isExpiredToken(answer))
    return { code: 'auth.token_expired', message: `Amazon calls a new access token expired (${operation}).` };
  if (isRevokedToken(answer))
    return { code: 'auth.access_revoked', message: `Amazon does not accept the seller's authorisation: ${said}` };
  if (isDenied(answer))
    return {
      code: 'auth.forbidden',
      message: `Amazon denies ${operation}: the application lacks the role for it, or the account may not sell in this marketplace. ${said}`,
    };
  if (status >= 500 || status === 408 || status === 423)
    return { code: 'transient', message: `Amazon answered ${operation} with ${status}. ${said}`.trim() };
  if (about === 'sku' && [400, 404, 413, 415, 422].includes(status))
    return { code: 'rejected', message: said || `Amazon refused the data with ${status}.` };
  return { code: 'config', message: `Amazon answered ${operation} with ${status}. ${said}`.trim() };
}

/** No answer: the connection failed or took too long. */
export function silenceOf(operation: string, { reason, sendable }: Silence): OutsideError {
  return sendable
    ? new OutsideError('transient', `Amazon did not answer ${operation}: ${reason}.`, { system: SYSTEM, operation })
    : new OutsideError('config', `The request ${operation} cannot be written: ${reason}.`, {
        system: SYSTEM,
        operation,
      });
}

/** The end of a call's patience with an outage. */
export function stillOut(system: 'amazon' | 'lwa', operation: string, since: Date, wasSent: boolean): OutsideError {
  const name = system === 'lwa' ? 'Login with Amazon' : 'Amazon';
  const message = `${name} has not answered since ${since.toISOString()}${wasSent ? '' : '; nothing was sent'}.`;
  return new OutsideError('transient', message, { system, operation, ...(!wasSent && { notSent: true }) });
}

/** What ended a call before any request of it had left. */
export function asNotSent(error: unknown): unknown {
  if (!(error instanceof OutsideError)) return error;
  return new OutsideError(error.code, error.message, { ...error.facts, notSent: true });
}

function saidBy(answer: Answer): string {
  const parsed = errorBody.safeParse(answer.data);
  if (!parsed.success) return '';
  return parsed.data.errors.map(({ message, details }) => [message, details].filter(Boolean).join(' ')).join(' ');
}
