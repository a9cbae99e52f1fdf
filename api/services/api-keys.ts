import { createHash, randomBytes } from 'node:crypto';
import { apiKeyStore, type ApiKeyDocument } from '../../models/api-keys';
import type { ApiKeyView } from '../contracts/api-key-view';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { notFound } from '../errors';
import type { Role } from '../roles';
import { auditService } from './audit';
import type { By } from './by';
import type { ServiceDeps } from './index';

/** `lsk_` and 32 random bytes. */
const KEY_FORMAT = /^lsk_[A-Za-z0-9_-]{43}$/;

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
  const audit = auditService(deps);
  return {
    /** Makes a key, which is in this answer and nowhere else. */
    async create(
      wanted: { name: string; role: Role },
      reservedId: string,
      by: By
    ): Promise<ApiKeyView & { key: string }> {
      const key = `lsk_${randomBytes(32).toString('base64url')}`;
      const document: ApiKeyDocument = {
        _id: `key_${reservedId}`,
        ...wanted,
        hash: hashOfKey(key),
        createdBy: by.actor.name,
        createdAt: deps.clock(),
      };
      await keys.save(document);
      await audit.note(by, { action: 'api-key.created', target: { type: 'api-key', id: document._id } });
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
      if (!(await keys.remove(id))) throw notFound('API key');
      await audit.note(by, { action: 'api-key.revoked', target: { type: 'api-key', id } });
    },
  };
}

function viewOf({ _id, name, role, createdBy, createdAt }: ApiKeyDocument): ApiKeyView {
  return { id: _id, name, role, createdBy, createdAt: createdAt.toISOString() };
}
