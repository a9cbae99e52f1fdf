import { amazonAccount } from '../../domain/amazon-account';
import { failureCodeOf, isPassing, OutsideError } from '../../domain/errors';
import { orderWatchId } from '../../domain/ids';
import { requireMarketplace } from '../../domain/marketplaces';
import type { OrderSighting } from '../../domain/orders/order';
import type { OrdersPageRead, WatchedAccount } from '../../domain/orders/order-record';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { OrdersPage } from '../../domain/ports/orders';
import { ordersHandledSince, type ConnectorDocument } from '../../models/connectors';
import type { OrdersWindow } from '../../models/order-watches';
import { withPulse } from '../pulse';
import type { OrderDependencies } from './dependencies';
import { sightingsHandedOn } from './sightings';
import { watchedConnectors } from './watched-connectors';

const MINUTE = 60_000;

/** What Amazon shows late is found again. */
const OVERLAP_MS = 15 * MINUTE;
/** Amazon's pages end so long before now; of one that does not say where. */
const LAG_MS = 2 * MINUTE;
/**
 * How far a window reaches at most. After a long pause one without an end may have more pages than can be read while a token lives, and
 * would begin anew for ever; a day's pages can be read, at the rate that keeps up with a day's changes at all.
 */
const LONGEST_WINDOW_MS = 24 * 60 * MINUTE;
/** A page's token dies after 24 hours. */
const TOKEN_LIVES_MS = 20 * 60 * MINUTE;
/** An order that stock is held for is read on its own at least so often. */
const LOOK_EVERY_MS = 15 * MINUTE;
/** … as far as Amazon's limit allows: getOrder gives 90 in the time between two runs, and orders that act need some of them. */
const LOOKS_A_RUN = 60;

/** An account with the connectors whose orders are watched in it. */
interface Watch {
  account: AmazonAccount;
  connectors: ConnectorDocument[];
}

/** What is asked of every page of a window. */
type AskedWindow = Pick<OrdersWindow, 'updatedAfter' | 'updatedBefore' | 'marketplaceIds'>;

/** The watch on the orders of an account. */
export function watchSteps(deps: OrderDependencies) {
  const { orders, watches, amazonOrders } = deps;
  const handOn = sightingsHandedOn(deps);

  async function watchOf(watched: WatchedAccount): Promise<Watch | undefined> {
    const connectors = await watchedConnectors(deps, watched);
    const [first] = connectors;
    return first && { account: amazonAccount(first._id, first.config), connectors };
  }

  return {
    /**
     * Reads the next page of what has changed, hands it on, and only then notes that it is handled. What fails is noted, and comes
     * again with the next run.
     */
    async readOrdersPage(watched: WatchedAccount): Promise<OrdersPageRead> {
      return withPulse(async (pulse) => {
        const watch = await watchOf(watched);
        if (!watch) return 'unwatched';
        const kept = await watches.get(watched);
        const now = Date.now();
        const watermark = kept ? later(kept.watermark, firstActivation(watch)) : firstOrders(watch);
        const open = kept?.window && now - kept.window.askedAt.getTime() < TOKEN_LIVES_MS ? kept.window : null;
        const asked = open ?? newWindow(watch, watermark, now);
        let page: OrdersPage;
        try {
          page = await amazonOrders.search(watch.account, asked, open?.nextPage ?? null, pulse.signal);
        } catch (error) {
          if (pulse.signal.aborted) throw error;
          const code = failureCodeOf(error);
          if (code === 'throttled') return 'later';
          const said = error instanceof OutsideError ? error.message : 'Something went wrong inside Longshore.';
          // A token that Amazon takes no more: the window begins anew, from the same watermark.
          const left = isPassing(code) ? open : null;
          const since = kept?.problem?.since ?? new Date(now);
          await watches.noteProblem(watched, watermark, left, { code, said, since });
          return 'failed';
        }
        await handOn(watched.sellerId, watch.connectors, page.orders, pulse.signal);
        const completeBefore =
          open?.completeBefore ?? asked.updatedBefore ?? page.completeBefore ?? new Date(now - LAG_MS).toISOString();
        if (page.nextPage === null) {
          await watches.note(watched, later(watermark, completeBefore), null);
          return 'done';
        }
        const { updatedAfter, updatedBefore, marketplaceIds } = asked;
        const window: OrdersWindow = {
          updatedAfter,
          ...(updatedBefore && { updatedBefore }),
          marketplaceIds,
          nextPage: page.nextPage,
          completeBefore,
          askedAt: open?.askedAt ?? new Date(now),
        };
        await watches.note(watched, watermark, window);
        return 'more';
      });
    },

    /**
     * Reads orders that stock is held for, those that wait longest first: no page may ever name them again. What fails is noted, and comes
     * again with the next run.
     */
    async lookAtHeldOrders(watched: WatchedAccount): Promise<void> {
      await withPulse(async (pulse) => {
        const watch = await watchOf(watched);
        if (!watch) return;
        const ids = watch.connectors.map(({ _id }) => _id);
        const due = await orders.toLookAt(ids, new Date(Date.now() - LOOK_EVERY_MS), LOOKS_A_RUN);
        for (const { _id, amazonOrderId } of due) {
          let sighting: OrderSighting | undefined;
          try {
            sighting = await amazonOrders.get(watch.account, amazonOrderId, pulse.signal);
          } catch (error) {
            if (!(error instanceof OutsideError)) throw error;
            const { code, message: said } = error;
            const kept = code === 'throttled' ? undefined : await watches.get(watched);
            const since = kept?.problem?.since ?? new Date();
            if (kept) await watches.noteProblem(watched, kept.watermark, kept.window, { code, said, since });
            // One that Amazon cannot answer must not stand before the others for ever.
            if (code !== 'throttled') await orders.noteLooked(_id, new Date());
            return;
          }
          if (sighting) await handOn(watched.sellerId, watch.connectors, [sighting], pulse.signal);
          else
            deps.logger.warn({ watch: orderWatchId(watched.sellerId, watched.region), amazonOrderId }, 'no such order');
          await orders.noteLooked(_id, new Date());
        }
      });
    },
  };
}

/** An account that was not watched yet has no order from before that is handled: what changed earlier is of no interest. */
function firstOrders({ connectors }: Watch): string {
  return earliest(connectors.map(ordersHandledSince));
}

/**
 * Of one that was watched before, what has changed since matters, because of the orders that are known; but never what has changed before
 * the first activation.
 */
function firstActivation({ connectors }: Watch): string {
  return earliest(connectors.map(({ activatedAt }) => activatedAt));
}

function earliest(moments: readonly (Date | null)[]): string {
  return new Date(Math.min(...moments.map((each) => each?.getTime() ?? Date.now()))).toISOString();
}

function newWindow({ connectors }: Watch, watermark: string, now: number): AskedWindow {
  const ids = connectors.map(({ config }) => requireMarketplace(config.amazon.country).id);
  const end = Date.parse(watermark) + LONGEST_WINDOW_MS;
  return {
    updatedAfter: new Date(Date.parse(watermark) - OVERLAP_MS).toISOString(),
    // Amazon takes no end that is less than two minutes ago.
    ...(end < now - LAG_MS && { updatedBefore: new Date(end).toISOString() }),
    marketplaceIds: [...new Set(ids)].sort(),
  };
}

/** The later of two moments; what is none counts as long ago. */
function later(one: string, other: string): string {
  return Date.parse(one) > Date.parse(other) ? one : other;
}
