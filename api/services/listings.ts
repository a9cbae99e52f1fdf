import { stringify } from 'csv-stringify';
import { pipeline } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { displayCode, STATE_MEANINGS } from '../../domain/listing';
import { connectorStore } from '../../models/connectors';
import { listingQueries, type RequeueFilter } from '../../models/listing-queries';
import type { ListingDocument, ListingFilter } from '../../models/listings';
import type { ListingSummaryView, ListingView } from '../contracts/listing-view';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { notFound } from '../errors';
import { auditService } from './audit';
import type { By } from './by';
import type { ServiceDeps } from './index';
import { syncService } from './syncs';

type Filter = Omit<ListingFilter, 'connectorId'>;

const CSV_COLUMNS = [
  'sku',
  'displayCode',
  'title',
  'state',
  'reason',
  'quantity',
  'productType',
  'asin',
  'problemCodes',
  'problems',
  'submittedAt',
  'nextAttemptAt',
  'updatedAt',
] as const;

/** The ledger, as people read it and send parts of it again. */
export function listingService(deps: ServiceDeps) {
  const connectors = connectorStore(deps.connection);
  const listings = listingQueries(deps.connection);
  const syncs = syncService(deps);
  const audit = auditService(deps);

  async function requireConnector(id: string) {
    const found = await connectors.get(id);
    if (!found) throw notFound('connector');
    return found;
  }

  return {
    /** By SKU. */
    async list(
      connectorId: string,
      query: Filter & { cursor?: string; limit?: number }
    ): Promise<Page<ListingSummaryView>> {
      await requireConnector(connectorId);
      const { cursor, limit = DEFAULT_LIMIT, ...filter } = query;
      const [afterSku] = decodeCursor(cursor, 's') ?? [];
      const rows = await listings.page({ connectorId, ...filter }, afterSku as string | undefined, limit + 1);
      return pageOf(rows, limit, (row) => [row.sku], summaryOf);
    },

    /** Prepares the whole list as CSV; the caller says where to write it once the first answer is certain. */
    async csv(connectorId: string, filter: Filter): Promise<(to: Writable) => Promise<void>> {
      await requireConnector(connectorId);
      const rows = listings.stream({ connectorId, ...filter });
      return async (to) => {
        const table = stringify({
          header: true,
          columns: CSV_COLUMNS.map((key) => ({ key })),
          escape_formulas: true,
        });
        await pipeline(csvRows(rows), table, to);
      };
    },

    /** @throws Problem `not_found` */
    async get(connectorId: string, sku: string): Promise<ListingView> {
      const found = await listings.get(connectorId, sku);
      if (!found) throw notFound('listing');
      return viewOf(found);
    },

    /**
     * Puts SKUs back in line and starts a run that sends them.
     *
     * @returns the run's id; null when nothing matched.
     * @throws Problem `not_found`, `not_active`, `sync_running`, `workflows_unavailable`
     */
    async requeue(filter: RequeueFilter, by: By): Promise<{ id: string | null; requeued: number }> {
      const { connectorId, skus } = filter;
      await requireConnector(connectorId);
      if ((await listings.countRequeueable(filter)) === 0) return { id: null, requeued: 0 };
      const opened = await syncs.open(connectorId, {
        mode: 'synchronization',
        scope: skus ? 'skus' : 'full',
        skus: [...(skus ?? [])],
      });
      const requeued = await listings.requeue(filter, `Queued again by ${by.actor.name}.`);
      await audit.note(by, {
        action: 'listings.requeued',
        target: { type: 'connector', id: connectorId },
        connectorId,
      });
      await syncs.begin(opened, by);
      return { id: opened.syncId, requeued };
    },
  };
}

/** V16. Integrated: Amazon accepted it, and it is there. */
function codeOf(listing: ListingDocument): string {
  const integrated = listing.sentHashes !== null && (listing.state === 'live' || listing.state === 'paused');
  return displayCode(listing.sku, integrated);
}

function summaryOf(listing: ListingDocument): ListingSummaryView {
  const { sku, title, state, reason, problems, verdict, wanted, updatedAt } = listing;
  return {
    sku,
    displayCode: codeOf(listing),
    title,
    state,
    reason,
    quantity: verdict?.quantity ?? null,
    productType: wanted?.productType ?? null,
    problems,
    updatedAt: updatedAt.toISOString(),
  };
}

function viewOf(listing: ListingDocument): ListingView {
  const { verdict, wanted, lastAnswer, seen } = listing;
  return {
    ...summaryOf(listing),
    meaning: STATE_MEANINGS[listing.state],
    sourceId: listing.sourceId,
    productId: listing.productId,
    isKit: listing.isKit,
    verdict: { kind: verdict.kind, blockReason: verdict.blockReason ?? null, reasons: verdict.reasons },
    wanted: wanted && {
      productType: wanted.productType,
      requirements: wanted.requirements,
      details: wanted.details,
      price: wanted.price ?? null,
      quantity: wanted.quantity ?? null,
    },
    lastPayload: listing.lastPayload ?? null,
    lastAnswer: lastAnswer && {
      at: lastAnswer.at.toISOString(),
      status: lastAnswer.status,
      submissionId: lastAnswer.submissionId ?? null,
      problems: lastAnswer.problems,
    },
    attempts: listing.attempts.map(({ at, operation, outcome, message }) => ({
      at: at.toISOString(),
      operation,
      outcome,
      message: message ?? null,
    })),
    failures: listing.failures,
    submittedAt: listing.submittedAt?.toISOString() ?? null,
    nextAttemptAt: listing.nextAttemptAt?.toISOString() ?? null,
    nextCheckAt: listing.nextCheckAt?.toISOString() ?? null,
    atAmazon: seen && {
      at: seen.at.toISOString(),
      asin: seen.asin ?? null,
      status: seen.status,
      quantity: seen.quantity ?? null,
      price: seen.price ?? null,
    },
    wasAtAmazon: Boolean(listing.adopted),
    unreadable: listing.unreadable ?? null,
  };
}

async function* csvRows(listings: AsyncIterable<ListingDocument>) {
  for await (const listing of listings)
    yield {
      ...summaryOf(listing),
      asin: listing.seen?.asin ?? '',
      problemCodes: listing.problemCodes.join(' '),
      problems: listing.problems.map((each) => each.message).join(' | '),
      submittedAt: listing.submittedAt?.toISOString() ?? '',
      nextAttemptAt: listing.nextAttemptAt?.toISOString() ?? '',
    };
}
