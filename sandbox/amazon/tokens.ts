import { createHmac, randomBytes } from 'node:crypto';
import type { World } from '../world';
import type { Worlds } from '../worlds';

export const TOKEN_LIFE_SECONDS = 3600;

interface Claims {
  client: string;
  issuedAt: number;
  /** Absent for a seller's token. */
  scope?: string;
  /** Of a restricted data token. */
  resources?: RestrictedResource[];
  nonce: string;
}

/** A call that a restricted data token is for. */
export interface RestrictedResource {
  method: string;
  /** May hold `{orderId}`. */
  path: string;
  dataElements: string[];
}

type TokenVerdict =
  | { kind: 'seller'; world: World; resources?: RestrictedResource[] }
  | { kind: 'grantless'; world: World; scope: string }
  | { kind: 'expired' }
  | { kind: 'invalid' };

/** Access tokens carry their claims and a signature, so they outlive a restart of the sandbox as real ones outlive ours. */
export function issueToken(world: World, issuedAt: number, scope?: string): string {
  return written(scope ? 'Atc' : 'Atza', world, { issuedAt, scope });
}

export function issueRestrictedToken(world: World, issuedAt: number, resources: RestrictedResource[]): string {
  return written('Atz.sprdt', world, { issuedAt, resources });
}

function written(kind: string, world: World, given: Omit<Claims, 'client' | 'nonce'>): string {
  const claims: Claims = { client: world.identity.clientId, ...given, nonce: randomBytes(6).toString('base64url') };
  const text = Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${kind}|${text}.${sign(text, world)}`;
}

/** A seller's token of an application whose access was revoked counts as invalid, as does anything malformed. */
export function readToken(token: string, worlds: Worlds, now: number): TokenVerdict {
  const [, text, signature] = /^(?:Atza|Atc|Atz\.sprdt)\|([\w-]+)\.([\w-]+)$/.exec(token) ?? [];
  const claims = text ? parseClaims(text) : undefined;
  const world = claims && worlds.ofClient(claims.client);
  if (!text || !claims || !world || sign(text, world) !== signature) return { kind: 'invalid' };
  if (!claims.scope && world.settings.accessRevoked) return { kind: 'invalid' };
  const expiresAt = claims.issuedAt + TOKEN_LIFE_SECONDS * 1000;
  if (now >= expiresAt || claims.issuedAt < world.settings.tokensValidFrom) return { kind: 'expired' };
  return claims.scope
    ? { kind: 'grantless', world, scope: claims.scope }
    : { kind: 'seller', world, resources: claims.resources };
}

function parseClaims(text: string): Claims | undefined {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Claims;
  } catch {
    return undefined;
  }
}

function sign(text: string, world: World): string {
  return createHmac('sha256', world.identity.firstClientSecret).update(text).digest('base64url');
}
