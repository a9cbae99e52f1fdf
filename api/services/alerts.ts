import type { DeliveryState } from '../../domain/alerts/delivery';
import { alertDeliveryStore, type AlertDeliveryDocument } from '../../models/alert-deliveries';
import { alertStore, type AlertDocument, type AlertFilter } from '../../models/alerts';
import type { AlertDeliveryView, AlertView } from '../contracts/alert-views';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { notFound, Problem } from '../errors';
import { auditService } from './audit';
import type { By } from './by';
import type { ServiceDeps } from './index';
import { askWorkflows } from './workflow-engine';

interface PageQuery {
  cursor?: string;
  limit?: number;
}

/** What is wrong, and the messages about it (B14). */
export function alertService(deps: Pick<ServiceDeps, 'connection' | 'clock' | 'orchestrator'>) {
  const alerts = alertStore(deps.connection);
  const deliveries = alertDeliveryStore(deps.connection);
  const workflows = askWorkflows(deps.orchestrator);
  const audit = auditService(deps);
  return {
    async list({ cursor, limit: size = DEFAULT_LIMIT, ...filter }: AlertFilter & PageQuery): Promise<Page<AlertView>> {
      const [since, id] = decodeCursor(cursor, 'ns') ?? [];
      const after = id === undefined ? undefined : { since: new Date(since as number), id: id as string };
      const rows = await alerts.page(filter, after, size + 1);
      return pageOf(rows, size, (row) => [row.since.getTime(), row._id], viewOf);
    },

    async deliveries(
      query: { state?: DeliveryState; channelId?: string } & PageQuery
    ): Promise<Page<AlertDeliveryView>> {
      const { cursor, limit: size = DEFAULT_LIMIT, ...filter } = query;
      const [beforeId] = decodeCursor(cursor, 's') ?? [];
      const rows = await deliveries.page(filter, beforeId as string | undefined, size + 1);
      return pageOf(rows, size, (row) => [row._id], deliveryViewOf);
    },

    /**
     * Has a message tried now and from the start.
     *
     * @throws Problem `not_found`, `delivery_ended`, `workflows_unavailable`
     */
    async retry(id: string, by: By): Promise<void> {
      const before = await deliveries.get(id);
      if (!before) throw notFound('delivery');
      if (!(await deliveries.revive(id, deps.clock())))
        throw new Problem('delivery_ended', `It is ${before.state}; only what waits or is dead is sent again.`);
      await workflows((orchestrator) => orchestrator.wakeAlertDelivery(id));
      await audit.note(by, {
        action: 'alert-delivery.retried',
        target: { type: 'alert-delivery', id },
        changes: [{ field: 'state', before: before.state, after: 'waiting' }],
      });
    },
  };
}

function viewOf(alert: AlertDocument): AlertView {
  const { _id, event, severity, connectorId, about, message, action, link, since, endedAt, told } = alert;
  return {
    id: _id,
    state: endedAt ? 'recovered' : 'firing',
    event,
    severity,
    connectorId,
    about,
    message,
    action,
    link,
    since: since.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    told: Object.entries(told).map(([channelId, { lastAt, heldSince }]) => ({
      channelId,
      lastToldAt: lastAt?.toISOString() ?? null,
      heldBackSince: heldSince?.toISOString() ?? null,
    })),
  };
}

function deliveryViewOf(delivery: AlertDeliveryDocument): AlertDeliveryView {
  const { _id, channelId, message, state, attempts, nextAt, endedAt } = delivery;
  return {
    id: _id,
    channelId,
    kind: message.kind,
    state,
    alerts: message.items.map(({ key, change }) => ({ id: key, change })),
    attempts: attempts.map(({ at, outcome, said }) => ({ at: at.toISOString(), outcome, said })),
    nextAttemptAt: nextAt?.toISOString() ?? null,
    createdAt: message.at.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  };
}
