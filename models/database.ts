import mongoose, { type Connection } from 'mongoose';

/**
 * Opens the database. Queries fail fast while it is away instead of piling up; the driver reconnects by itself. A write is
 * done when it is on disk: what the ledger says was sent must survive a power cut.
 *
 * @param uri - a MongoDB connection string; it may hold a password and is never logged.
 */
export async function connectDatabase(uri: string): Promise<Connection> {
  const connection = mongoose.createConnection(uri, {
    autoIndex: false,
    bufferCommands: false,
    serverSelectionTimeoutMS: 5_000,
    maxPoolSize: 20,
    writeConcern: { w: 'majority', journal: true },
  });
  return connection.asPromise();
}
