import type { SandboxClock } from '../clock';

interface Plan {
  /** Requests a second. */
  rate: number;
  burst: number;
  /** Seconds: in any such time, however quiet it was before, no more requests than the burst. */
  window?: number;
}

/** Documented usage plans per seller and application, with the lower documented burst where sources differ. */
const PLANS = {
  putListingsItem: { rate: 5, burst: 5 },
  patchListingsItem: { rate: 5, burst: 5 },
  getListingsItem: { rate: 5, burst: 5 },
  deleteListingsItem: { rate: 5, burst: 5 },
  searchListingsItems: { rate: 5, burst: 5 },
  searchDefinitionsProductTypes: { rate: 5, burst: 5 },
  getDefinitionsProductType: { rate: 5, burst: 5 },
  getMarketplaceParticipations: { rate: 0.016, burst: 15 },
  createFeedDocument: { rate: 0.5, burst: 15 },
  /** Of JSON_LISTINGS_FEED: 5 submissions in 5 minutes; other feeds have died out. */
  createFeed: { rate: 5 / 300, burst: 5, window: 300 },
  getFeed: { rate: 2, burst: 15 },
  cancelFeed: { rate: 2, burst: 15 },
  getFeeds: { rate: 0.0222, burst: 10 },
  getFeedDocument: { rate: 0.0222, burst: 10 },
  searchOrders: { rate: 0.0056, burst: 20 },
  getOrder: { rate: 0.5, burst: 30 },
  /** Of Orders v0, as the three below; its getOrder has a name of its own here. */
  getOrders: { rate: 0.0167, burst: 20 },
  getOrderV0: { rate: 0.5, burst: 30 },
  getOrderItems: { rate: 0.5, burst: 30 },
  getOrderAddress: { rate: 0.5, burst: 30 },
  confirmShipment: { rate: 2, burst: 10 },
  /** Of an application, whoever its sellers are. */
  rotateApplicationClientSecret: { rate: 0.0167, burst: 1 },
  createRestrictedDataToken: { rate: 1, burst: 10 },
} as const satisfies Record<string, Plan>;

export type SpApiOperation = keyof typeof PLANS;

/** VALIDATION_PREVIEW has a plan of its own per operation. Its burst is not documented; 2 forgives a little jitter. */
const PREVIEW_PLAN: Plan = { rate: 1, burst: 2 };

const APPLICATION_MESSAGE = 'The frequency of requests was greater than what is allowed for the application.';
const RELATIONSHIPS_MESSAGE = 'The frequency of requests was greater than what is allowed for relationships.';
const PRODUCT_DATA_MESSAGE = 'The frequency of requests was greater than what is allowed for product data.';
const RELATIONSHIP_ATTRIBUTES = ['child_parent_sku_relationship', 'package_contains_sku'];
const OFFER_ATTRIBUTES = ['purchasable_offer', 'fulfillment_availability', 'condition_type', 'merchant_shipping_group'];

interface Bucket extends Plan {
  key: string;
  /** The 429 message when this bucket is the empty one; undefined: the usual one. */
  message?: string;
}

export interface RatedCall {
  operation: SpApiOperation;
  sellerId: string;
  clientId: string;
  preview: boolean;
  /** Names of the attributes that a PUT or PATCH carries. */
  attributeNames: string[];
}

/** The plan whose rate the x-amzn-RateLimit-Limit header shows; application buckets never show. */
export function sellerPlan(call: Pick<RatedCall, 'operation' | 'preview'>): Plan {
  return call.preview ? PREVIEW_PLAN : PLANS[call.operation];
}

/** Every bucket that a call draws from; the first empty one throttles it. */
export function bucketsOf(call: RatedCall): Bucket[] {
  const { operation, clientId } = call;
  const suffix = call.preview ? ':preview' : '';
  const own: Bucket = { key: `${call.sellerId}:${clientId}:${operation}${suffix}`, ...sellerPlan(call) };
  if (!operation.endsWith('ListingsItem') && operation !== 'searchListingsItems') return [own];
  const perApplication = (name: string, rate: number, message: string): Bucket => ({
    key: `${clientId}:${operation}:${name}`,
    rate,
    burst: rate,
    message,
  });
  if (call.preview) return [own, perApplication('preview', 20, APPLICATION_MESSAGE)];
  const isPatch = operation === 'patchListingsItem';
  const buckets = [own, perApplication('all', isPatch ? 500 : 100, APPLICATION_MESSAGE)];
  if (call.attributeNames.some((name) => RELATIONSHIP_ATTRIBUTES.includes(name))) {
    buckets.push(perApplication('relationships', isPatch ? 5 : 25, RELATIONSHIPS_MESSAGE));
  }
  if (isPatch && call.attributeNames.some((name) => !OFFER_ATTRIBUTES.includes(name))) {
    buckets.push(perApplication('productData', 100, PRODUCT_DATA_MESSAGE));
  }
  return buckets;
}

interface Level {
  tokens: number;
  at: number;
  /** Moments of the requests let through within the bucket's window. */
  taken: number[];
}

/** Token buckets on the sandbox's clock. */
export class RateLimits {
  private readonly levels = new Map<string, Level>();

  constructor(
    private readonly clock: SandboxClock,
    private readonly factor: number
  ) {}

  /** Takes one token from each bucket, or none and returns the bucket that is empty. */
  take(buckets: Bucket[]): Bucket | undefined {
    const now = this.clock.now();
    const levels = buckets.map((bucket) => this.level(bucket, now));
    const empty = levels.findIndex((level) => level.tokens < 1);
    if (empty >= 0) return buckets[empty];
    for (const level of levels) {
      level.tokens -= 1;
      level.taken.push(now);
    }
    return undefined;
  }

  /** The header's text: requests a second with at least one decimal, `5.0`. */
  headerFor(plan: Plan): string {
    const rate = Number((plan.rate * this.factor).toPrecision(6));
    return Number.isInteger(rate) ? rate.toFixed(1) : String(rate);
  }

  clear(): void {
    this.levels.clear();
  }

  private level(bucket: Bucket, now: number): Level {
    const burst = Math.max(1, bucket.burst * this.factor);
    const level = this.levels.get(bucket.key) ?? { tokens: burst, at: now, taken: [] };
    level.tokens = Math.min(burst, level.tokens + ((now - level.at) / 1000) * bucket.rate * this.factor);
    level.at = now;
    const windowMs = (bucket.window ?? 0) * 1000;
    level.taken = level.taken.filter((at) => at > now - windowMs);
    if (bucket.window) level.tokens = burst - level.taken.length;
    this.levels.set(bucket.key, level);
    return level;
  }
}
