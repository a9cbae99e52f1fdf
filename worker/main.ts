import { hostname } from 'node:os';
import { DefaultLogger, NativeConnection, Runtime, Worker, makeTelemetryFilterString } from '@temporalio/worker';
import { jsonataExpressions } from '../adapters/expressions';
import { createLogger } from '../adapters/logging';
import { createKeyring } from '../adapters/secrets/keyring';
import { createDataConverter } from '../adapters/temporal/codec';
import { connectionOptions } from '../adapters/temporal/connection';
import { createOrchestrator } from '../adapters/temporal/orchestrator';
import { ConfigError, loadConfig, secretsOf, temporalOf, type Config } from '../config';
import { plainError, withoutShapes } from '../domain/redaction';
import { connectDatabase } from '../models/database';
import { ensureIndexes } from '../models/indexes';
import { createActivities } from './activities';
import { bundleWorkflows } from './bundle';
import { startNotifications } from './notifications';
import { nudgeOverdue } from './overdue-notices';
import { reconcile } from './reconcile';

const RECONCILE_EVERY_MS = 3_600_000;
const NUDGE_EVERY_MS = 60_000;
/** Workflow and activity tasks at once, in one process. Pages are few and long; retries are many and short. */
const AT_ONCE = { activities: 60, workflowTasks: 20, cachedWorkflows: 200 } as const;

async function main(config: Config): Promise<void> {
  const logger = createLogger({ name: 'worker', level: config.LOG_LEVEL, secrets: secretsOf(config) });
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      const write = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
      logger[write[level]](meta ?? {}, message);
    }),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) } },
    shutdownSignals: ['SIGTERM', 'SIGINT'],
  });
  const [workflowBundle, connection, database] = await Promise.all([
    bundleWorkflows(),
    NativeConnection.connect(connectionOptions(temporalOf(config))),
    connectDatabase(config.MONGODB_URI),
  ]);
  await ensureIndexes(database);
  const dataConverter = createDataConverter(createKeyring(config.ENCRYPTION_KEYS));
  const orchestrator = createOrchestrator({
    ...temporalOf(config),
    dataConverter,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.TEMPORAL_TASK_QUEUE,
  });
  const expressions = jsonataExpressions();
  const worker = await Worker.create({
    connection,
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.TEMPORAL_TASK_QUEUE,
    identity: `${process.pid}@${hostname()}`,
    workflowBundle,
    dataConverter,
    activities: createActivities({ config, connection: database, orchestrator, logger, expressions }),
    maxConcurrentActivityTaskExecutions: AT_ONCE.activities,
    maxConcurrentWorkflowTaskExecutions: AT_ONCE.workflowTasks,
    maxCachedWorkflows: AT_ONCE.cachedWorkflows,
    shutdownGraceTime: config.SHUTDOWN_GRACE_SECONDS * 1000,
    // A pause and a cancellation reach an activity with the answer to its heartbeat.
    maxHeartbeatThrottleInterval: '2 seconds',
  });
  const unless = (work: Promise<unknown>, what: string): void =>
    void work.catch((error: unknown) =>
      logger.warn({ reason: error instanceof Error ? error.message : 'unknown' }, what)
    );
  const inLine = (): void => unless(reconcile(database, orchestrator, logger), 'could not put things in line');
  const nudge = (): void => unless(nudgeOverdue(database, orchestrator), 'could not start syncs about changes');
  const timers = [setInterval(inLine, RECONCILE_EVERY_MS), setInterval(nudge, NUDGE_EVERY_MS)];
  inLine();
  const notifications = startNotifications({ config, connection: database, orchestrator, logger });
  console.log('worker ready');
  try {
    await worker.run();
  } finally {
    for (const timer of timers) clearInterval(timer);
    await notifications.stop(config.SHUTDOWN_GRACE_SECONDS * 1000);
    await expressions.close();
    await orchestrator.close();
    await connection.close();
    await database.close();
  }
}

try {
  const config = loadConfig(process.env);
  main(config).catch((error: unknown) => {
    console.error('The worker stopped:', withoutShapes(plainError(error).message));
    process.exitCode = 1;
  });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
