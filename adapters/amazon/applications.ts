import type { AxiosInstance } from 'axios';
import { FAILURES, isAuthFailure, isSecretFailure, OutsideError } from '../../domain/errors';
import type { Region } from '../../domain/marketplaces';
import type { AmazonApplications, SecretRequest } from '../../domain/ports/applications';
import { exchange, type Answer, type Silence } from '../http/exchange';
import { failureOf } from './failures';
import type { AccessTokens } from './lwa';
import type { Breakers } from './outage';

/** Source: Application Management API, its scope for grantless calls. */
const ROTATION_SCOPE = 'sellingpartnerapi::client_credential:rotation';

const OPERATION = 'rotateApplicationClientSecret';

interface ApplicationsOptions {
  http: AxiosInstance;
  spApiUrl: (region: Region) => string;
  tokens: AccessTokens;
  breakers: Breakers;
  /** For one request, in milliseconds. */
  timeoutMs: number;
  userAgent: string;
}

/** Application Management 2023-11-30, for which Amazon's generated packages hold no client. */
export function createAmazonApplications(options: ApplicationsOptions): AmazonApplications {
  const { http, spApiUrl, tokens, breakers, timeoutMs, userAgent } = options;
  return {
    async takesSecret(application, refreshToken, signal) {
      try {
        if (refreshToken === null) await tokens.grantless(application, ROTATION_SCOPE, signal);
        else await tokens.test({ ...application, refreshToken }, signal);
        return true;
      } catch (error) {
        if (!(error instanceof OutsideError)) throw error;
        if (isSecretFailure(error.code)) return false;
        // The application is authenticated before its grant and its scope are looked at.
        if (isAuthFailure(error.code) || /\binvalid_scope\b/.test(error.message)) return true;
        throw error;
      }
    },

    async requestSecret(application, region, signal) {
      const host = spApiUrl(region).replace(/\/+$/, '');
      let token: string;
      try {
        token = await tokens.grantless(application, ROTATION_SCOPE, signal);
      } catch (error) {
        if (!(error instanceof OutsideError)) throw error;
        return { kind: 'refused', code: error.code, message: error.message };
      }
      const headers = { 'x-amz-access-token': token, 'user-agent': userAgent };
      // Seen through to its answer: cut off, nobody would know whether a secret was burned.
      const got = await breakers
        .of(host)
        .watch(OPERATION, () =>
          exchange(new AbortController().signal, timeoutMs, (own) =>
            http.post(`${host}/applications/2023-11-30/clientSecret`, undefined, { signal: own, headers })
          )
        );
      return outcomeOf(got, token);
    },
  };
}

function outcomeOf(got: Answer | Silence, token: string): SecretRequest {
  if (got.kind === 'silence') return { kind: 'unknown', message: `Amazon did not answer ${OPERATION}: ${got.reason}.` };
  const { status } = got;
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status >= 500 || status === 408)
    return { kind: 'unknown', message: `Amazon answered ${OPERATION} with ${status}.` };
  if (status === 429) return { kind: 'refused', code: 'throttled', message: FAILURES.throttled.sentence };
  const { code, message } = failureOf(OPERATION, 'account', got, token);
  if (status === 400 && /not enrolled/i.test(message)) return { kind: 'not-enrolled' };
  return { kind: 'refused', code, message };
}
