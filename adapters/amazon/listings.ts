import { ListingsItemsApi } from '@sp-api-sdk/listings-items-api-2021-08-01';
import { z } from 'zod';
import { OutsideError } from '../../domain/errors';
import type { ListingProblem } from '../../domain/listing';
import {
  SEARCHED_AT_ONCE,
  type AmazonAccount,
  type AmazonListings,
  type AttributePatch,
  type ListingSnapshot,
  type SubmissionAnswer,
} from '../../domain/ports/amazon';
import type { Purpose } from '../../domain/ports/limiter';
import type { Transport } from './transport';

const issue = z.object({
  code: z.string(),
  message: z.string(),
  severity: z.string(),
  attributeNames: z.array(z.string()).nullish(),
});

const submission = z.object({
  status: z.enum(['ACCEPTED', 'INVALID', 'VALID']),
  submissionId: z.string(),
  issues: z.array(issue).nullish(),
  identifiers: z.array(z.object({ marketplaceId: z.string().nullish(), asin: z.string().nullish() })).nullish(),
});

const item = z.object({
  sku: z.string(),
  summaries: z
    .array(
      z.object({
        marketplaceId: z.string(),
        asin: z.string().nullish(),
        itemName: z.string().nullish(),
        productType: z.string().nullish(),
        status: z.array(z.string()).nullish(),
        lastUpdatedDate: z.string().nullish(),
      })
    )
    .nullish(),
  issues: z.array(issue).nullish(),
  offers: z
    .array(
      z.object({
        marketplaceId: z.string().nullish(),
        offerType: z.string().nullish(),
        price: z.object({ amount: z.coerce.string() }).nullish(),
      })
    )
    .nullish(),
  fulfillmentAvailability: z
    .array(z.object({ fulfillmentChannelCode: z.string(), quantity: z.number().nullish() }))
    .nullish(),
});

const searchResults = z.object({ items: z.array(item) });

const INCLUDED_IN_ITEMS = ['summaries', 'issues', 'offers', 'fulfillmentAvailability'] as const;
const INCLUDED_IN_ANSWERS = ['issues', 'identifiers'] as const;

/** Listings Items 2021-08-01 through Amazon's generated client; every request passes the transport. */
export function createAmazonListings(transport: Transport): AmazonListings {
  const clients = new Map<string, ListingsItemsApi>();

  function clientOf(account: AmazonAccount): ListingsItemsApi {
    const baseUrl = transport.baseUrl(account);
    const client = clients.get(baseUrl) ?? new ListingsItemsApi(undefined, baseUrl, transport.http);
    clients.set(baseUrl, client);
    return client;
  }

  async function getItem(account: AmazonAccount, sku: string, signal: AbortSignal): Promise<ListingSnapshot[]> {
    try {
      const found = await transport.call({
        account,
        operation: 'getListingsItem',
        purpose: 'read-back',
        about: 'sku',
        answer: item,
        signal,
        send: (options) =>
          clientOf(account).getListingsItem(
            { ...addressOf(account, sku), includedData: [...INCLUDED_IN_ITEMS] },
            options
          ),
      });
      return [snapshotOf(found, account)];
    } catch (error) {
      if (error instanceof OutsideError && error.facts.status === 404) return [];
      throw error;
    }
  }

  /** Replaces every attribute of a SKU, or asks what that would be answered. */
  async function putItem(
    account: AmazonAccount,
    sku: string,
    { productType, requirements, attributes }: Parameters<AmazonListings['put']>[2],
    signal: AbortSignal,
    how: { isPreview?: true; purpose?: Purpose }
  ): Promise<SubmissionAnswer> {
    const address = addressOf(account, sku);
    const answer = await transport.call({
      account,
      operation: 'putListingsItem',
      ...how,
      about: 'sku',
      answer: submission,
      signal,
      send: (options) =>
        clientOf(account).putListingsItem(
          {
            ...address,
            ...(how.isPreview && { mode: 'VALIDATION_PREVIEW' as const }),
            body: { productType, requirements, attributes },
            includedData: [...INCLUDED_IN_ANSWERS],
          },
          options
        ),
    });
    return answerOf(answer, account);
  }

  async function searchMany(account: AmazonAccount, skus: string[], signal: AbortSignal): Promise<ListingSnapshot[]> {
    const { sellerId, marketplace, issueLocale } = account;
    const found = await transport.call({
      account,
      operation: 'searchListingsItems',
      purpose: 'read-back',
      about: 'account',
      answer: searchResults,
      signal,
      send: (options) =>
        clientOf(account).searchListingsItems(
          {
            sellerId,
            marketplaceIds: [marketplace.id],
            issueLocale,
            includedData: [...INCLUDED_IN_ITEMS],
            identifiers: skus,
            identifiersType: 'SKU',
            pageSize: SEARCHED_AT_ONCE,
          },
          options
        ),
    });
    return found.items.map((each) => snapshotOf(each, account));
  }

  return {
    async put(account, sku, listing, signal) {
      return putItem(account, sku, listing, signal, {});
    },

    async check(account, sku, listing, signal) {
      return putItem(account, sku, listing, signal, { isPreview: true, purpose: 'test' });
    },

    async patch(account, sku, productType, patches, signal) {
      const address = addressOf(account, sku);
      const answer = await transport.call({
        account,
        operation: 'patchListingsItem',
        purpose: purposeOf(patches),
        about: 'sku',
        answer: submission,
        signal,
        send: (options) =>
          clientOf(account).patchListingsItem(
            { ...address, body: { productType, patches }, includedData: [...INCLUDED_IN_ANSWERS] },
            options
          ),
      });
      return answerOf(answer, account);
    },

    async search(account, skus, signal) {
      if (skus.length > SEARCHED_AT_ONCE)
        throw new RangeError(`At most ${SEARCHED_AT_ONCE} SKUs can be searched at once`);
      // `identifiers` is a comma-separated list without an escape, so a SKU with a comma can only be asked for alone.
      const together = skus.filter((sku) => !sku.includes(','));
      const alone = skus.filter((sku) => sku.includes(','));
      const found = together.length > 0 ? await searchMany(account, together, signal) : [];
      for (const sku of alone) found.push(...(await getItem(account, sku, signal)));
      return found;
    },
  };
}

/** @throws OutsideError for the two SKUs that no URL can name: path segments `.` and `..` vanish, encoded or not. */
function addressOf({ sellerId, marketplace, issueLocale }: AmazonAccount, sku: string) {
  if (sku === '' || sku === '.' || sku === '..')
    throw new OutsideError('rejected', `'${sku}' cannot be the SKU of an Amazon listing.`, {
      system: 'amazon',
      operation: 'listingsItem',
    });
  return { sellerId, sku, marketplaceIds: [marketplace.id], issueLocale };
}

function answerOf(answer: z.infer<typeof submission>, { marketplace }: AmazonAccount): SubmissionAnswer {
  const asin = ofMarketplace(answer.identifiers, marketplace.id)?.asin;
  return {
    status: answer.status,
    submissionId: answer.submissionId,
    problems: (answer.issues ?? []).map(problemOf),
    ...(asin ? { asin } : {}),
  };
}

function snapshotOf(found: z.infer<typeof item>, { marketplace }: AmazonAccount): ListingSnapshot {
  const summary = ofMarketplace(found.summaries, marketplace.id);
  const offers = (found.offers ?? []).filter((each) => !each.marketplaceId || each.marketplaceId === marketplace.id);
  const offer = offers.find((each) => each.offerType === 'B2C') ?? offers[0];
  const own = found.fulfillmentAvailability?.find((each) => each.fulfillmentChannelCode === 'DEFAULT');
  return {
    sku: found.sku,
    asin: summary?.asin ?? undefined,
    title: summary?.itemName ?? undefined,
    productType: summary?.productType ?? undefined,
    status: summary?.status ?? [],
    problems: (found.issues ?? []).map(problemOf),
    quantity: own?.quantity ?? undefined,
    price: offer?.price?.amount,
    lastUpdated: summary?.lastUpdatedDate ?? undefined,
  };
}

const QUANTITY = '/attributes/fulfillment_availability';
const PRICE = '/attributes/purchasable_offer';

/** How urgent a change is: what stops a sale goes first (B6). */
function purposeOf(patches: readonly AttributePatch[]): Purpose {
  if (!patches.every(({ path }) => path === QUANTITY || path === PRICE)) return 'details';
  const quantity = patches.find(({ path }) => path === QUANTITY);
  if (!quantity) return 'price';
  return quantity.value?.some((each) => each.quantity === 0) ? 'stop-selling' : 'quantity';
}

function ofMarketplace<T extends { marketplaceId?: string | null }>(
  all: T[] | null | undefined,
  id: string
): T | undefined {
  return all?.find((each) => each.marketplaceId === id);
}

/** Codes are Amazon's and change; whether it is an error is told by the severity alone. */
function problemOf({ code, message, severity, attributeNames }: z.infer<typeof issue>): ListingProblem {
  const lower = severity.toLowerCase();
  return {
    code: `amazon.${code}`,
    message,
    severity: lower === 'error' || lower === 'warning' ? lower : 'info',
    owner: 'merchant',
    ...(attributeNames?.length ? { attributes: attributeNames } : {}),
  };
}
