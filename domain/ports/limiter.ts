/** Names one of Amazon's token buckets: seller × application × operation. */
export interface LimitKey {
  sellerId: string;
  clientId: string;
  /** Amazon's operationId, e.g. `putListingsItem`. */
  operation: string;
}

/** What an answer taught about a bucket. */
export interface LimitObservation {
  /** HTTP status of the answer. */
  status: number;
  /** `x-amzn-RateLimit-Limit` as a number of requests per second; Amazon sends it with 2xx, 400 and 404 only. */
  ratePerSecond?: number;
}

/** Keeps requests under Amazon's limits. Source of the rules: design §5, SP-API usage plans. */
export interface Limiter {
  /** Resolves when one request may be made. Rejects with the signal's reason when it aborts while waiting. */
  acquire(key: LimitKey, signal: AbortSignal): Promise<void>;
  /** Learns from an answer: follows the announced rate, halves on 429 and recovers. */
  observe(key: LimitKey, seen: LimitObservation): void;
}
