import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { AmazonAccounts, ProductTypes } from '../../domain/ports/amazon';
import type { AmazonApplications } from '../../domain/ports/applications';
import type { Expressions } from '../../domain/ports/expressions';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { RemoteCodec } from '../../domain/ports/payload-codec';
import type { SecretBox } from '../../domain/ports/secrets';
import { adoptionService } from './adoption';
import { alertChannelService, type AlertDeps } from './alert-channels';
import { alertService } from './alerts';
import { apiKeyService } from './api-keys';
import { auditService } from './audit';
import { connectorChanges } from './change-connector';
import { connectorCreation } from './create-connector';
import { connectorLifecycle } from './connector-lifecycle';
import { connectorReading } from './connector-reading';
import type { LockOut } from '../lock-out';
import type { Metrics } from '../metrics';
import { credentialService } from './credentials';
import { deadLetterService } from './dead-letters';
import { healthService } from './health';
import { listingService } from './listings';
import { mappingService } from './mappings';
import { orderService } from './orders';
import { priceApproval } from './price-approval';
import { problemService } from './problems';
import { productTypeService } from './product-types';
import { stockPreviewService } from './stock-preview';
import { syncService } from './syncs';
import { syncWatch } from './sync-watch';
import { testResultService } from './test-results';
import { uploadedCatalogueService, type UploadDeps } from './uploaded-catalogue';
import { vtexHookService } from './vtex-hooks';

/** What the services work with. */
export interface ServiceDeps {
  connection: Connection;
  orchestrator: Orchestrator;
  productTypes: ProductTypes;
  /** What tries credentials at Amazon. */
  accounts: Pick<AmazonAccounts, 'testCredential'>;
  applications: Pick<AmazonApplications, 'takesSecret'>;
  /** What evaluates the expressions of mappings. */
  expressions: Expressions;
  uploads: UploadDeps;
  alerts: AlertDeps;
  secretBox: SecretBox;
  /** For Temporal's pages and command line. */
  codec: RemoteCodec;
  /** Where others reach the API. */
  publicUrl: string;
  logger: Logger;
  clock: () => Date;
  /** Ends the event streams when it aborts. */
  stopping: AbortSignal;
  metrics: Metrics;
  /** Counts keys and tokens that are nobody's. */
  lockOut: LockOut;
  /** The OpenAPI document. */
  openApi: () => object;
}

/** Everything the routes can ask for; each function is one answer. */
export function createServices(deps: ServiceDeps) {
  return {
    adoption: adoptionService(deps),
    alertChannels: alertChannelService(deps),
    alerts: alertService(deps),
    apiKeys: apiKeyService(deps),
    audit: auditService(deps),
    codec: deps.codec,
    connectors: {
      ...connectorCreation(deps),
      ...connectorReading(deps),
      ...connectorChanges(deps),
      ...connectorLifecycle(deps),
    },
    credentials: credentialService(deps),
    deadLetters: deadLetterService(deps),
    health: healthService(deps),
    listings: { ...listingService(deps), ...priceApproval(deps) },
    mappings: mappingService(deps),
    metrics: deps.metrics,
    openApi: deps.openApi,
    orders: orderService(deps),
    problems: problemService(deps),
    productTypes: productTypeService(deps),
    stockPreview: stockPreviewService(deps),
    syncs: syncService(deps),
    syncWatch: syncWatch(deps),
    testResults: testResultService(deps),
    uploadedCatalogue: uploadedCatalogueService(deps),
    vtexHooks: vtexHookService(deps),
  };
}

export type Services = ReturnType<typeof createServices>;
