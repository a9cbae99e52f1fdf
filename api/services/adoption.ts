import { priceOf, quantityOf } from '../../domain/ledger';
import { adoptionQueries, type AdoptionRow } from '../../models/adoption-queries';
import { connectorStore } from '../../models/connectors';
import type { AdoptionView } from '../contracts/adoption-view';
import { decodeCursor, DEFAULT_LIMIT, pageOf } from '../contracts/paging';
import { notFound } from '../errors';
import type { ServiceDeps } from './index';

type Item = AdoptionView['items'][number];

/** What was at Amazon before a connector first sent it (B13). */
export function adoptionService({ connection }: Pick<ServiceDeps, 'connection'>) {
  const connectors = connectorStore(connection);
  const adopted = adoptionQueries(connection);

  return {
    /** In the order of SKUs. @throws Problem `not_found` */
    async page(connectorId: string, query: { cursor?: string; limit?: number }): Promise<AdoptionView> {
      if (!(await connectors.get(connectorId))) throw notFound('connector');
      const [afterSku] = decodeCursor(query.cursor, 's') ?? [];
      const size = query.limit ?? DEFAULT_LIMIT;
      const [counts, rows] = await Promise.all([
        adopted.counts(connectorId),
        adopted.page(connectorId, afterSku as string | undefined, size + 1),
      ]);
      return { ...counts, ...pageOf(rows, size, (row) => [row.sku], itemOf) };
    },
  };
}

function itemOf({ sku, state, sentHashes, adopted, wanted }: AdoptionRow): Item {
  const there = {
    title: adopted?.title ?? null,
    productType: adopted?.productType ?? null,
    quantity: adopted?.quantity ?? null,
    price: adopted?.price ?? null,
  };
  const here = wanted && {
    title: titleOf(wanted.details.item_name?.[0]?.value),
    productType: wanted.productType,
    quantity: quantityOf(wanted) ?? null,
    price: priceOf(wanted)?.toString() ?? null,
  };
  return {
    sku,
    state,
    isSent: sentHashes !== null,
    atAmazon: {
      ...there,
      at: (adopted?.at ?? new Date(0)).toISOString(),
      asin: adopted?.asin ?? null,
      status: adopted?.status ?? [],
    },
    wanted: here,
    differences: here === null ? [] : differencesOf(there, here),
  };
}

/** A part that is not sent is not changed. */
function differencesOf(there: NonNullable<Item['wanted']>, here: NonNullable<Item['wanted']>): Item['differences'] {
  const parts = ['title', 'productType', 'quantity'] as const;
  const differs: Item['differences'] = parts.filter((part) => here[part] !== null && here[part] !== there[part]);
  const isOtherPrice = here.price !== null && Number(here.price) !== Number(there.price ?? Number.NaN);
  return isOtherPrice ? [...differs, 'price'] : differs;
}

function titleOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
