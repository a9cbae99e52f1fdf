import type { Writable } from 'node:stream';
import { displayCode, isIntegrated, STATE_MEANINGS } from '../../domain/listing';
import { parentSkuIn } from '../../domain/variations';
import { connectorStore } from '../../models/connectors';
import {
  listingQueries,
  type DownloadRow,
  type ParentRow,
  type RequeueFilter,
  type SummaryRow,
} from '../../models/listing-queries';
import type { ListingDocument, ListingFilter } from '../../models/listings';
import type { ListingSummaryView, ListingView } from '../contracts/listing-view';
import { viewOfMoney } from '../contracts/money-view';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { writeCsv } from '../csv';
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

  async function parentsOf(connectorId: string, rows: readonly Child[]): Promise<Parents> {
    const skus = rows.map(({ wanted }) => parentSkuIn(wanted ?? null)).filter((sku) => sku !== undefined);
    return listings.parents(connectorId, [...new Set(skus)]);
  }

  return {
    /** By SKU. */
    async list(
      connectorId: string,
      query: Filter & { cursor?: string; limit?: number }
    ): Promise<Page<ListingSummaryView>> {
      const { cursor, limit = DEFAULT_LIMIT, ...filter } = query;
      const [afterSku] = decodeCursor(cursor, 's') ?? [];
      const rows = await listings.page({ connectorId, ...filter }, afterSku as string | undefined, limit + 1);
      // What has listings is there.
      if (rows.length === 0) await requireConnector(connectorId);
      const parents = await parentsOf(connectorId, rows);
      return pageOf(
        rows,
        limit,
        (row) => [row.sku],
        (row) => summaryOf(row, parents)
      );
    },

    /** Prepares the whole list as CSV; the caller says where to write it once the first answer is certain. */
    async csv(connectorId: string, filter: Filter): Promise<(to: Writable) => Promise<void>> {
      await requireConnector(connectorId);
      const rows = listings.stream({ connectorId, ...filter });
      return async (to) => {
        await writeCsv(
          CSV_COLUMNS,
          csvRows(rows, (some) => parentsOf(connectorId, some)),
          to
        );
      };
    },

    /** @throws Problem `not_found` */
    async get(connectorId: string, sku: string): Promise<ListingView> {
      const found = await listings.get(connectorId, sku);
      if (!found) throw notFound('listing');
      return viewOf(found, await parentsOf(connectorId, [found]));
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
        changes: [{ field: 'requeued', before: null, after: String(requeued) }],
      });
      await syncs.begin(opened, by);
      return { id: opened.syncId, requeued };
    },
  };
}

/** The parents of some listings, by SKU. */
type Parents = ReadonlyMap<string, ParentRow>;

/** What names a listing's parent. */
type Child = Pick<SummaryRow, 'wanted'>;

/** V16. Integrated: Amazon accepted it, and it is there with its parent. */
function codeOf(listing: SummaryRow, parents: Parents): string {
  const { sku, state, sentHashes } = listing;
  return displayCode(sku, sentHashes !== null && isIntegrated(state, parentIn(listing, parents)?.state));
}

function parentIn({ wanted }: Child, parents: Parents): ParentRow | undefined {
  const sku = parentSkuIn(wanted ?? null);
  return sku === undefined ? undefined : parents.get(sku);
}

function summaryOf(listing: SummaryRow, parents: Parents): ListingSummaryView {
  const { sku, title, state, reason, problems, verdict, wanted, updatedAt } = listing;
  return {
    sku,
    displayCode: codeOf(listing, parents),
    title,
    state,
    reason,
    quantity: verdict?.quantity ?? null,
    productType: wanted?.productType ?? null,
    problems,
    updatedAt: updatedAt.toISOString(),
  };
}

function viewOf(listing: ListingDocument, parents: Parents): ListingView {
  const { verdict, wanted, lastAnswer, seen } = listing;
  const parent = parentIn(listing, parents);
  return {
    ...summaryOf(listing, parents),
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
    parent: parent ? { sku: parent.sku, state: parent.state, reason: parent.reason, problems: parent.problems } : null,
    heldBackPrice: listing.heldBackPrice ? viewOfMoney(listing.heldBackPrice) : null,
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

/** How many rows of a CSV ask for their parents at once. */
const CSV_BATCH = 500;

async function* csvRows(
  listings: AsyncIterable<DownloadRow>,
  parentsOf: (rows: readonly DownloadRow[]) => Promise<Parents>
) {
  let batch: DownloadRow[] = [];
  for await (const listing of listings) {
    batch.push(listing);
    if (batch.length < CSV_BATCH) continue;
    yield* rowsOf(batch, await parentsOf(batch));
    batch = [];
  }
  yield* rowsOf(batch, await parentsOf(batch));
}

function* rowsOf(listings: readonly DownloadRow[], parents: Parents) {
  for (const listing of listings)
    yield {
      ...summaryOf(listing, parents),
      asin: listing.seen?.asin ?? '',
      problemCodes: listing.problemCodes.join(' '),
      problems: listing.problems.map((each) => each.message).join(' | '),
      submittedAt: listing.submittedAt?.toISOString() ?? '',
      nextAttemptAt: listing.nextAttemptAt?.toISOString() ?? '',
    };
}
