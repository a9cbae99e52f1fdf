import { setMaxListeners } from 'node:events';
import { batchesOf } from '../../domain/batches';
import type { CatalogItem, KitComponent, SourceStock, UnreadableItem } from '../../domain/catalog-item';
import { isPassing, OutsideError } from '../../domain/errors';
import type { CatalogSource, SourcePage } from '../../domain/ports/source';
import type { VtexClient } from './client';
import { itemOf } from './item';
import { createKits, stockByComponents, type Kits } from './kits';
import { stockOfUnits, type Offers, type SimulatedOffer } from './offers';
import { skuContext, skuIdList, type SkuContext } from './wire';

/** VTEX's cap for `pageSize`. */
const MAX_PAGE = 1000;

/** SKUs in one simulation: few enough for a basket, enough to keep a page at some twenty calls. */
const SIMULATED_AT_ONCE = 50;

/** When more than this part of a page fails for a passing reason, it is the store that is down and not the SKUs. */
const OUTAGE_SHARE = 0.5;

/** A value, or why it could not be read this time. */
type Reading<T> = { value: T } | { failure: OutsideError };

/** Undefined for a SKU that cannot be sold. */
export type SimulatedReading = Reading<SimulatedOffer | undefined>;

/** A SKU's description, and of a kit what it takes. */
interface Described {
  context: SkuContext;
  parts: Awaited<ReturnType<Kits['partsOf']>>;
}

/** Undefined for a SKU that the store does not know. */
type SkuReading = Reading<(Described & { item: CatalogItem }) | undefined>;

interface AssignedSkus extends Pick<SourcePage, 'items' | 'unreadable'> {
  /** Source ids that the store does not know, or that are not of the trade policy. */
  left: string[];
}

export interface Assortment extends CatalogSource {
  /** Reads the named SKUs as far as they are of the assortment. */
  readAssigned(skuIds: readonly string[], signal: AbortSignal): Promise<AssignedSkus>;
  /** Ids of one page of the trade policy's SKUs; pages count from 1. Empty after the last. */
  listSkuIds(page: number, size: number, signal: AbortSignal): Promise<string[]>;
}

/** Reads the assortment of one trade policy: descriptions SKU by SKU, prices and stock in batches by simulation. */
export function createAssortment(client: VtexClient, offers: Offers, salesChannel: string): Assortment {
  const kits = createKits(client, offers);

  async function listSkuIds(page: number, size: number, signal: AbortSignal): Promise<string[]> {
    const query = new URLSearchParams({
      sc: salesChannel,
      page: String(page),
      pageSize: String(size),
      onlyAssigned: 'true',
    }).toString();
    return client.read(
      {
        operation: 'list SKUs',
        needs: 'catalog',
        method: 'GET',
        host: 'store',
        path: `/api/catalog_system/pvt/sku/stockkeepingunitidsbysaleschannel?${query}`,
      },
      skuIdList,
      signal
    );
  }

  /** Undefined for one that the store does not know. */
  async function readContext(skuId: string, signal: AbortSignal): Promise<SkuContext | undefined> {
    return client.find(
      {
        operation: 'read SKU',
        needs: 'catalog',
        method: 'GET',
        host: 'store',
        path: `/api/catalog_system/pvt/sku/stockkeepingunitbyid/${encodeURIComponent(skuId)}?sc=${encodeURIComponent(salesChannel)}`,
      },
      skuContext,
      signal
    );
  }

  async function simulateAll(skuIds: readonly string[], signal: AbortSignal): Promise<Map<string, SimulatedReading>> {
    const batches = batchesOf(skuIds, SIMULATED_AT_ONCE);
    const found = await Promise.all(batches.map((batch) => simulateBatch(batch, signal)));
    return new Map(found.flat());
  }

  async function simulateBatch(skuIds: string[], signal: AbortSignal): Promise<[string, SimulatedReading][]> {
    const reading = await attempt(() => offers.simulate(skuIds, signal));
    if (!('failure' in reading)) return skuIds.map((id) => [id, { value: reading.value.get(id) }]);
    if (skuIds.length === 1 || reading.failure.facts.status !== 400) return skuIds.map((id) => [id, reading]);
    // One SKU spoils the whole basket: look for it.
    const halves = batchesOf(skuIds, Math.ceil(skuIds.length / 2));
    return (await Promise.all(halves.map((half) => simulateBatch(half, signal)))).flat();
  }

  /** A SKU that a simulation leaves out cannot be sold: stock 0, whatever lies in the warehouse. Source: VTEX's rule. */
  async function stockOf(
    context: SkuContext,
    offer: SimulatedOffer | undefined,
    components: readonly KitComponent[],
    signal: AbortSignal
  ): Promise<SourceStock> {
    if (!offer?.sellable) return { kind: 'units', units: 0 };
    if (offer.stockBalance !== undefined) return stockOfUnits(offer.stockBalance);
    if (!context.IsKit) return offers.inventoryOf(context.Id, signal);
    // A kit has no stock of its own in any warehouse; one could be sold, and where its parts are unknown, no more is known.
    return stockByComponents(components) ?? { kind: 'units', units: 1 };
  }

  async function readItem(
    { context, parts }: Described,
    simulated: ReadonlyMap<string, SimulatedReading>,
    signal: AbortSignal
  ): Promise<CatalogItem> {
    const reading = simulated.get(context.Id) ?? { value: undefined };
    if ('failure' in reading) throw reading.failure;
    const offer = reading.value;
    const components = await kits.withStock(parts, simulated, signal);
    const price =
      (offer && offers.simulatedPrice(offer)) ??
      (await offers.listedPrice(context.Id, context.UnitMultiplier ?? 1, signal));
    const stock = await stockOf(context, offer, components, signal);
    return itemOf(context, { price, stock, components: components.length > 0 ? components : undefined });
  }

  async function describe(skuId: string, signal: AbortSignal): Promise<Described | undefined> {
    const context = await readContext(skuId, signal);
    return context && { context, parts: context.IsKit ? await kits.partsOf(context, signal) : [] };
  }

  /** Each SKU once: its description, the simulations of all together, and what only it needs besides. */
  async function readSkus(skuIds: readonly string[], signal: AbortSignal): Promise<[string, SkuReading][]> {
    if (skuIds.length === 0) return [];
    return together(signal, async (own) => {
      const [described, simulated] = await Promise.all([
        Promise.all(skuIds.map(async (id) => [id, await attempt(() => describe(id, own))] as const)),
        simulateAll(skuIds, own),
      ]);
      const parts = described.flatMap(([, reading]) => ('value' in reading && reading.value?.parts) || []);
      const unseen = new Set(parts.map(({ sourceId }) => sourceId).filter((id) => !simulated.has(id)));
      const all = new Map([...simulated, ...(await simulateAll([...unseen], own))]);
      const readings = await Promise.all(
        described.map(async ([id, reading]): Promise<[string, SkuReading]> => {
          if ('failure' in reading) return [id, reading];
          const { value } = reading;
          if (!value) return [id, { value: undefined }];
          const item = await attempt(() => readItem(value, all, own));
          return [id, 'failure' in item ? item : { value: { ...value, item: item.value } }];
        })
      );
      refuseOutage(readings.map(([, reading]) => reading));
      return readings;
    });
  }

  function isAssigned({ SalesChannels }: SkuContext): boolean {
    return !SalesChannels || SalesChannels.includes(salesChannel);
  }

  async function readItems(
    skuIds: readonly string[],
    signal: AbortSignal
  ): Promise<Pick<SourcePage, 'items' | 'unreadable'>> {
    const items: CatalogItem[] = [];
    const unreadable: UnreadableItem[] = [];
    for (const [sourceId, reading] of await readSkus(skuIds, signal))
      if ('failure' in reading) unreadable.push(unreadableFor(sourceId, reading.failure));
      else if (reading.value) items.push(reading.value.item);
      else unreadable.push({ sourceId, reason: 'The store lists this SKU and does not know it.' });
    return { items, unreadable };
  }

  return {
    listSkuIds,

    async readPage(cursor, size, signal) {
      const page = cursor === null ? 1 : Number(cursor);
      const ids = await listSkuIds(page, Math.min(size, MAX_PAGE), signal);
      // A short page need not be the last one: the store drops unassigned SKUs after it has cut its pages.
      if (ids.length === 0) return { items: [], unreadable: [], nextCursor: null };
      return { ...(await readItems(ids, signal)), nextCursor: String(page + 1) };
    },

    readItems,

    async readAssigned(skuIds, signal) {
      const read: AssignedSkus = { items: [], unreadable: [], left: [] };
      for (const [sourceId, reading] of await readSkus(skuIds, signal))
        if ('failure' in reading) read.unreadable.push(unreadableFor(sourceId, reading.failure));
        else if (reading.value && isAssigned(reading.value.context)) read.items.push(reading.value.item);
        else read.left.push(sourceId);
      return read;
    },
  };
}

function unreadableFor(sourceId: string, { code, message }: OutsideError): UnreadableItem {
  return { sourceId, reason: message, ...(isPassing(code) ? { isPassing: true } : {}) };
}

/** Failures that are one SKU's go into its reading; refused keys and rate limits are everybody's and are thrown. */
async function attempt<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof OutsideError && (error.code === 'transient' || error.code === 'config'))
      return { failure: error };
    throw error;
  }
}

function refuseOutage(readings: Reading<unknown>[]): void {
  const passing = readings.flatMap((each) =>
    'failure' in each && each.failure.code === 'transient' ? [each.failure] : []
  );
  if (passing.length > readings.length * OUTAGE_SHARE) throw passing[0]!;
}

/** Runs many requests as one: when one failure ends it, the others are given up too. */
async function together<T>(signal: AbortSignal, run: (own: AbortSignal) => Promise<T>): Promise<T> {
  const own = new AbortController();
  setMaxListeners(0, own.signal);
  const passOn = (): void => own.abort(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener('abort', passOn, { once: true });
  try {
    return await run(own.signal);
  } finally {
    signal.removeEventListener('abort', passOn);
    own.abort(new Error('given up'));
  }
}
