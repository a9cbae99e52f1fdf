import { maskedNotification } from '../../domain/notification-mask';
import { deadLetterStore, type DeadLetterDocument } from '../../models/dead-letters';
import type { DeadLetterView } from '../contracts/dead-letter-view';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { notFound } from '../errors';
import { auditService } from './audit';
import type { By } from './by';
import type { ServiceDeps } from './index';

/** Notifications of Amazon's that could not be handled, for people. A worker tries them again. */
export function deadLetterService(deps: Pick<ServiceDeps, 'connection' | 'secretBox' | 'clock'>) {
  const store = deadLetterStore(deps.connection);
  const audit = auditService(deps);

  /** One that cannot be opened must not hide the others. */
  function contentOf(body: DeadLetterDocument['body']): unknown {
    let opened: string;
    try {
      opened = deps.secretBox.open(body);
    } catch {
      return `sealed with the key '${body.keyId}', which ENCRYPTION_KEYS lacks`;
    }
    return maskedNotification(opened);
  }

  function viewOf({ _id, body, eventTime, sentAt, createdAt, ...letter }: DeadLetterDocument): DeadLetterView {
    const { queue, messageId, notificationId, type, reason, deliveries, state, retries } = letter;
    return {
      id: _id,
      queue,
      messageId,
      notificationId,
      type,
      eventAt: eventTime?.toISOString() ?? null,
      reason,
      deliveries,
      state,
      retries,
      content: contentOf(body),
      sentAt: sentAt.toISOString(),
      createdAt: createdAt.toISOString(),
    };
  }

  return {
    async list({
      cursor,
      limit: size = DEFAULT_LIMIT,
    }: {
      cursor?: string;
      limit?: number;
    }): Promise<Page<DeadLetterView>> {
      const [createdAt, id] = decodeCursor(cursor, 'ns') ?? [];
      const after = id === undefined ? undefined : { createdAt: new Date(createdAt as number), id: id as string };
      const rows = await store.page(after, size + 1);
      return pageOf(rows, size, (row) => [row.createdAt.getTime(), row._id], viewOf);
    },

    /** @throws Problem `not_found` */
    async retry(id: string, by: By): Promise<void> {
      if (!(await store.wantRetry(id))) throw notFound('dead letter');
      await audit.note(by, {
        action: 'dead-letter.retried',
        target: { type: 'dead-letter', id },
        changes: [{ field: 'state', before: 'dead', after: 'retrying' }],
      });
    },

    /** @throws Problem `not_found` */
    async remove(id: string, by: By): Promise<void> {
      const removed = await store.remove(id);
      if (!removed) throw notFound('dead letter');
      await audit.note(by, {
        action: 'dead-letter.deleted',
        target: { type: 'dead-letter', id },
        changes: [{ field: 'reason', before: removed.reason, after: null }],
      });
    },
  };
}
