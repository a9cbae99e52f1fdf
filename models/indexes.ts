import type { Connection } from 'mongoose';
import { connectorModel } from './connectors';
import { listingModel } from './listings';
import { syncRunModel } from './sync-runs';

/** Creates the indexes that are missing. Safe to repeat, and from several processes at once. */
export async function ensureIndexes(connection: Connection): Promise<void> {
  await Promise.all(
    [connectorModel, listingModel, syncRunModel].map((model) => model(connection as never).createIndexes())
  );
}
