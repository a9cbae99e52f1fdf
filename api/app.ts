import { setMaxListeners } from 'node:events';
import type { Express } from 'express';
import helmet from 'helmet';
import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { AmazonAccounts, ProductTypes } from '../domain/ports/amazon';
import type { AmazonApplications } from '../domain/ports/applications';
import type { Expressions } from '../domain/ports/expressions';
import type { Orchestrator } from '../domain/ports/orchestrator';
import type { RemoteCodec } from '../domain/ports/payload-codec';
import type { SecretBox } from '../domain/ports/secrets';
import { authentication } from './authentication';
import { CODEC_PATH, codecDoor, type CodecDoor } from './codec-door';
import { crossOrigin } from './cross-origin';
import { docsPage } from './docs-page';
import { ENDPOINTS } from './endpoints';
import { errorHandler } from './error-handler';
import { idempotency } from './idempotency';
import { lockOut } from './lock-out';
import { createMetrics } from './metrics';
import { createExpress, mountEndpoints, refusePath } from './mount';
import { openApiDocument } from './openapi';
import { limitRequests } from './rate-limits';
import { requestLogging } from './request-logging';
import { createServices } from './services';
import type { AlertDeps } from './services/alert-channels';
import type { UploadDeps } from './services/uploaded-catalogue';
import { MAX_STREAMS } from './services/sync-watch';

/** What the API works with. Nothing here is started or stopped by it. */
export interface AppDeps {
  connection: Connection;
  orchestrator: Orchestrator;
  /** Amazon's product types, asked with the credentials of connectors. */
  productTypes: ProductTypes;
  /** What tries credentials at Amazon. */
  accounts: Pick<AmazonAccounts, 'testCredential'>;
  applications: Pick<AmazonApplications, 'takesSecret'>;
  /** What evaluates the expressions of mappings. */
  expressions: Expressions;
  /** How catalogues that are uploaded are taken in. */
  uploads: UploadDeps;
  /** How people are told of what is wrong. */
  alerts: AlertDeps;
  secretBox: SecretBox;
  /** Decodes payloads for Temporal's pages and command line. */
  codec: RemoteCodec;
  codecDoor: CodecDoor;
  logger: Logger;
  /** The first admin's key; only its digest is kept. */
  adminApiKey: string;
  /** Where others reach the API, without a slash at its end. */
  publicUrl: string;
  /** How many requests one API key may make in a minute. */
  requestsPerMinute: number;
  /** The proxies whose X-Forwarded-For is believed, as addresses, networks, or names of ranges; none unless given. */
  trustedProxies?: readonly string[];
  /** The origins whose pages may call the API from a browser; none unless given. */
  corsOrigins?: readonly string[];
  /** The time; the system's unless given. */
  clock?: () => Date;
  /** Ends open event streams when it aborts. */
  stopping?: AbortSignal;
}

/** The API as an Express application. It does no I/O until it is asked something. */
export function createApp(deps: AppDeps): Express {
  const metrics = createMetrics(deps.connection);
  const document = openApiDocument(ENDPOINTS, deps.publicUrl);
  const stopping = deps.stopping ?? new AbortController().signal;
  setMaxListeners(2 * MAX_STREAMS, stopping);
  const clock = deps.clock ?? (() => new Date());
  const guard = lockOut({ connection: deps.connection, clock, metrics });
  const services = createServices({
    ...deps,
    clock,
    stopping,
    metrics,
    lockOut: guard,
    openApi: () => document,
  });

  const app = createExpress(deps.trustedProxies ?? []);
  app.use(requestLogging(deps.logger));
  app.use(metrics.measure);
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: { upgradeInsecureRequests: null, styleSrc: ["'self'"], imgSrc: ["'self'", 'data:'] },
      },
    })
  );
  app.use(CODEC_PATH, codecDoor(deps.codecDoor));
  app.use(crossOrigin(deps.corsOrigins ?? []));
  mountEndpoints(app, ENDPOINTS, {
    connection: deps.connection,
    services,
    authentication: authentication({ ...deps, clock, metrics, lockOut: guard }),
    limitRequests: limitRequests(deps.requestsPerMinute),
    once: idempotency(deps.connection, deps.secretBox),
  });
  app.use(docsPage());
  app.use(refusePath);
  app.use(errorHandler);
  return app;
}
