import { json, type Answer } from '../answer';
import type { SandboxClock } from '../clock';
import type { World } from '../world';
import type { Worlds } from '../worlds';
import { lwaError } from './errors';
import { issueToken, TOKEN_LIFE_SECONDS } from './tokens';

const SCOPES = [
  'sellingpartnerapi::notifications',
  'sellingpartnerapi::client_credential:rotation',
  'sellingpartnerapi::migration',
];

/**
 * Login with Amazon's token endpoint: `grant_type` refresh_token or client_credentials, as a form or as JSON.
 * Order of checks: the request's shape (400), the client and its secret (401 invalid_client), the grant (400).
 */
export function lwaToken(worlds: Worlds, clock: SandboxClock, contentType: string, text: string): Answer {
  const fields = parseFields(contentType, text);
  const field = (name: string): string => {
    const value = fields[name];
    if (!value) throw lwaError(400, 'invalid_request', `The request is missing a required parameter : ${name}`);
    return value;
  };
  const grantType = field('grant_type');
  if (fields.refresh_token && fields.scope) {
    throw lwaError(400, 'invalid_request', 'The request must not have both refresh_token and scope');
  }
  if (grantType !== 'refresh_token' && grantType !== 'client_credentials') {
    throw lwaError(
      400,
      'unsupported_grant_type',
      'The authorization grant type is not supported by the authorization server'
    );
  }
  const grant = field(grantType === 'refresh_token' ? 'refresh_token' : 'scope');
  const clientId = field('client_id');
  const clientSecret = field('client_secret');
  const world = worlds.ofClient(clientId);
  if (!world || !world.isSecretAccepted(clientSecret, clock.now())) {
    throw lwaError(401, 'invalid_client', 'Client authentication failed');
  }
  return grantType === 'refresh_token' ? sellerToken(worlds, world, grant, clock) : grantlessToken(world, grant, clock);
}

function sellerToken(worlds: Worlds, world: World, refreshToken: string, clock: SandboxClock): Answer {
  if (refreshToken !== world.identity.refreshToken) {
    if (worlds.all().some((other) => other.identity.refreshToken === refreshToken)) {
      throw lwaError(400, 'unauthorized_client', 'Not authorized for requested operation');
    }
    throw revokedGrant();
  }
  if (world.settings.accessRevoked) throw revokedGrant();
  return json(200, {
    access_token: issueToken(world, clock.now()),
    refresh_token: refreshToken,
    token_type: 'bearer',
    expires_in: TOKEN_LIFE_SECONDS,
  });
}

function grantlessToken(world: World, scope: string, clock: SandboxClock): Answer {
  if (!SCOPES.includes(scope)) {
    throw lwaError(400, 'invalid_scope', 'The requested scope is invalid, unknown, or malformed');
  }
  return json(200, {
    access_token: issueToken(world, clock.now(), scope),
    scope,
    token_type: 'bearer',
    expires_in: TOKEN_LIFE_SECONDS,
  });
}

function revokedGrant() {
  return lwaError(
    400,
    'invalid_grant',
    "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."
  );
}

function parseFields(contentType: string, text: string): Record<string, string | undefined> {
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) return Object.fromEntries(new URLSearchParams(text));
  if (/^application\/json\b/i.test(contentType)) {
    try {
      const body = JSON.parse(text) as Record<string, unknown>;
      return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value)]));
    } catch {
      throw lwaError(400, 'invalid_request', 'The request body is not valid JSON');
    }
  }
  throw lwaError(400, 'invalid_request', 'The Content-Type must be application/x-www-form-urlencoded');
}
