import { setMaxListeners } from 'node:events';
import type { Express } from 'express';
import helmet from 'helmet';
import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { ProductTypes } from '../domain/ports/amazon';
import type { Expressions } from '../domain/ports/expressions';
import type { Orchestrator } from '../domain/ports/orchestrator';
import type { SecretBox } from '../domain/ports/secrets';
import { authentication } from './authentication';
import { docsPage } from './docs-page';
import { ENDPOINTS } from './endpoints';
import { errorHandler } from './error-handler';
import { idempotency } from './idempotency';
import { createMetrics } from './metrics';
import { createExpress, mountEndpoints, refusePath } from './mount';
import { openApiDocument } from './openapi';
import { limitRequests } from './rate-limits';
import { requestLogging } from './request-logging';
import { createServices } from './services';
import type { UploadDeps } from './services/uploaded-catalogue';
import { MAX_STREAMS } from './services/sync-watch';

/** What the API works with. Nothing here is started or stopped by it. */
export interface AppDeps {
  connection: Connection;
  orchestrator: Orchestrator;
  /** Amazon's product types, asked with the credentials of connectors. */
  productTypes: ProductTypes;
  /** What evaluates the expressions of mappings. */
  expressions: Expressions;
  /** How catalogues that are uploaded are taken in. */
  uploads: UploadDeps;
  secretBox: SecretBox;
  logger: Logger;
  /** The first admin's key; only its digest is kept. */
  adminApiKey: string;
  /** Where others reach the API, without a slash at its end. */
  publicUrl: string;
  /** How many requests one API key may make in a minute. */
  requestsPerMinute: number;
  /** The time; the system's unless given. */
  clock?: () => Date;
  /** Ends open event streams when it aborts. */
  stopping?: AbortSignal;
}

/** The API as an Express application. It does no I/O until it is asked something. */
export function createApp(deps: AppDeps): Express {
  const metrics = createMetrics();
  const document = openApiDocument(ENDPOINTS, deps.publicUrl);
  const stopping = deps.stopping ?? new AbortController().signal;
  setMaxListeners(2 * MAX_STREAMS, stopping);
  const services = createServices({
    ...deps,
    clock: deps.clock ?? (() => new Date()),
    stopping,
    metrics,
    openApi: () => document,
  });

  const app = createExpress();
  app.use(requestLogging(deps.logger));
  app.use(metrics.measure);
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: { upgradeInsecureRequests: null, styleSrc: ["'self'"], imgSrc: ["'self'", 'data:'] },
      },
    })
  );
  mountEndpoints(app, ENDPOINTS, {
    connection: deps.connection,
    services,
    authentication: authentication(deps.connection, deps.adminApiKey),
    limitRequests: limitRequests(deps.requestsPerMinute),
    once: idempotency(deps.connection, deps.secretBox),
  });
  app.use(docsPage());
  app.use(refusePath);
  app.use(errorHandler);
  return app;
}
