import fs from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Connection as Database } from 'mongoose';
import { connectDatabase } from '../models/database';
import { listingModel, type ListingDocument } from '../models/listings';
import { syncRunStore, type SyncRunDocument } from '../models/sync-runs';
import { RealStack } from '../test/e2e/real-stack';
import { plainProducts, type World } from '../test/workflows/rig';
import { RunHistory } from './run-history';

export interface SiteOptions {
  /** Amazon's documented limits times this. */
  rateFactor: number;
  /** Laid over the environment of worker and API. */
  env?: Record<string, string>;
}

/** Where a shop's catalogue is; a file is read in no time, a store takes a hundred requests. */
export type ShopSource = 'file' | 'vtex';

/** A merchant: a store or file, a seller account, and the connector between them. */
export interface Shop {
  world: World;
  connectorId: string;
}

/** Requests to Amazon under way at once: of ours, and of every baseline. */
export const IN_FLIGHT = 8;

/** The longest that one sync is waited for, in seconds. */
const SYNC_BOUND = 3600;

const ENVIRONMENT = {
  AMAZON_REQUESTS_IN_FLIGHT: String(IN_FLIGHT),
  // What is measured is not our own door.
  API_REQUESTS_PER_MINUTE: '1000000',
  LOG_LEVEL: 'warn',
  VERIFY_AFTER_SECONDS: '1,1,2,3,5',
} as const;

/** Temporal, MongoDB, sandbox, API and workers, each a process of its own, as in production. */
export class Site {
  private constructor(
    readonly stack: RealStack,
    readonly database: Database,
    readonly temporal: Client
  ) {}

  static async open({ rateFactor, env }: SiteOptions): Promise<Site> {
    const stack = await RealStack.start({ rateFactor, env: { ...ENVIRONMENT, ...env } });
    try {
      await stack.startWorker();
      const connection = await Connection.connect({ address: stack.temporalAddress });
      const client = new Client({ connection, namespace: stack.settings.TEMPORAL_NAMESPACE ?? 'default' });
      return new Site(stack, await connectDatabase(stack.settings.MONGODB_URI ?? ''), client);
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.temporal.connection.close();
    await this.stack.stop();
  }

  /** A shop of plain SKUs, onboarded and not active yet. */
  async openShop(name: string, skus: number, source: ShopSource): Promise<Shop> {
    const world = await this.stack.sandbox.world(name, plainProducts(source === 'vtex' ? skus : 1));
    const file = source === 'file' ? this.writeCatalogue(name, skus) : undefined;
    return { world, connectorId: await this.connect(world, { name, skuLimit: skus, file }) };
  }

  /** A connector of a seller; its source is the world's store unless there is a file. */
  async connect(
    world: World,
    { name, skuLimit, file, country = 'US' }: { name: string; skuLimit: number; file?: string; country?: string }
  ): Promise<string> {
    const { clientId, clientSecret, refreshToken, sellerId } = world.amazon;
    return this.stack.api.onboard(world, {
      name,
      ...(file && { source: { type: 'file', path: file } }),
      amazon: { country, sellerId, clientId, clientSecret, refreshToken },
      listing: { sendKits: false, skuLimit },
      schedule: { everyMinutes: 1440 },
    });
  }

  /** Activates a shop and waits for its first sync. @throws Error when a SKU is not live after it */
  async firstSync({ connectorId }: Shop): Promise<SyncRunDocument> {
    return this.ended(await this.stack.api.activate(connectorId));
  }

  /** One more sync that reads the whole source. */
  async syncAgain({ connectorId }: Shop): Promise<SyncRunDocument> {
    return this.ended(await this.stack.api.startSync(connectorId));
  }

  async ended(syncId: string): Promise<SyncRunDocument> {
    await this.stack.api.ended(syncId, SYNC_BOUND);
    const run = await syncRunStore(this.database).get(syncId);
    if (!run || run.outcome !== 'completed' || run.counts.live !== run.total)
      throw new Error(`a sync did not end well: ${JSON.stringify({ ...run, config: undefined })}`);
    return run;
  }

  /** What the engine kept of a run. */
  historyOf({ workflowId }: SyncRunDocument): Promise<RunHistory> {
    return RunHistory.of(this.temporal, workflowId);
  }

  async listings({ connectorId }: Shop): Promise<ListingDocument[]> {
    return listingModel(this.database).find({ connectorId }).lean();
  }

  /** Plain SKUs in JSON lines, on a disk that the workers see. */
  writeCatalogue(name: string, skus: number): string {
    const file = path.join(this.stack.dataDir, `${name}.jsonl`);
    const lines = plainProducts(skus).map((line) => JSON.stringify(line));
    fs.writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }
}

/** How long a run took, in seconds. */
export function secondsOf({ startedAt, endedAt }: SyncRunDocument): number {
  return ((endedAt?.getTime() ?? Number.NaN) - startedAt.getTime()) / 1000;
}
