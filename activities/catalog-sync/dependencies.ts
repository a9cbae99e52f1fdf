import { ApplicationFailure } from '@temporalio/common';
import type { ConnectorConfig, WaitingFor } from '../../domain/connector';
import { FAILURES, type FailureCode } from '../../domain/errors';
import type { AmazonAccount, AmazonListings } from '../../domain/ports/amazon';
import type { AmazonFeeds } from '../../domain/ports/feeds';
import type { Expressions } from '../../domain/ports/expressions';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { CatalogSource } from '../../domain/ports/source';
import type { ProductTypeCatalog } from '../../domain/product-type-catalog';
import type { ChangeNoticeStore } from '../../models/change-notices';
import type { ConnectorDocument, ConnectorStore } from '../../models/connectors';
import type { FeedStore } from '../../models/feeds';
import type { LedgerStore } from '../../models/listings';
import type { MappingStore } from '../../models/mappings';
import type { SourceItemStore } from '../../models/source-items';
import { amazonAccount } from '../../domain/amazon-account';
import type { SyncRunDocument, SyncRunStore } from '../../models/sync-runs';
import type { TestResultStore } from '../../models/test-results';

export interface CatalogSyncDependencies {
  connectors: ConnectorStore;
  ledger: LedgerStore;
  /** The parents of products, which are no SKUs of the merchant's: a ledger of their own. */
  parents: LedgerStore;
  runs: SyncRunStore;
  /** The items as their sources described them last. */
  items: Pick<SourceItemStore, 'put' | 'ofProducts'>;
  /** What tests found (S10), apart from the ledger. */
  testResults: TestResultStore;
  mappings: Pick<MappingStore, 'heads' | 'version'>;
  expressions: Pick<Expressions, 'evaluate'>;
  listings: AmazonListings;
  amazonFeeds: AmazonFeeds;
  /** The connector's feeds, as far as they are known. */
  feeds: FeedStore;
  /** Amazon's definitions of product types, kept. */
  productTypes: Pick<ProductTypeCatalog, 'validatorFor' | 'shapeFor' | 'variationsFor'>;
  /** What sources told of changes. */
  notices: Pick<ChangeNoticeStore, 'haveComeSince' | 'giveBack'>;
  orchestrator: Pick<Orchestrator, 'isSyncRunning' | 'nudgeSync'>;
  /** The source of a connector, with its secrets opened. One for a look leaves notices of changes to the syncs beside it. */
  sourceOf: (connector: ConnectorDocument, use?: 'look') => CatalogSource;
  settings: CatalogSyncSettings;
}

/** Times and sizes, from the environment. */
export interface CatalogSyncSettings {
  retryInitialSeconds: number;
  retryMaximumSeconds: number;
  retryGiveUpSeconds: number;
  /** When a submitted SKU is looked for, in seconds since it was submitted. */
  verifyAfterSeconds: readonly number[];
  verifyWaitSeconds: number;
  /** Requests to Amazon under way at once, per page. */
  requestsInFlight: number;
  /** A run that sends for longer reads beside it what the source tells of changes. */
  watchAfterSeconds: number;
  /** How often feeds at Amazon are looked at. */
  feedPollSeconds: number;
  /** After so long without a report, a feed's SKUs go by calls. */
  feedStuckSeconds: number;
}

/** A run that was opened, with the configuration it keeps. */
export type OpenRun = SyncRunDocument & { config: ConnectorConfig };

export interface RunContext {
  run: OpenRun;
  connector: ConnectorDocument;
  account: AmazonAccount;
}

/**
 * A run with its connector and account. The run keeps the configuration it began with (V15), but for what says how to reach
 * the source and Amazon: that may be mended while the run waits for it.
 *
 * @throws ApplicationFailure `config` when one of them is gone.
 */
export async function runContext(deps: CatalogSyncDependencies, syncId: string): Promise<RunContext> {
  const run = await deps.runs.get(syncId);
  const connector = run && (await deps.connectors.get(run.connectorId));
  if (!run?.config || !connector)
    throw ApplicationFailure.nonRetryable(`Sync ${syncId} or its connector is gone`, 'config');
  const config = { ...run.config, source: connector.config.source, amazon: connector.config.amazon };
  return { run: { ...run, config }, connector, account: amazonAccount(run.connectorId, config) };
}

/** Says on a run what it waits for, while the engine brings the failed step back. The first wait for the same keeps its date. */
export function waitingNoter(deps: CatalogSyncDependencies, syncId: string) {
  return async (failure: unknown): Promise<void> => {
    const waitingFor =
      failure instanceof ApplicationFailure ? (failure.details?.[0] as WaitingFor | undefined) : undefined;
    const run = waitingFor && (await deps.runs.get(syncId));
    if (!run || (run.waitingFor && isSameWait(run.waitingFor, waitingFor))) return;
    await deps.runs.replaceWait(syncId, run.waitingFor, waitingFor);
  };
}

/** True of a wait for what passes by itself at Amazon: it is over when Amazon has answered. */
export function isPassingOfAmazon(waitingFor: WaitingFor): boolean {
  return (waitingFor.code === 'transient' || waitingFor.code === 'throttled') && isOfAmazon(waitingFor);
}

function isSameWait(one: WaitingFor, other: WaitingFor): boolean {
  return one.code === other.code && isOfAmazon(one) === isOfAmazon(other);
}

/** Whether it is Amazon that is waited for, and not the source: what was seen begins with its name, after what is said of the class. */
function isOfAmazon({ code, message }: WaitingFor): boolean {
  const seen = code in FAILURES ? message.slice(FAILURES[code as FailureCode].sentence.length + 1) : message;
  return /^(?:Login with )?Amazon\b/.test(seen);
}
