import { unitsToSell } from '../../domain/stock-rules';
import { connectorStore } from '../../models/connectors';
import { listingQueries, type StockRow } from '../../models/listing-queries';
import { decodeCursor, DEFAULT_LIMIT, pageOf } from '../contracts/paging';
import type { StockPreviewView } from '../contracts/stock-preview-view';
import { notFound } from '../errors';
import type { ServiceDeps } from './index';

const PARTLY_READ = 'The assortment was not read to its end yet, so SKUs may be missing here.';
const NO_QUANTITIES = 'This connector sends product facts only, so no stock pauses anything.';

/** V6. Which SKUs would not be advertised because of their present stock. */
export function stockPreviewService({ connection }: Pick<ServiceDeps, 'connection'>) {
  const connectors = connectorStore(connection);
  const listings = listingQueries(connection);

  return {
    /**
     * From the ledger, by SKU.
     *
     * @throws Problem `not_found`; `validation_failed` on a cursor that was not made here.
     */
    async page(
      connectorId: string,
      query: { minimumStock?: number; cursor?: string; limit?: number }
    ): Promise<StockPreviewView> {
      const connector = await connectors.get(connectorId);
      if (!connector) throw notFound('connector');
      const { offer, listing } = connector.config;
      const { minimumStock = offer.minimumStock, limit = DEFAULT_LIMIT } = query;
      const [afterSku] = decodeCursor(query.cursor, 's') ?? [];
      const head = { minimumStock, configuredMinimumStock: offer.minimumStock };
      const nothing = { count: 0, items: [], nextCursor: null };
      if (!(await listings.hasAny(connectorId)))
        return {
          ...head,
          known: false,
          readAt: null,
          note: notRead(connectorId, 'The assortment was not read yet.'),
          ...nothing,
        };

      const readAt = (await listings.lastReadingAt(connectorId))?.toISOString() ?? null;
      if (listing.requirements === 'LISTING_PRODUCT_ONLY')
        return { ...head, known: true, readAt, note: NO_QUANTITIES, ...nothing };
      const below = unitsToSell(minimumStock, offer.stock);
      const note = readAt ? null : notRead(connectorId, PARTLY_READ);
      // What is oversold counts as 0, and 0 is not below 0.
      if (below === 0) return { ...head, known: true, readAt, note, ...nothing };
      const [count, rows] = await Promise.all([
        listings.countBelowStock(connectorId, below),
        listings.belowStock(connectorId, below, afterSku as string | undefined, limit + 1),
      ]);
      const startedAt = await listings.runStarts(rows.map(({ lastRun }) => lastRun));
      const view = ({ sku, title, state, verdict, lastRun }: StockRow): StockPreviewView['items'][number] => {
        const stock = verdict.stock ?? 0;
        const because = stock < minimumStock ? 'minimum_stock' : 'stock_rules';
        return { sku, title, state, stock, because, readAt: startedAt.get(lastRun)?.toISOString() ?? null };
      };
      const page = pageOf(rows, limit, (row) => [row.sku], view);
      return { ...head, known: true, readAt, count, note, ...page };
    },
  };
}

function notRead(connectorId: string, what: string): string {
  return `${what} POST /v1/connectors/${connectorId}/syncs with {"mode":"preview"} reads it and sends nothing.`;
}
