import type { Answer } from '../answer';
import type { SandboxClock } from '../clock';
import type { World } from '../world';
import { accessDenied, notEnrolled } from './errors';

/** Source: Application Management API, its scope for grantless calls. */
const SCOPE = 'sellingpartnerapi::client_credential:rotation';

/** A call that no seller has to authorise: its token is of the application, for one scope. */
export interface GrantlessCall {
  world: World;
  scope: string;
}

/**
 * rotateApplicationClientSecret: every call makes a new secret, which is in no answer but in a message to the queue that is
 * registered for the application. What Amazon says there of the secret before is 7 days, whatever becomes of it.
 */
export function rotateClientSecret({ world, scope }: GrantlessCall, clock: SandboxClock): Answer {
  if (scope !== SCOPE) throw accessDenied();
  const manners = world.settings.rotation ?? {};
  if (manners.enrolled === false) throw notEnrolled();
  const now = clock.now();
  const { value, expiresAt } = world.replaceSecret(now, manners);
  world.notices.send({
    type: 'APPLICATION_OAUTH_CLIENT_NEW_SECRET',
    casing: 'camel',
    copies: manners.copies ?? 1,
    payload: {
      applicationOAuthClientNewSecret: {
        clientId: world.identity.clientId,
        newClientSecret: value,
        newClientSecretExpiryTime: clock.iso(expiresAt),
        oldClientSecretExpiryTime: clock.iso(now + 7 * 24 * 3600 * 1000),
      },
    },
  });
  return { status: 204 };
}
