import mongoose, { type Connection } from 'mongoose';
import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseOptions } from '../models/database';

const RETRY_MS = 2_000;
/** A request is answered within this, also while the database is silent; locks and turns outlast it. */
const ANSWER_MS = 6_000;

/**
 * A connection that is there at once and connected as soon as the database is: the driver reconnects by itself, but not
 * when its very first attempt has failed.
 *
 * @param uri - a MongoDB connection string; it may hold a password and is never logged.
 * @param connected - called once, after the first connection.
 */
export function keepConnected(
  uri: string,
  logger: Logger,
  stopping: AbortSignal,
  connected: (connection: Connection) => Promise<void>
): Connection {
  const connection = mongoose.createConnection();
  connection.set('bufferCommands', false);
  connection.on('error', (error: Error) => logger.warn({ type: error.name }, 'the database does not answer'));
  void connect();
  return connection;

  async function connect(): Promise<void> {
    while (!stopping.aborted) {
      try {
        await connection.openUri(uri, { ...databaseOptions, timeoutMS: ANSWER_MS, heartbeatFrequencyMS: 2_000 });
        await connected(connection);
        logger.info('the database is connected');
        return;
      } catch (error) {
        logger.warn({ type: (error as Error).name }, 'the database cannot be reached yet');
        await sleep(RETRY_MS, undefined, { signal: stopping }).catch(() => undefined);
      }
    }
  }
}
