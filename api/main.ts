import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { createAmazon } from '../adapters/amazon';
import { jsonataExpressions } from '../adapters/expressions';
import { filesOfConnector } from '../adapters/file';
import { createSharedLimiter } from '../adapters/limiter/shared';
import { createKeyring } from '../adapters/secrets/keyring';
import { createOrchestrator } from '../adapters/temporal/orchestrator';
import { ConfigError, loadConfig, spApiUrl, type Config } from '../config';
import { credentialStore } from '../models/credentials';
import { ensureIndexes } from '../models/indexes';
import { openedCredentials } from '../models/opened-credentials';
import { rateBuckets } from '../models/rate-buckets';
import { uploadStore } from '../models/uploads';
import { createApp } from './app';
import { keepConnected } from './keep-connected';
import { createLogger } from './request-logging';

/** How long a request waits for Amazon's rate limit, in milliseconds: somebody is looking at it. */
const MAX_WAIT_MS = 8_000;

/** Runs the API until a signal ends it. MongoDB and Temporal may come and go meanwhile. */
async function main(config: Config): Promise<void> {
  const logger = createLogger(config.LOG_LEVEL);
  const stopping = new AbortController();
  const connection = keepConnected(config.MONGODB_URI, logger, stopping.signal, ensureIndexes);
  const orchestrator = createOrchestrator({
    address: config.TEMPORAL_ADDRESS,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.TEMPORAL_TASK_QUEUE,
  });
  const secretBox = createKeyring(config.ENCRYPTION_KEYS);
  const amazon = createAmazon({
    lwaUrl: config.LWA_URL,
    spApiUrl: (region) => spApiUrl(config, region),
    limiter: createSharedLimiter({ buckets: rateBuckets(connection) }),
    credentials: openedCredentials(credentialStore(connection), secretBox),
    timeoutMs: config.HTTP_TIMEOUT_SECONDS * 1000,
    maxWaitMs: MAX_WAIT_MS,
  });
  const expressions = jsonataExpressions();
  const app = createApp({
    connection,
    orchestrator,
    productTypes: amazon.productTypes,
    expressions,
    uploads: {
      limitBytes: config.UPLOAD_LIMIT_MB * 1024 * 1024,
      filesOf: (connector) => filesOfConnector(connector.config, uploadStore(connection).of(connector._id), null),
    },
    secretBox,
    logger,
    adminApiKey: config.ADMIN_API_KEY,
    publicUrl: config.PUBLIC_URL,
    requestsPerMinute: config.API_REQUESTS_PER_MINUTE,
    stopping: stopping.signal,
  });

  const server = createServer(app);
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
  else process.stderr.write(`The API could not start: ${(error as Error).stack ?? String(error)}\n`);
  process.exit(1);
}

try {
  main(loadConfig(process.env)).catch(fail);
} catch (error) {
  fail(error);
}
