import { amazonAccount } from '../../domain/amazon-account';
import { isPassing, OutsideError } from '../../domain/errors';
import { orderWatchId } from '../../domain/ids';
import { requireMarketplace } from '../../domain/marketplaces';
import type { OrderSighting } from '../../domain/orders/order';
import { watchesOrders } from '../../domain/orders/order-policy';
import type { OrdersPageRead, WatchedAccount } from '../../domain/orders/order-record';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { OrdersPage } from '../../domain/ports/orders';
import type { ConnectorDocument } from '../../models/connectors';
import type { OrdersWindow } from '../../models/order-watches';
import type { SeenOrder } from '../../models/orders';
import { withPulse, type Pulse } from '../pulse';
import type { OrderDependencies } from './dependencies';

const MINUTE = 60_000;

/** What Amazon shows late is found again. */
const OVERLAP_MS = 15 * MINUTE;
/** Amazon's pages end so long before now; of one that does not say where. */
const LAG_MS = 2 * MINUTE;
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

/** The watch on the orders of an account. */
export function watchSteps(deps: OrderDependencies) {
  const { orders, watches, amazonOrders } = deps;

  async function watchOf({ sellerId, region }: WatchedAccount): Promise<Watch | undefined> {
    const connectors = (await deps.connectors.inStates(['active', 'paused']))
      .filter((each) => watchesOrders(each) && each.config.amazon.sellerId === sellerId)
      .filter(({ config }) => requireMarketplace(config.amazon.country).region === region)
      .sort((one, other) => (one._id < other._id ? -1 : 1));
    const [first] = connectors;
    return first && { account: amazonAccount(first._id, first.config), connectors };
  }

  /** Hands sightings to their orders, but for those that say nothing new and those that are nobody's. */
  async function tell(watch: Watch, sightings: readonly OrderSighting[], { signal }: Pulse<never>): Promise<void> {
    const { sellerId } = watch.account;
    const seen = await orders.seen(
      sellerId,
      sightings.map(({ amazonOrderId }) => amazonOrderId)
    );
    for (const sighting of sightings) {
      signal.throwIfAborted();
      const { amazonOrderId } = sighting;
      const known = seen.get(amazonOrderId);
      if (known && !isNews(known, sighting)) continue;
      const connectorId = known?.connectorId ?? (await connectorFor(watch, sighting));
      if (!connectorId) continue;
      await deps.orchestrator.tellOrder({ sellerId, amazonOrderId, connectorId }, { kind: 'sighting', sighting });
    }
  }

  /** Whose order it is: of the connectors of its marketplace the one that sells its SKUs, else the first; undefined for nobody's. */
  async function connectorFor({ connectors }: Watch, sighting: OrderSighting): Promise<string | undefined> {
    const here = connectors.filter((each) => isOfMarketplace(each, sighting) && !isIgnored(each, sighting));
    if (here.length < 2) return here[0]?._id;
    const skus = (sighting.items ?? []).flatMap(({ sku }) => sku ?? []);
    for (const { _id } of here) if ((await deps.ledger.bySku(_id, skus)).size > 0) return _id;
    return here[0]!._id;
  }

  return {
    /** Reads the next page of what has changed, hands it on, and only then notes that it is handled. */
    async readOrdersPage(watched: WatchedAccount): Promise<OrdersPageRead> {
      return withPulse(async (pulse) => {
        const watch = await watchOf(watched);
        if (!watch) return 'unwatched';
        const kept = await watches.get(watched);
        const now = Date.now();
        const watermark = later(kept?.watermark ?? '', firstWatermark(watch));
        const open = kept?.window && now - kept.window.askedAt.getTime() < TOKEN_LIVES_MS ? kept.window : null;
        const asked = open ?? newWindow(watch, watermark);
        let page: OrdersPage;
        try {
          page = await amazonOrders.search(watch.account, asked, open?.nextPage ?? null, pulse.signal);
        } catch (error) {
          if (!(error instanceof OutsideError)) throw error;
          if (error.code === 'throttled') return 'later';
          // A token that Amazon takes no more: the window begins anew, from the same watermark.
          if (open && !isPassing(error.code)) await watches.note(watched, watermark, null);
          throw error;
        }
        await tell(watch, page.orders, pulse);
        const completeBefore = open?.completeBefore ?? page.completeBefore ?? new Date(now - LAG_MS).toISOString();
        if (page.nextPage === null) {
          await watches.note(watched, later(watermark, completeBefore), null);
          return 'done';
        }
        const { updatedAfter, marketplaceIds } = asked;
        const askedAt = open?.askedAt ?? new Date(now);
        const window: OrdersWindow = { updatedAfter, marketplaceIds, nextPage: page.nextPage, completeBefore, askedAt };
        await watches.note(watched, watermark, window);
        return 'more';
      });
    },

    /** Reads orders that stock is held for, those that wait longest first: no page may ever name them again. */
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
            if (error instanceof OutsideError && error.code === 'throttled') return;
            throw error;
          }
          if (sighting) await tell(watch, [sighting], pulse);
          else
            deps.logger.warn({ watch: orderWatchId(watched.sellerId, watched.region), amazonOrderId }, 'no such order');
          await orders.noteLooked(_id, new Date());
        }
      });
    },
  };
}

/** Whether an order that is known is told anything: overlapping windows tell most of it several times. */
function isNews({ sightedAt, isStale }: SeenOrder, { updatedAt }: OrderSighting): boolean {
  return isStale || sightedAt === null || Date.parse(updatedAt) > sightedAt.getTime();
}

/** One of which Amazon does not say the marketplace is anybody's. */
function isOfMarketplace({ config }: ConnectorDocument, { marketplaceId }: OrderSighting): boolean {
  return marketplaceId === undefined || requireMarketplace(config.amazon.country).id === marketplaceId;
}

/** As the order's own rules have it: orders that would only be ignored are not even begun. */
function isIgnored({ activatedAt }: ConnectorDocument, { fulfilledBy, orderedAt }: OrderSighting): boolean {
  if (fulfilledBy === 'amazon') return true;
  return orderedAt !== undefined && activatedAt !== null && Date.parse(orderedAt) < activatedAt.getTime();
}

/** From before the first activation nothing is of interest. */
function firstWatermark({ connectors }: Watch): string {
  const first = Math.min(...connectors.map(({ activatedAt }) => activatedAt?.getTime() ?? Date.now()));
  return new Date(first).toISOString();
}

function newWindow({ connectors }: Watch, watermark: string): Pick<OrdersWindow, 'updatedAfter' | 'marketplaceIds'> {
  const ids = connectors.map(({ config }) => requireMarketplace(config.amazon.country).id);
  return {
    updatedAfter: new Date(Date.parse(watermark) - OVERLAP_MS).toISOString(),
    marketplaceIds: [...new Set(ids)].sort(),
  };
}

/** The later of two moments; what is none counts as long ago. */
function later(one: string, other: string): string {
  return Date.parse(one) > Date.parse(other) ? one : other;
}
