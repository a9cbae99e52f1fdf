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
import { orderService } from './orders';

/** How long notices of a connector are gathered before a sync is asked for: at most one in this time, after the last notice. */
const NUDGE_AFTER_MS = 3_000;

interface VtexHookDeps {
  connection: Connection;
  secretBox: SecretBox;
  orchestrator: Orchestrator;
  logger: Logger;
  clock: () => Date;
  publicUrl: string;
}

/** What VTEX stores tell of themselves: which SKUs have changed, and what has become of orders. */
export function vtexHookService(deps: VtexHookDeps) {
  const { connection, secretBox, orchestrator, logger, clock, publicUrl } = deps;
  const orders = orderService(deps);
  const connectors = connectorStore(connection);
  const tokens = hookTokenStore(connection, secretBox);
  const notices = changeNoticeStore(connection);
  const nudges = new Map<string, NodeJS.Timeout>();

  /** The connector at a hook's address. Whatever is wrong with the address, the answer is the same. */
  async function connectorAt(connectorId: string, token: string): Promise<ConnectorDocument> {
    const [connector, isItsToken] = await Promise.all([
      connectors.get(connectorId),
      tokens.isTokenOf(connectorId, token),
    ]);
    if (!connector || !isItsToken || connector.state === 'removing') throw notFound('hook');
    return connector;
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
     * Keeps a notification; on return it is on disk.
     *
     * @throws Problem `not_found` for an address that is nobody's, `validation_failed` for another store's or affiliate's.
     */
    async take(connectorId: string, token: string, notification: ParsedNotification): Promise<void> {
      const connector = await connectorAt(connectorId, token);
      checkSender(connector, notification);
      const { skuId, isRemoved, modifiedAt } = notification;
      const arrivedAt = clock();
      const now = sortableTime(arrivedAt.toISOString())!;
      // A clock that is ahead must not make its notice the newest for good.
      const asOf = modifiedAt !== undefined && modifiedAt < now ? modifiedAt : now;
      await notices.note(connectorId, { skuId, isRemoved, modifiedAt: asOf, arrivedAt });
      if (connector.state === 'active') nudgeSoon(connectorId);
    },

    /**
     * Hands a processing result to its order.
     *
     * @param account - of the store, where it says so.
     * @throws Problem `not_found` for an address that is nobody's and for an order that is none of the connector's,
     *   `validation_failed` for another store's, `workflows_unavailable`.
     */
    async takeResult(
      connectorId: string,
      token: string,
      account: string | undefined,
      result: PlacementResult
    ): Promise<void> {
      const connector = await connectorAt(connectorId, token);
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
