import { FAILURES } from '../../domain/errors';
import { orderWatchId } from '../../domain/ids';
import { requireMarketplace } from '../../domain/marketplaces';
import { watchesOrders } from '../../domain/orders/order-policy';
import type { WatchedAccount } from '../../domain/orders/order-record';
import type { PlacementResult } from '../../domain/ports/order-integration';
import { connectorStore, type ConnectorDocument } from '../../models/connectors';
import { orderQueries, type OrderFilter } from '../../models/order-queries';
import { orderWatchStore, type OrderWatchDocument } from '../../models/order-watches';
import { stateOf, type OrderDocument } from '../../models/orders';
import type { OrderSummaryView, OrderView } from '../contracts/order-view';
import type { OrderWatchView } from '../contracts/order-watch-view';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { notFound } from '../errors';
import { auditService } from './audit';
import type { By } from './by';
import type { ServiceDeps } from './index';
import { askWorkflows } from './workflow-engine';

/** Orders of Amazon's: how each stands, and what a person wants of it (V9, B4). */
export function orderService(deps: Pick<ServiceDeps, 'connection' | 'orchestrator' | 'clock'>) {
  const queries = orderQueries(deps.connection);
  const workflows = askWorkflows(deps.orchestrator);
  const audit = auditService(deps);
  const connectors = connectorStore(deps.connection);
  const watches = orderWatchStore(deps.connection);

  /** @throws Problem `not_found` */
  async function requireOrder(sellerId: string, amazonOrderId: string): Promise<OrderDocument> {
    const found = await queries.get(sellerId, amazonOrderId);
    if (!found) throw notFound('order');
    return found;
  }

  async function press(what: 'release' | 'retry', sellerId: string, amazonOrderId: string, by: By): Promise<void> {
    const { connectorId, stage } = await requireOrder(sellerId, amazonOrderId);
    // What was asked is noted first: nothing happens to an order without a trace of who wanted it.
    await audit.note(by, {
      action: what === 'release' ? 'order.release-requested' : 'order.retry-requested',
      target: { type: 'order', id: amazonOrderId },
      connectorId,
      changes: [{ field: 'asked', before: stage, after: what }],
    });
    await workflows((orchestrator) => orchestrator.tellOrder({ sellerId, amazonOrderId, connectorId }, { kind: what }));
  }

  return {
    async list(query: OrderFilter & { cursor?: string; limit?: number }): Promise<Page<OrderSummaryView>> {
      const { cursor, limit: size = DEFAULT_LIMIT, ...filter } = query;
      const [createdAt, id] = decodeCursor(cursor, 'ns') ?? [];
      const after = id === undefined ? undefined : { createdAt: new Date(createdAt as number), id: id as string };
      const rows = await queries.page(filter, after, size + 1);
      return pageOf(rows, size, (row) => [row.createdAt.getTime(), row._id], summaryOf);
    },

    /** @throws Problem `not_found` */
    async get(sellerId: string, amazonOrderId: string): Promise<OrderView> {
      return viewOf(await requireOrder(sellerId, amazonOrderId));
    },

    /** The accounts whose orders are watched, by seller and region. */
    async watches(): Promise<OrderWatchView[]> {
      const watched = (await connectors.inStates(['active', 'paused'])).filter(watchesOrders);
      const accounts = new Map<string, WatchedAccount & { connectorIds: string[] }>();
      for (const { _id, config } of watched) {
        const { sellerId = '', country } = config.amazon;
        const { region } = requireMarketplace(country);
        const known = accounts.get(orderWatchId(sellerId, region));
        if (known) known.connectorIds.push(_id);
        else accounts.set(orderWatchId(sellerId, region), { sellerId, region, connectorIds: [_id] });
      }
      const ids = [...accounts.keys()].sort();
      return Promise.all(ids.map(async (id) => watchViewOf(accounts.get(id)!, await watches.get(accounts.get(id)!))));
    },

    /**
     * Lets the stock of an order go.
     *
     * @throws Problem `not_found`, `workflows_unavailable`
     */
    release: (sellerId: string, amazonOrderId: string, by: By) => press('release', sellerId, amazonOrderId, by),

    /**
     * Has what waits tried now, and takes a release back.
     *
     * @throws Problem `not_found`, `workflows_unavailable`
     */
    retry: (sellerId: string, amazonOrderId: string, by: By) => press('retry', sellerId, amazonOrderId, by),

    /**
     * Hands on what a store says has become of an order that was placed there.
     *
     * @throws Problem `not_found` for an order that is none of the connector's, `workflows_unavailable`
     */
    async hear(connector: ConnectorDocument, { marketplaceOrderId, ...result }: PlacementResult): Promise<void> {
      const sellerId = connector.config.amazon.sellerId ?? '';
      const order = await requireOrder(sellerId, marketplaceOrderId);
      if (order.connectorId !== connector._id) throw notFound('order');
      const { connectorId } = order;
      await workflows((orchestrator) =>
        orchestrator.tellOrder({ sellerId, amazonOrderId: marketplaceOrderId, connectorId }, { kind: 'result', result })
      );
    },
  };
}

function summaryOf(order: OrderDocument): OrderSummaryView {
  const { facts, placement } = stateOf(order);
  return {
    sellerId: order.sellerId,
    amazonOrderId: order.amazonOrderId,
    connectorId: order.connectorId,
    state: order.stage,
    reason: order.reason,
    deadline: order.deadline && { at: iso(order.deadline.at), what: order.deadline.what },
    amazonStatus: facts.status ?? null,
    orderedAt: order.orderedAt?.toISOString() ?? null,
    holds: order.holds.map((hold) => ({ ...hold, expiresAt: hold.expiresAt === null ? null : iso(hold.expiresAt) })),
    storeOrderId: placement.storeOrderId,
    firstSeenAt: order.createdAt.toISOString(),
    updatedAt: order.updatedAt.toISOString(),
  };
}

function viewOf(order: OrderDocument): OrderView {
  const { facts, placement, parcels } = stateOf(order);
  const { phase, attempts, refused } = placement;
  return {
    ...summaryOf(order),
    items: (facts.items ?? []).map(({ orderItemId, sku = null, ordered, canceled, shipped }) => ({
      orderItemId,
      sku,
      ordered,
      canceled,
      shipped,
    })),
    store: { phase, attempts, refusal: refused && { code: refused.code, said: refused.said } },
    parcels: parcels.map(({ reference, invoiceNumber, carrier, trackingNumber, shippedAt, items, state, said }) => ({
      reference,
      invoiceNumber,
      carrier,
      trackingNumber,
      shippedAt,
      items,
      state,
      refusal: said,
    })),
    transitions: order.transitions.map(({ at, stage, reason }) => ({ at: iso(at), state: stage, reason })),
    messages: order.messages.map(({ problem, kind, message, said = null, action = null, state, note, at, sentAt }) => ({
      problem,
      kind,
      message,
      said,
      action,
      state,
      note,
      at: at.toISOString(),
      sentAt: sentAt?.toISOString() ?? null,
    })),
  };
}

function watchViewOf(
  { sellerId, region, connectorIds }: WatchedAccount & { connectorIds: string[] },
  kept: OrderWatchDocument | undefined
): OrderWatchView {
  const problem = kept?.problem;
  return {
    sellerId,
    region,
    connectorIds: connectorIds.sort(),
    readUntil: kept?.readAt ? kept.watermark : null,
    readAt: kept?.readAt?.toISOString() ?? null,
    hasMore: Boolean(kept?.window),
    problem: problem
      ? {
          code: problem.code,
          said: problem.said,
          action: FAILURES[problem.code].action,
          since: problem.since.toISOString(),
        }
      : null,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
