import type { Connection } from 'mongoose';
import { alertDeliveryModel } from './alert-deliveries';
import { alertModel } from './alerts';
import { apiKeyModel } from './api-keys';
import { auditModel } from './audit-log';
import { changeNoticeModel } from './change-notices';
import { connectorModel } from './connectors';
import { deadLetterModel } from './dead-letters';
import { feedModel } from './feeds';
import { idempotencyModel } from './idempotency-keys';
import { keyUseModel, lockOutModel } from './lock-outs';
import { listingModel, parentModel } from './listings';
import { mappingModel } from './mappings';
import { orderModel } from './orders';
import { productTypeModel } from './product-types';
import { seenNoticeModel } from './seen-notices';
import { sourceItemModel } from './source-items';
import { syncRunModel } from './sync-runs';
import { testResultModel } from './test-results';
import { uploadModel } from './uploads';

const models = [
  connectorModel,
  listingModel,
  parentModel,
  syncRunModel,
  feedModel,
  productTypeModel,
  mappingModel,
  sourceItemModel,
  changeNoticeModel,
  apiKeyModel,
  lockOutModel,
  keyUseModel,
  auditModel,
  idempotencyModel,
  uploadModel,
  testResultModel,
  orderModel,
  alertModel,
  alertDeliveryModel,
  seenNoticeModel,
  deadLetterModel,
];

/** Creates the indexes that are missing. Safe to repeat, and from several processes at once. */
export async function ensureIndexes(connection: Connection): Promise<void> {
  for (const model of models) await model(connection).createIndexes();
}
