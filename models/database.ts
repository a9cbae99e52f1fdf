import mongoose, { type Connection, type ConnectOptions } from 'mongoose';

/**
 * How the database is used: queries fail fast while it is away instead of piling up, and the driver reconnects by itself.
 * A write is done when it is on disk: what the ledger says was sent must survive a power cut.
 */
export const databaseOptions: ConnectOptions = {
  autoIndex: false,
  bufferCommands: false,
  serverSelectionTimeoutMS: 5_000,
  maxPoolSize: 20,
  writeConcern: { w: 'majority', journal: true },
};

/**
 * Opens the database.
 *
 * @param uri - a MongoDB connection string; it may hold a password and is never logged.
 * @throws MongooseServerSelectionError when it does not answer within five seconds.
 */
export async function connectDatabase(uri: string): Promise<Connection> {
  return mongoose.createConnection(uri, databaseOptions).asPromise();
}
