import type { AmazonAttributes, ListingProblem, WantedListing } from '../listing';
import type { Marketplace } from '../marketplaces';
import type { DefinitionHead, DefinitionKey } from '../product-type';
import type { JsonSchema } from '../product-type-schema';

/** Who calls Amazon, and with which credential. Secrets stay behind the port. */
export interface AmazonAccount {
  connectorId: string;
  /** The LWA client id; with the seller it names the rate-limit bucket. */
  clientId: string;
  /** Seller id or vendor code. */
  sellerId: string;
  marketplace: Marketplace;
  /** BCP 47 with underscore, e.g. `en_US`: the language in which Amazon writes its issues. */
  issueLocale: string;
}

/** A host of Amazon that answers nobody in this process. While it lasts, one request at a time looks whether it is over. */
export interface AmazonOutage {
  /** Without the scheme; that of Login with Amazon with its path. */
  host: string;
  /** When the first of the requests failed that nothing was answered after. */
  since: Date;
  /** The latest of them: `putListingsItem: 503`, `searchListingsItems: no answer within 30 s`. */
  lastFailure: string;
}

/** Amazon's answer to a submission. HTTP 200 says nothing: INVALID comes with it too. */
export interface SubmissionAnswer {
  status: 'ACCEPTED' | 'INVALID' | 'VALID';
  submissionId: string;
  problems: ListingProblem[];
  asin?: string;
}

/** What Amazon shows of one SKU. */
export interface ListingSnapshot {
  sku: string;
  asin?: string;
  /** Amazon's own title of it. */
  title?: string;
  productType?: string;
  /** Subset of BUYABLE, DISCOVERABLE. */
  status: string[];
  problems: ListingProblem[];
  /** Merchant-fulfilled quantity, when shown. */
  quantity?: number;
  /** Price as Amazon writes it, a decimal string, when shown. */
  price?: string;
  /** ISO 8601. */
  lastUpdated?: string;
}

/** One top-level attribute change; `merge` is Amazon's own operation. */
export interface AttributePatch {
  op: 'add' | 'replace' | 'merge' | 'delete';
  /** `/attributes/<name>` */
  path: string;
  value?: Record<string, unknown>[];
}

/** How many SKUs one search asks for. Source: searchListingsItems, `identifiers` holds at most 20. */
export const SEARCHED_AT_ONCE = 20;

/**
 * Listings Items 2021-08-01. Each call waits for the limiter first, and while Amazon is out. Throws `OutsideError`; a 429 is
 * `throttled` only after the adapter has itself waited and tried again within its bound, and costs the SKU no attempt. Nor
 * does what has the fact `notSent`.
 *
 * The signal ends every wait and every read at once. A submission that is under way comes to its answer, within a grace,
 * and is returned although the signal has aborted.
 */
export interface AmazonListings {
  /** Replaces every attribute of the SKU. */
  put(
    account: AmazonAccount,
    sku: string,
    listing: Pick<WantedListing, 'productType' | 'requirements'> & { attributes: AmazonAttributes },
    signal: AbortSignal
  ): Promise<SubmissionAnswer>;
  /** Asks what `put` would answer, and changes nothing: `VALID` or `INVALID`. It has a limit of its own. */
  check(
    account: AmazonAccount,
    sku: string,
    listing: Pick<WantedListing, 'productType' | 'requirements'> & { attributes: AmazonAttributes },
    signal: AbortSignal
  ): Promise<SubmissionAnswer>;
  patch(
    account: AmazonAccount,
    sku: string,
    productType: string,
    patches: AttributePatch[],
    signal: AbortSignal
  ): Promise<SubmissionAnswer>;
  /** At most {@link SEARCHED_AT_ONCE} SKUs. SKUs that Amazon does not know are absent from the answer. */
  search(account: AmazonAccount, skus: readonly string[], signal: AbortSignal): Promise<ListingSnapshot[]>;
}

/** One marketplace of the authorised account. */
export interface Participation {
  marketplaceId: string;
  isParticipating: boolean;
  hasSuspendedListings: boolean;
  storeName?: string;
}

/** Login with Amazon and the Sellers API. */
export interface AmazonAccounts {
  /** Proves a client secret and a refresh token by one token exchange, without keeping anything. */
  testCredential(
    credential: { clientId: string; clientSecret: string; refreshToken: string },
    signal: AbortSignal
  ): Promise<void>;
  /** Marketplace participations. Allowed once per 62 s; callers cache the answer. */
  participations(account: AmazonAccount, signal: AbortSignal): Promise<Participation[]>;
}

/** What to look for among product types. Neither lists all of them. */
export interface ProductTypeQuery {
  keywords?: string[];
  /** The title of an item: Amazon proposes types for it. */
  itemName?: string;
  /** Of the names in the answer. */
  locale: string;
  /** Of the keywords or the title. */
  searchLocale?: string;
}

/** Amazon's answer about a definition. */
export type DefinitionAnswer =
  | {
      kind: 'known';
      head: DefinitionHead;
      /** Absent when it is the one whose checksum the caller knows. */
      schema?: JsonSchema;
    }
  /** Amazon has no such product type in this marketplace; `said` in its own words. */
  | { kind: 'unknown'; said: string };

/** Product Type Definitions 2020-09-01. Each call waits for the limiter first. Throws `OutsideError`. */
export interface ProductTypes {
  /** At most one of `keywords` and `itemName`. */
  search(
    account: AmazonAccount,
    query: ProductTypeQuery,
    signal: AbortSignal
  ): Promise<{ version: string; productTypes: { name: string; displayName: string }[] }>;
  /**
   * The definition in the account's marketplace. Its schema is fetched by a signed link, without the access token, and held
   * against its checksum; not fetched at all when the checksum is `knownChecksum`.
   *
   * @param request.version - `LATEST` unless said.
   */
  definition(
    account: AmazonAccount,
    request: Omit<DefinitionKey, 'marketplaceId'> & { enforcement: 'ENFORCED' | 'NOT_ENFORCED'; version?: string },
    knownChecksum: string | undefined,
    signal: AbortSignal
  ): Promise<DefinitionAnswer>;
}
