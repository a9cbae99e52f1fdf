import type { Connection } from 'mongoose';
import { apiKeyModel } from './api-keys';
import { auditModel } from './audit-log';
import { connectorModel } from './connectors';
import { idempotencyModel } from './idempotency-keys';
import { listingModel } from './listings';
import { productTypeModel } from './product-types';
import { syncRunModel } from './sync-runs';

const models = [
  connectorModel,
  listingModel,
  syncRunModel,
  productTypeModel,
  apiKeyModel,
  auditModel,
  idempotencyModel,
];

/** Creates the indexes that are missing. Safe to repeat, and from several processes at once. */
export async function ensureIndexes(connection: Connection): Promise<void> {
  for (const model of models) await model(connection).createIndexes();
}
