import { createHash, randomBytes } from 'node:crypto';
import { apiKeyStore, type ApiKeyDocument } from '../../models/api-keys';
import { lockOutStore } from '../../models/lock-outs';
import type { ApiKeyView } from '../contracts/api-key-view';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { invalid, notFound } from '../errors';
import type { Role } from '../roles';
import { auditService } from './audit';
import { changesBetween } from './audit-changes';
import type { By } from './by';
import type { ServiceDeps } from './index';

/** `lsk_` and 32 random bytes. */
const KEY_FORMAT = /^lsk_[A-Za-z0-9_-]{43}$/;

/** How much of a key is shown: `lsk_` and 24 of its 256 bits. */
const PREFIX_LENGTH = 8;

export function hashOfKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** False for what cannot be a key, so that guesses do not reach the database. */
export function looksLikeKey(text: string): boolean {
  return KEY_FORMAT.test(text);
}

/** API keys: made, listed, revoked. */
export function apiKeyService(deps: Pick<ServiceDeps, 'connection' | 'clock'>) {
  const keys = apiKeyStore(deps.connection);
  const lockOuts = lockOutStore(deps.connection);
  const audit = auditService(deps);
  return {
    /**
     * Makes a key, which is in this answer and nowhere else.
     *
     * @throws Problem `validation_failed` for one that would have expired already.
     */
    async create(
      wanted: { name: string; role: Role; expiresAt?: string },
      reservedId: string,
      by: By
    ): Promise<ApiKeyView & { key: string }> {
      const createdAt = deps.clock();
      const expiresAt = wanted.expiresAt === undefined ? null : new Date(wanted.expiresAt);
      if (expiresAt && expiresAt <= createdAt)
        throw invalid([{ field: 'expiresAt', code: 'past', message: 'A key must expire in the future.' }]);
      const key = `lsk_${randomBytes(32).toString('base64url')}`;
      const document: ApiKeyDocument = {
        _id: `key_${reservedId}`,
        name: wanted.name,
        role: wanted.role,
        hash: hashOfKey(key),
        prefix: key.slice(0, PREFIX_LENGTH),
        createdBy: by.actor.name,
        createdAt,
        expiresAt,
        lastUsedAt: null,
      };
      await keys.save(document);
      await audit.note(by, {
        action: 'api-key.created',
        target: { type: 'api-key', id: document._id },
        changes: changesBetween(null, aboutKey(document)),
      });
      return { ...viewOf(document), key };
    },

    async list(query: { cursor?: string; limit?: number }): Promise<Page<ApiKeyView>> {
      const [afterId] = decodeCursor(query.cursor, 's') ?? [];
      const size = query.limit ?? DEFAULT_LIMIT;
      const rows = await keys.page(afterId as string | undefined, size + 1);
      return pageOf(rows, size, (row) => [row._id], viewOf);
    },

    /** Revokes a key: the next request with it is refused here, and within seconds by every process of the API. */
    async revoke(id: string, by: By): Promise<void> {
      const removed = await keys.remove(id);
      if (!removed) throw notFound('API key');
      await lockOuts.forgetUses(id);
      await audit.note(by, {
        action: 'api-key.revoked',
        target: { type: 'api-key', id },
        changes: changesBetween(aboutKey(removed), null),
      });
    },
  };
}

function viewOf(document: ApiKeyDocument): ApiKeyView {
  const { _id, name, role, prefix, createdBy, createdAt, expiresAt, lastUsedAt } = document;
  return {
    id: _id,
    name,
    role,
    prefix,
    createdBy,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}

/** What the audit trail tells of a key. */
function aboutKey({ name, role, expiresAt }: ApiKeyDocument): object {
  return { name, role, expiresAt };
}
