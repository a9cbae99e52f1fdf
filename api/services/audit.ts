import { auditLog, type AuditEntry } from '../../models/audit-log';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import type { AuditView } from '../contracts/audit-view';
import type { By } from './by';
import type { ServiceDeps } from './index';

/** Who did it; nobody in particular where an address was locked out. */
type Who = By | { actor: AuditEntry['actor']; requestId: string };

/** The audit trail (B17). */
export function auditService({ connection, clock }: Pick<ServiceDeps, 'connection' | 'clock'>) {
  const log = auditLog(connection);
  return {
    /** Notes a change that was made; its fields are those of its changes. */
    async note(
      by: Who,
      entry: Pick<AuditEntry, 'action' | 'target' | 'changes'> & Partial<Pick<AuditEntry, 'connectorId'>>
    ): Promise<void> {
      const { id, name, role } = by.actor;
      await log.add({
        at: clock(),
        actor: { id, name, role },
        connectorId: null,
        fields: entry.changes.map(({ field }) => field),
        requestId: by.requestId,
        ...entry,
      });
    },

    async list(query: { connectorId?: string; cursor?: string; limit?: number }): Promise<Page<AuditView>> {
      const [beforeId] = decodeCursor(query.cursor, 's') ?? [];
      const size = query.limit ?? DEFAULT_LIMIT;
      const rows = await log.page(
        { connectorId: query.connectorId, beforeId: beforeId as string | undefined },
        size + 1
      );
      return pageOf(rows, size, (row) => [row._id], viewOf);
    },
  };
}

function viewOf({ _id, at, changes = [], ...entry }: AuditEntry): AuditView {
  return { id: _id, at: at.toISOString(), changes, ...entry };
}
