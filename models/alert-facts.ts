import type { Connection, QueryFilter } from 'mongoose';
import { FAILED_STAGES, UNHELD_STAGES } from '../domain/alerts/connector-conditions';
import type {
  AlertFacts,
  ConnectorFacts,
  CredentialFacts,
  OrderFacts,
  SchemaChange,
  UnreadOrders,
} from '../domain/alerts/alert-facts';
import { watchedAccountOf } from '../domain/ids';
import type { BlockReason } from '../domain/listing';
import { marketplaceOf } from '../domain/marketplaces';
import { watchesOrders } from '../domain/orders/order-policy';
import { SYNC_MODES, type SyncMode } from '../domain/sync';
import { lapsingInUse } from './client-secrets';
import { connectorModel, type ConnectorDocument } from './connectors';
import { credentialModel, type CredentialDocument } from './credentials';
import { deadLetterModel } from './dead-letters';
import { listingModel } from './listings';
import { orderModel, type OrderDocument } from './orders';
import { orderWatchStore } from './order-watches';
import { productTypeModel } from './product-types';
import { syncRunModel, type SyncRunDocument } from './sync-runs';

/** Runs of a mode that are looked at, the newest that have ended: more in a row that failed began with the oldest of them. */
const RUNS = 20;

/** What a rule of ours holds back because something is wrong with it, and not because it is so wanted. */
const WRONG: readonly BlockReason[] = ['invalid', 'unmapped', 'unreadable', 'duplicate_sku', 'parent'];

const RUN_FIELDS = {
  phase: 1,
  outcome: 1,
  outcomeReason: 1,
  mode: 1,
  total: 1,
  touched: 1,
  counts: 1,
  processed: 1,
  toSend: 1,
  testCounts: 1,
  paused: 1,
  waitingFor: 1,
  startedAt: 1,
  endedAt: 1,
} as const;

type RunRow = Pick<SyncRunDocument, '_id' | keyof typeof RUN_FIELDS>;

/** A connector's runs as they stand. */
export interface RunsNow {
  ended: ConnectorFacts['ended'];
  /** `mark` changes with everything that is counted in a run. */
  atWork: {
    id: string;
    startedAt: Date;
    mark: string;
    run: Pick<SyncRunDocument, 'phase' | 'paused' | 'waitingFor'>;
  }[];
  lastStartedAt: Date | null;
}

/** The connectors that alerts may be about. */
export type WatchedConnectorDocument = Pick<
  ConnectorDocument,
  '_id' | 'config' | 'state' | 'stateReason' | 'onboarding' | 'activatedAt' | 'updatedAt'
>;

/** What is read to see what is wrong. */
export function alertFactQueries(connection: Connection) {
  /** Each mode for itself: one index has then every field of the filter, and the order. The newest that have ended come first. */
  async function runsIn(
    modes: Iterable<SyncMode>,
    filter: QueryFilter<SyncRunDocument>,
    limit: number
  ): Promise<RunRow[]> {
    const queries = [...modes].map((mode) =>
      syncRunModel(connection)
        .find({ ...filter, mode })
        .select(RUN_FIELDS)
        .sort({ endedAt: -1 })
        .limit(limit)
        .lean<RunRow[]>()
    );
    return (await Promise.all(queries)).flat();
  }

  return {
    /** Those that are or were at work. */
    async connectors(): Promise<WatchedConnectorDocument[]> {
      return connectorModel(connection)
        .find({ state: { $in: ['active', 'paused', 'failed', 'onboarding'] } })
        .select({ config: 1, state: 1, stateReason: 1, onboarding: 1, activatedAt: 1, updatedAt: 1 })
        .lean();
    },

    /**
     * What is at work is asked for apart: a long run is older than many that came and went beside it.
     *
     * @param scheduled - what the connector's schedule starts.
     */
    async runs(connectorId: string, scheduled: SyncMode): Promise<RunsNow> {
      const counting = new Set<SyncMode>(['synchronization', scheduled]);
      const atWork = await runsIn(SYNC_MODES, { connectorId, endedAt: null }, 0);
      const newest = await runsIn(counting, { connectorId }, RUNS);
      const counted = [
        ...atWork.filter(({ mode }) => counting.has(mode)),
        ...newest.filter(({ endedAt, outcome }) => endedAt !== null && outcome !== 'skipped'),
      ].sort((one, other) => other.startedAt.getTime() - one.startedAt.getTime());
      return {
        ended: counted.flatMap(({ _id, outcome, outcomeReason, startedAt, endedAt }) =>
          endedAt && (outcome === 'completed' || outcome === 'failed')
            ? [{ id: _id, outcome, reason: outcomeReason, startedAt, endedAt }]
            : []
        ),
        atWork: atWork.map((run) => ({ id: run._id, startedAt: run.startedAt, mark: markOf(run), run })),
        lastStartedAt: counted[0]?.startedAt ?? null,
      };
    },

    /** How many SKUs something is wrong with, and how many there are. Goes over the whole ledger of the connector. */
    async problems(connectorId: string): Promise<{ problems: number; total: number }> {
      const groups = await listingModel(connection).aggregate<{
        _id: { state: string; reason?: BlockReason };
        count: number;
      }>([
        { $match: { connectorId } },
        { $group: { _id: { state: '$state', reason: '$verdict.blockReason' }, count: { $sum: 1 } } },
      ]);
      const isWrong = ({ state, reason }: { state: string; reason?: BlockReason }): boolean =>
        state === 'rejected' || state === 'not_visible' || (state === 'blocked' && isIn(WRONG, reason));
      const sum = (counted: typeof groups): number => counted.reduce((all, { count }) => all + count, 0);
      return { problems: sum(groups.filter(({ _id }) => isWrong(_id))), total: sum(groups) };
    },

    /** Orders that do not go as they should, by connector. */
    async orders(): Promise<Map<string, OrderFacts[]>> {
      const stages = [...UNHELD_STAGES, ...FAILED_STAGES];
      const found = await orderModel(connection)
        .find({ stage: { $in: stages } })
        .select({ amazonOrderId: 1, connectorId: 1, stage: 1, reason: 1, transitions: 1, messages: 1, createdAt: 1 })
        .lean();
      const byConnector = new Map<string, OrderFacts[]>();
      for (const order of found)
        byConnector.set(order.connectorId, [...(byConnector.get(order.connectorId) ?? []), orderFacts(order)]);
      return byConnector;
    },

    /**
     * Accounts whose orders cannot be read, with whose orders they are. What is known of an account that is watched no more, counts
     * for nothing.
     */
    async unreadOrders(connectors: readonly WatchedConnectorDocument[]): Promise<UnreadOrders[]> {
      const failing = await orderWatchStore(connection).failing();
      return failing.flatMap(({ _id, problem }) => {
        const account = watchedAccountOf(_id);
        if (!account || !problem) return [];
        const { sellerId, region } = account;
        const watched = connectors
          .filter(({ config }) => config.amazon.sellerId === sellerId)
          .filter((each) => watchesOrders(each) && marketplaceOf(each.config.amazon.country)?.region === region);
        const named = watched.map(({ _id: id, config }) => ({ id, name: config.name }));
        return named.length > 0 ? [{ sellerId, region, connectors: named, problem }] : [];
      });
    },

    /** Those in use, and what lapses of each at a time. */
    async credentials(now: Date): Promise<CredentialFacts[]> {
      const found = await credentialModel(connection)
        .find({ 'clientSecret.current': { $ne: null } })
        .lean();
      const users = await connectorModel(connection)
        .find({ state: { $ne: 'removing' } }, { credentialId: 1 })
        .lean();
      return found.map((credential) => ({
        id: credential._id,
        clientId: credential.clientId,
        deadlines: lapsingInUse(credential, now),
        connectorIds: users.filter(({ credentialId }) => credentialId === credential._id).map(({ _id }) => _id),
        failedRotation: failedRotation(credential),
      }));
    },

    /** Notifications that could not be handled, and since when there are some; null for none. */
    async deadNotices(): Promise<AlertFacts['deadNotices']> {
      const found = await deadLetterModel(connection).find({ state: 'dead' }, { createdAt: 1 }).lean();
      const times = found.map(({ createdAt }) => createdAt.getTime());
      return times.length > 0 ? { count: times.length, since: new Date(Math.min(...times)) } : null;
    },

    /** Versions of product types that were noticed since a moment, and changed something. */
    async schemaChanges(since: Date): Promise<SchemaChange[]> {
      const found = await productTypeModel(connection)
        .find({ 'change.at': { $gte: since } })
        .select({ productType: 1, marketplaceId: 1, version: 1, change: 1 })
        .lean();
      return found.flatMap(({ productType, marketplaceId, version, change }) =>
        change ? [{ productType, marketplaceId, version, at: change.at, ...change.skus }] : []
      );
    },
  };
}

export type AlertFactQueries = ReturnType<typeof alertFactQueries>;

/** Null for one that was about a client secret of before: another has come into use since, in whatever way. */
function failedRotation({ rotation, secretCreatedAt }: CredentialDocument): CredentialFacts['failedRotation'] {
  if (rotation?.state !== 'failed') return null;
  const { startedAt, endedAt, waitingFor } = rotation;
  if (secretCreatedAt && secretCreatedAt > startedAt) return null;
  return {
    since: endedAt ?? startedAt,
    action: waitingFor?.message ?? 'Save a new client secret, or ask for one again.',
  };
}

function markOf({ phase, processed, touched, total, toSend, counts, testCounts }: RunRow): string {
  return JSON.stringify([phase, processed, touched, total, toSend, counts, testCounts]);
}

/** Since when: the first of the transitions that have not left what it is in now. */
function orderFacts(
  order: Pick<OrderDocument, 'amazonOrderId' | 'stage' | 'reason' | 'transitions' | 'messages' | 'createdAt'>
): OrderFacts {
  const { amazonOrderId, stage, reason, transitions, messages, createdAt } = order;
  const stages = UNHELD_STAGES.includes(stage) ? UNHELD_STAGES : FAILED_STAGES;
  const before = transitions.findLastIndex((each) => !stages.includes(each.stage));
  const entered = transitions[before + 1];
  return {
    amazonOrderId,
    stage,
    reason,
    since: entered ? new Date(entered.at) : createdAt,
    isMailed: messages.some(({ kind, state }) => kind === 'notify' && state !== 'not_sent'),
  };
}

function isIn(reasons: readonly BlockReason[], reason: BlockReason | undefined): boolean {
  return reason !== undefined && reasons.includes(reason);
}
