import type { AddressInfo } from 'node:net';
import { createAlertSender } from '../adapters/alerts';
import { createAmazon } from '../adapters/amazon';
import { jsonataExpressions } from '../adapters/expressions';
import { filesOfConnector } from '../adapters/file';
import { createSharedLimiter } from '../adapters/limiter/shared';
import { createLogger } from '../adapters/logging';
import { createKeyring } from '../adapters/secrets/keyring';
import { createDataConverter } from '../adapters/temporal/codec';
import { createOrchestrator } from '../adapters/temporal/orchestrator';
import { createRemoteCodec } from '../adapters/temporal/remote-codec';
import { ConfigError, loadConfig, secretsOf, spApiUrl, temporalOf, type Config } from '../config';
import { withoutShapes } from '../domain/redaction';
import { clientSecretStore } from '../models/client-secrets';
import { credentialStore } from '../models/credentials';
import { ensureIndexes } from '../models/indexes';
import { openedCredentials } from '../models/opened-credentials';
import { rateBuckets } from '../models/rate-buckets';
import { uploadStore } from '../models/uploads';
import { createApp } from './app';
import { createApiServer } from './server';
import { keepConnected } from './keep-connected';

/** How long a request waits for Amazon's rate limit, in milliseconds: somebody is looking at it. */
const MAX_WAIT_MS = 8_000;

/** Runs the API until a signal ends it. MongoDB and Temporal may come and go meanwhile. */
async function main(config: Config): Promise<void> {
  const logger = createLogger({ level: config.LOG_LEVEL, secrets: secretsOf(config) });
  const stopping = new AbortController();
  const connection = keepConnected(config.MONGODB_URI, logger, stopping.signal, ensureIndexes);
  const secretBox = createKeyring(config.ENCRYPTION_KEYS);
  const orchestrator = createOrchestrator({
    ...temporalOf(config),
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.TEMPORAL_TASK_QUEUE,
    dataConverter: createDataConverter(secretBox),
  });
  const opened = openedCredentials({
    credentials: credentialStore(connection),
    secrets: clientSecretStore(connection),
    secretBox,
  });
  const amazon = createAmazon({
    lwaUrl: config.LWA_URL,
    spApiUrl: (region) => spApiUrl(config, region),
    limiter: createSharedLimiter({ buckets: rateBuckets(connection) }),
    credentials: opened.of,
    otherSecret: opened.insteadOf,
    timeoutMs: config.HTTP_TIMEOUT_SECONDS * 1000,
    maxWaitMs: MAX_WAIT_MS,
  });
  const expressions = jsonataExpressions();
  const app = createApp({
    connection,
    orchestrator,
    productTypes: amazon.productTypes,
    accounts: amazon.accounts,
    applications: amazon.applications,
    expressions,
    uploads: {
      limitBytes: config.UPLOAD_LIMIT_MB * 1024 * 1024,
      filesOf: (connector) => filesOfConnector(connector.config, uploadStore(connection).of(connector._id), null),
    },
    alerts: {
      sender: createAlertSender({
        smtpUrl: config.SMTP_URL,
        from: config.ALERT_FROM,
        allowPrivate: config.ALLOW_PRIVATE_ADDRESSES,
        timeoutMs: config.HTTP_TIMEOUT_SECONDS * 1000,
        publicUrl: config.PUBLIC_URL.replace(/\/$/, ''),
      }),
      operators: (config.SMTP_URL && config.ALERT_TO) || [],
      allowPrivate: config.ALLOW_PRIVATE_ADDRESSES,
    },
    secretBox,
    codec: createRemoteCodec(secretBox),
    codecDoor: { namespace: config.TEMPORAL_NAMESPACE, uiOrigin: config.TEMPORAL_UI_ORIGIN },
    logger,
    adminApiKey: config.ADMIN_API_KEY,
    publicUrl: config.PUBLIC_URL,
    requestsPerMinute: config.API_REQUESTS_PER_MINUTE,
    trustedProxies: config.TRUSTED_PROXIES,
    corsOrigins: config.CORS_ORIGINS,
    stopping: stopping.signal,
  });

  const server = createApiServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.PORT, config.HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`api ready at http://127.0.0.1:${port}\n`);

  /** Lets requests in progress finish, then closes what they used. A second signal does not wait. */
  const stop = (): void => {
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort();
    const late = setTimeout(() => process.exit(1), config.SHUTDOWN_GRACE_SECONDS * 1000);
    late.unref();
    server.close(() => {
      void Promise.allSettled([connection.close(), orchestrator.close(), expressions.close()]).then(() =>
        process.exit(0)
      );
    });
    server.closeIdleConnections();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function fail(error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof ConfigError) process.stderr.write(`${message}\n`);
  else if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL')
    process.stderr.write(`The API cannot listen there: ${code}. Set HOST and PORT.\n`);
  else process.stderr.write(`The API could not start: ${withoutShapes((error as Error).stack ?? String(error))}\n`);
  process.exit(1);
}

try {
  main(loadConfig(process.env)).catch(fail);
} catch (error) {
  fail(error);
}
