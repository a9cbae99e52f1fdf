import type { Lane } from './ledger';
import type { StateCounts } from './listing';
import type { WaitingFor } from './connector';
import type { TestCounts } from './test-results';

export const SYNC_PHASES = ['queued', 'collect', 'test', 'publish', 'verify', 'close', 'done'] as const;
export type SyncPhase = (typeof SYNC_PHASES)[number];

export const SYNC_OUTCOMES = ['completed', 'cancelled', 'failed', 'skipped'] as const;
export type SyncOutcome = (typeof SYNC_OUTCOMES)[number];

/**
 * What a run does: `synchronization` sends what changed, `test` asks Amazon to check it (S10), and `preview` reads the source
 * and Amazon into the ledger and sends nothing, so that a connector can be looked at before it is activated (V6, B13).
 */
export const SYNC_MODES = ['synchronization', 'test', 'preview'] as const;
export type SyncMode = (typeof SYNC_MODES)[number];

/** What started a run. */
export const SYNC_TRIGGERS = ['schedule', 'api', 'activation', 'change'] as const;
export type SyncTrigger = (typeof SYNC_TRIGGERS)[number];

/**
 * Which SKUs a run is about: the whole assortment, those that changed in the source since it was last read, or those named.
 * A run about changes becomes `full` when the source cannot tell them.
 */
export const SYNC_SCOPES = ['full', 'changes', 'skus'] as const;
export type SyncScope = (typeof SYNC_SCOPES)[number];

/** What the catalogue-sync workflow is started with. Ids and cursors only; nothing secret, nothing large. */
export interface CatalogSyncInput {
  connectorId: string;
  /** Given when the run was asked for; absent when the schedule starts it. */
  syncId?: string;
  trigger: SyncTrigger;
  /** Set by continue-as-new alone: where the run goes on. */
  resume?: RunningSync;
}

/** What the lanes send: parents of products, details of SKUs, and price and quantity alone. */
export type PublishLane = Lane | 'parents';

/** Feeds that are on their way at Amazon. */
export interface OpenFeeds {
  parents: number;
  skus: number;
}

/** Where a run is. All that it carries from one continue-as-new to the next. */
export interface RunningSync {
  syncId: string;
  mode: SyncMode;
  policy: SyncPolicy;
  phase: 'collect' | 'test' | 'publish' | 'verify';
  /** Where the next page of the source begins; null before the first. */
  sourceCursor: string | null;
  /** SKUs that were read so far. */
  read: number;
  /** How often the source was read, or the lanes were gone through, once more because the database had lost something. */
  repeats: number;
  /** The next ledger page of each lane, or null when the lane is through. */
  lanes: Record<PublishLane, number | null>;
  /** Where the next feed of each lane begins, or null when what is left goes by calls. Absent in runs from before there were feeds. */
  feeds?: Record<'parents' | 'details', number | null>;
  /** Feeds of the connector that are at Amazon. */
  openFeeds?: OpenFeeds;
  /** A feed came to nothing: what is left of this run goes by calls. */
  feedsGaveUp?: boolean;
  /** How many windows of durable retries were opened. */
  retryWindows: number;
  paused: boolean;
  /** What a parked run waits for. */
  waitingFor?: WaitingFor | null;
  /** When read-back began, in milliseconds since the epoch; null before. */
  verifyingSince: number | null;
}

/** The times a run keeps to, fixed when it opens. */
export interface SyncPolicy {
  /** First wait before the durable retry of a SKU, in seconds. Doubles, up to `retryMaximumSeconds`. */
  retryInitialSeconds: number;
  retryMaximumSeconds: number;
  /** After this long, in seconds, a SKU's retries end for this run and go on with the next. */
  retryGiveUpSeconds: number;
  /** How long a run stays open for read-back, in seconds; what is still unseen is looked for by later runs. */
  verifyWaitSeconds: number;
  /** A run that is at work for longer reads what the source tells of changes beside its lanes, in seconds. 5 in older runs. */
  watchAfterSeconds?: number;
  /** A run continues as new after this many history events. */
  historyEvents: number;
}

/** Live progress of a run, as its workflow knows it. */
export interface SyncProgress {
  syncId: string | null;
  phase: SyncPhase;
  paused: boolean;
  waitingFor: WaitingFor | null;
}

/** A run as people see it. */
export interface SyncView {
  id: string;
  connectorId: string;
  mode: SyncMode;
  trigger: SyncTrigger;
  scope: SyncScope;
  phase: SyncPhase;
  outcome: SyncOutcome | null;
  /** True when the workflow itself answered; false when this comes from the database alone. */
  live: boolean;
  paused: boolean;
  total: number;
  /** SKUs that this run read in the source, or found to have left it. */
  touched: number;
  counts: StateCounts;
  /** Of a test: how many SKUs it is about when it is not about all. */
  sample: number | null;
  /** Of a test: its SKUs by outcome; null before it has read the source. */
  testCounts: TestCounts | null;
  /** What a person should know of this run, in sentences. */
  notes: string[];
  ratePerSecond: number | null;
  etaSeconds: number | null;
  waitingFor: WaitingFor | null;
  startedAt: string;
  endedAt: string | null;
}
