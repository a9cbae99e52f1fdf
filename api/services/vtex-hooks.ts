import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { PlacementResult } from '../../domain/ports/order-integration';
import type { SecretBox } from '../../domain/ports/secrets';
import { changeNoticeStore } from '../../models/change-notices';
import { connectorStore, type ConnectorDocument } from '../../models/connectors';
import { hookTokenStore } from '../../models/hook-tokens';
import type { HookView } from '../contracts/hook-view';
import { sortableTime, type ParsedNotification } from '../contracts/vtex-notification';
import { invalid, notFound } from '../errors';
import type { LockOut, Origin } from '../lock-out';
import type { Metrics } from '../metrics';
import { orderService } from './orders';

/** How long notices of a connector are gathered before a sync is asked for: at most one in this time, after the last notice. */
const NUDGE_AFTER_MS = 3_000;

/**
 * For how long after it happened a notice is believed that a SKU is gone. It is less than notices are kept, so that one that is
 * sent again later meets the newer one; after that the store itself is asked.
 */
const REMOVAL_BELIEVED_MS = 6 * 24 * 3_600_000;

interface VtexHookDeps {
  connection: Connection;
  secretBox: SecretBox;
  orchestrator: Orchestrator;
  logger: Logger;
  clock: () => Date;
  publicUrl: string;
  lockOut: LockOut;
  metrics: Metrics;
}

/** The parts of the address that a hook was called at, and who called. */
interface HookAddress {
  connectorId: string;
  token: string;
  from: Origin;
}

/** What VTEX stores tell of themselves: which SKUs have changed, and what has become of orders. */
export function vtexHookService(deps: VtexHookDeps) {
  const { connection, secretBox, orchestrator, logger, clock, publicUrl, lockOut, metrics } = deps;
  const orders = orderService(deps);
  const connectors = connectorStore(connection);
  const tokens = hookTokenStore(connection, secretBox);
  const notices = changeNoticeStore(connection);
  const nudges = new Map<string, NodeJS.Timeout>();

  /**
   * The connector at a hook's address. Whatever is wrong with the address, the answer is the same. A right token passes also where
   * others have tried wrong ones: VTEX calls for all its stores from the same machines.
   */
  async function connectorAt({ connectorId, token, from }: HookAddress): Promise<ConnectorDocument> {
    const [connector, isItsToken] = await Promise.all([
      connectors.get(connectorId),
      tokens.isTokenOf(connectorId, token),
    ]);
    if (!isItsToken) await refuse(token, from);
    if (!connector || !isItsToken || connector.state === 'removing') throw notFound('hook');
    return connector;
  }

  async function refuse(token: string, from: Origin): Promise<void> {
    metrics.refused('hook_token');
    await lockOut.wrongKey(from, token);
  }

  /** Once for all notices of the next seconds. Where it fails, the schedule's next run reads what has changed. */
  function nudgeSoon(connectorId: string): void {
    if (nudges.has(connectorId)) return;
    const timer = setTimeout(() => {
      nudges.delete(connectorId);
      orchestrator.nudgeSync(connectorId).catch((error: unknown) => {
        logger.warn({ err: error, connectorId }, 'a sync could not be asked for after change notices');
      });
    }, NUDGE_AFTER_MS);
    timer.unref();
    nudges.set(connectorId, timer);
  }

  return {
    /**
     * Keeps a notification; on return it is on disk. Sent again, it has the SKU read again at most: of several about one SKU the
     * newest counts, and what is old, or does not say when it was, cannot take a SKU off sale.
     *
     * @throws Problem `not_found` for an address that is nobody's, `too_many_failed_logins` after many of them,
     *   `validation_failed` for another store's or affiliate's.
     */
    async take(address: HookAddress, notification: ParsedNotification): Promise<void> {
      const connector = await connectorAt(address);
      const { connectorId } = address;
      checkSender(connector, notification);
      const { skuId, isRemoved, modifiedAt } = notification;
      const arrivedAt = clock();
      const now = sortableTime(arrivedAt.toISOString())!;
      // A clock that is ahead must not make its notice the newest for good.
      const asOf = modifiedAt !== undefined && modifiedAt < now ? modifiedAt : now;
      const oldest = sortableTime(new Date(arrivedAt.getTime() - REMOVAL_BELIEVED_MS).toISOString())!;
      const isGone = isRemoved && modifiedAt !== undefined && asOf > oldest;
      await notices.note(connectorId, { skuId, isRemoved: isGone, modifiedAt: asOf, arrivedAt });
      if (connector.state === 'active') nudgeSoon(connectorId);
    },

    /**
     * Hands a processing result to its order, which takes the same one only once.
     *
     * @param account - of the store, where it says so.
     * @throws Problem `not_found` for an address that is nobody's and for an order that is none of the connector's,
     *   `too_many_failed_logins` after many of the former, `validation_failed` for another store's, `workflows_unavailable`.
     */
    async takeResult(address: HookAddress, account: string | undefined, result: PlacementResult): Promise<void> {
      const connector = await connectorAt(address);
      const { source } = connector.config;
      if (source.type !== 'vtex') throw notFound('hook');
      if (account !== undefined && account.toLowerCase() !== source.account.toLowerCase())
        throw invalid([{ field: 'query.an', code: 'other_account', message: 'This hook is for another account.' }]);
      await orders.hear(connector, result);
    },

    /** @throws Problem `not_found` for a connector that is gone, or whose source calls no hook. */
    async look(connectorId: string): Promise<HookView> {
      const connector = await connectors.get(connectorId);
      if (!connector) throw notFound('connector');
      if (connector.config.source.type !== 'vtex' || connector.state === 'removing') throw notFound('hook');
      const { lastNoticeAt, waiting } = await notices.overview(connectorId);
      const endpoint = `${publicUrl.replace(/\/$/, '')}/hooks/vtex/${connectorId}/${await tokens.tokenOf(connectorId)}`;
      return { endpoint, lastNoticeAt: lastNoticeAt?.toISOString() ?? null, waiting };
    },
  };
}

/** A store has one affiliate for each marketplace: another's notices say nothing about this connector's assortment. */
function checkSender({ config }: ConnectorDocument, { account, affiliateId }: ParsedNotification): void {
  const { source } = config;
  if (source.type !== 'vtex') throw notFound('hook');
  const problems = [
    ...(account.toLowerCase() === source.account.toLowerCase()
      ? []
      : [{ field: 'An', code: 'other_account', message: 'This hook is for another account.' }]),
    ...(affiliateId.toUpperCase() === source.affiliateId.toUpperCase()
      ? []
      : [{ field: 'IdAffiliate', code: 'other_affiliate', message: 'This hook is for another affiliate.' }]),
  ];
  if (problems.length > 0) throw invalid(problems);
}
