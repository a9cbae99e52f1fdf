import { setMaxListeners } from 'node:events';
import type { CatalogItem, SourceStock, UnreadableItem } from '../../domain/catalog-item';
import { OutsideError } from '../../domain/errors';
import type { CatalogSource, SourcePage } from '../../domain/ports/source';
import type { VtexClient } from './client';
import { itemOf } from './item';
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
type SimulatedReading = Reading<SimulatedOffer | undefined>;

export interface Assortment extends CatalogSource {
  /** Ids of one page of the trade policy's SKUs; pages count from 1. Empty after the last. */
  listSkuIds(page: number, size: number, signal: AbortSignal): Promise<string[]>;
}

/** Reads the assortment of one trade policy: descriptions SKU by SKU, prices and stock in batches by simulation. */
export function createAssortment(client: VtexClient, offers: Offers, salesChannel: string): Assortment {
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

  async function readContext(skuId: string, signal: AbortSignal): Promise<SkuContext> {
    const found = await client.find(
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
    if (found) return found;
    throw new OutsideError('config', 'The store lists this SKU and does not know it.', {
      system: 'vtex',
      operation: 'read SKU',
      status: 404,
    });
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
    signal: AbortSignal
  ): Promise<SourceStock> {
    if (!offer?.sellable) return { kind: 'units', units: 0 };
    if (offer.stockBalance !== undefined) return stockOfUnits(offer.stockBalance);
    // A kit has no stock of its own in any warehouse; one could be sold, and more is not known.
    return context.IsKit ? { kind: 'units', units: 1 } : offers.inventoryOf(context.Id, signal);
  }

  async function readItem(
    skuId: string,
    simulated: Promise<Map<string, SimulatedReading>>,
    signal: AbortSignal
  ): Promise<CatalogItem> {
    const context = await readContext(skuId, signal);
    const reading = (await simulated).get(skuId) ?? { value: undefined };
    if ('failure' in reading) throw reading.failure;
    const offer = reading.value;
    const price = (offer && offers.simulatedPrice(offer)) ?? (await offers.listedPrice(skuId, signal));
    return itemOf(context, price, await stockOf(context, offer, signal));
  }

  async function readIds(skuIds: readonly string[], signal: AbortSignal): Promise<Omit<SourcePage, 'nextCursor'>> {
    return together(signal, async (own) => {
      const simulated = simulateAll(skuIds, own);
      const [readings] = await Promise.all([
        Promise.all(skuIds.map(async (id) => [id, await attempt(() => readItem(id, simulated, own))] as const)),
        simulated,
      ]);
      refuseOutage(readings.map(([, reading]) => reading));
      const items: CatalogItem[] = [];
      const unreadable: UnreadableItem[] = [];
      for (const [sourceId, reading] of readings)
        if ('failure' in reading) unreadable.push({ sourceId, reason: reading.failure.message });
        else items.push(reading.value);
      return { items, unreadable };
    });
  }

  return {
    listSkuIds,

    async readPage(cursor, size, signal) {
      const page = cursor === null ? 1 : Number(cursor);
      const ids = await listSkuIds(page, Math.min(size, MAX_PAGE), signal);
      // A short page need not be the last one: the store drops unassigned SKUs after it has cut its pages.
      if (ids.length === 0) return { items: [], unreadable: [], nextCursor: null };
      return { ...(await readIds(ids, signal)), nextCursor: String(page + 1) };
    },

    readItems: (sourceIds, signal) => readIds(sourceIds, signal),
  };
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

function batchesOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size)
  );
}
