/** Names one of Amazon's token buckets: seller × application × operation. */
export interface LimitKey {
  sellerId: string;
  clientId: string;
  /** Amazon's operationId, e.g. `putListingsItem`. */
  operation: string;
  /** `mode=VALIDATION_PREVIEW`: the operation has a slower bucket of its own for these. */
  isPreview?: boolean;
}

/** What a request is for, the most urgent first (B6). */
export const PURPOSES = ['stop-selling', 'quantity', 'price', 'details', 'read-back', 'test'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Who asks, and what for. */
export interface Asker {
  /** Connectors of one seller share its buckets evenly. */
  connectorId: string;
  purpose: Purpose;
}

/** What an answer taught about a bucket. */
export interface LimitObservation {
  /** HTTP status of the answer. */
  status: number;
  /** `x-amzn-RateLimit-Limit` as a number of requests per second; Amazon sends it with 2xx, 400 and 404 only. */
  ratePerSecond?: number;
  /** Of a 429: it was the bucket that all sellers of the application share. */
  isOfApplication?: boolean;
}

/** What a bucket gives to one who would begin to ask now. */
export interface LimitOutlook {
  /** Requests per second, of all who share the bucket. */
  ratePerSecond: number;
  /** Connectors that wait for their turn in it now. */
  waiting: string[];
  /** Until the next request may be made, in seconds. */
  nextInSeconds: number;
}

/** Keeps requests under Amazon's limits. Source of the rules: design §5, SP-API usage plans. */
export interface Limiter {
  /**
   * Resolves when one request may be made; it is to be made at once. The more urgent goes first; every eighth request is
   * the one that has waited longest, so that nobody starves.
   *
   * @param asker - without: details, for the seller as a whole.
   * @throws the signal's reason when it aborts while waiting; OutsideError `transient` when where the limits are kept
   *   does not answer: nothing is ever sent without them. RangeError for an operation whose limit is not known.
   */
  acquire(key: LimitKey, signal: AbortSignal, asker?: Asker): Promise<void>;
  /** Learns from an answer: follows the announced rate, halves on 429 and recovers. */
  observe(key: LimitKey, seen: LimitObservation): void;
  /** Rejects when where the limits are kept does not answer. RangeError for an operation whose limit is not known. */
  outlook(key: LimitKey): Promise<LimitOutlook>;
}

/** Requests of one connector (in a seller's bucket) or seller (in an application's) that wait for their turn. */
export interface WaitingGroup {
  flow: string;
  /** Place in `PURPOSES`; the lowest is the most urgent. */
  rank: number;
  waiting: number;
  /** Since when the oldest of them waits, in milliseconds of the bucket's clock. */
  since: number;
}

/** A token bucket as all processes see it. Times are milliseconds of the database's clock. */
export interface RateBucket {
  /** When the last permit that was given away becomes due; the next one is due one spacing later. */
  lastSlot: number;
  /** Requests per second. */
  announcedRate: number;
  /** Part of the announced rate that is used: 1, less after a 429. */
  share: number;
  halvedAt: number;
  /** Permits given away so far: every eighth goes by age. */
  served: number;
  /** Who waits in which process. A process that is gone renews nothing, and is forgotten after `until`. */
  claims: (WaitingGroup & { holder: string; until: number })[];
  /** Permits that each flow has had more than the one that had least. */
  turns: { flow: string; taken: number }[];
}

/** Where the buckets are kept for all processes. Rejects when it does not answer. */
export interface RateBuckets {
  /** Its clock, in milliseconds, at some moment of the call. */
  time(): Promise<number>;
  /** Undefined when nobody has used it yet. */
  read(id: string): Promise<{ version: number; bucket: RateBucket } | undefined>;
  /**
   * Writes a bucket that is still of the version that was read; `undefined`: that is not there yet.
   *
   * @returns false when another process wrote first.
   */
  write(id: string, version: number | undefined, bucket: RateBucket): Promise<boolean>;
}
