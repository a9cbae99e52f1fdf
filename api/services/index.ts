import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { ProductTypes } from '../../domain/ports/amazon';
import type { Expressions } from '../../domain/ports/expressions';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { SecretBox } from '../../domain/ports/secrets';
import { adoptionService } from './adoption';
import { apiKeyService } from './api-keys';
import { auditService } from './audit';
import { connectorChanges } from './change-connector';
import { connectorCreation } from './create-connector';
import { connectorLifecycle } from './connector-lifecycle';
import { connectorReading } from './connector-reading';
import type { Metrics } from '../metrics';
import { credentialService } from './credentials';
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
  /** What evaluates the expressions of mappings. */
  expressions: Expressions;
  uploads: UploadDeps;
  secretBox: SecretBox;
  /** Where others reach the API. */
  publicUrl: string;
  logger: Logger;
  clock: () => Date;
  /** Ends the event streams when it aborts. */
  stopping: AbortSignal;
  metrics: Metrics;
  /** The OpenAPI document. */
  openApi: () => object;
}

/** Everything the routes can ask for; each function is one answer. */
export function createServices(deps: ServiceDeps) {
  return {
    adoption: adoptionService(deps),
    apiKeys: apiKeyService(deps),
    audit: auditService(deps),
    connectors: {
      ...connectorCreation(deps),
      ...connectorReading(deps),
      ...connectorChanges(deps),
      ...connectorLifecycle(deps),
    },
    credentials: credentialService(deps),
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
