import path from 'node:path';
import { EmbeddedError, type Log } from './embedded-error';
import { keysOf } from './keys';
import { startMongodb, withDatabase, type MongodbSource } from './mongodb';
import { places } from './places';
import { choosePort, isFree, LOOPBACK, USUAL_PORTS, type Ports } from './ports';
import { Processes } from './processes';
import { RunRecord } from './run-record';
import { startSandbox, type SandboxOptions } from './sandbox';
import { startTemporal, type TemporalSource } from './temporal';

export type StackOptions = {
  /** Where data, logs and keys are kept; one stack at a time. */
  dataDir: string;
  /** Where downloads are kept; several stacks may share it. Defaults to `dataDir`. */
  cacheDir?: string;
  /** What is set here wins over what the stack would choose. */
  env: NodeJS.ProcessEnv;
  /** Wished ports; 0 for any free one. What is left out gets the usual one, and a taken one moves. */
  ports?: Partial<Ports>;
  log: Log;
  /** `false` starts no sandbox. */
  sandbox?: SandboxOptions | false;
  /** Keeps Temporal's data in memory instead of in `dataDir`. */
  temporalInMemory?: boolean;
  /** Aborting ends everything that has been started so far and makes `startStack` reject. */
  signal?: AbortSignal;
  /** How long a download may stand still before the next way is tried, in milliseconds. */
  stallMs?: number;
};

export type Stack = {
  temporal: { address: string; uiUrl?: string; cli?: string; how: TemporalSource };
  mongodb: { uri: string; how: MongodbSource };
  sandbox?: { url: string };
  /** Settings for worker and API, to be laid over `process.env`. Holds secrets. */
  env: Record<string, string>;
  /** For more processes that end with the stack. */
  processes: Processes;
  /** Ends everything that was started, and gives the data directory back. Safe to call again. */
  stop: () => Promise<void>;
};

/**
 * Brings up Temporal, MongoDB and the sandbox, side by side.
 * @throws EmbeddedError, with nothing left running, when one of them cannot be had or another stack runs on the directory
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dataDir = path.resolve(options.dataDir);
  const record = await RunRecord.claim(dataDir, options.log);
  const processes = new Processes(places.logs(dataDir), record);
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= processes.stopAll().then(() => record.release()));
  const onAbort = () => void stop();
  options.signal?.addEventListener('abort', onAbort);
  try {
    options.signal?.throwIfAborted();
    const parts = await startParts({ ...options, dataDir }, processes);
    options.signal?.throwIfAborted();
    return { ...parts, processes, stop };
  } catch (error) {
    await stop();
    throw options.signal?.aborted ? new EmbeddedError('stopped') : error;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

async function startParts(options: StackOptions, processes: Processes): Promise<Omit<Stack, 'processes' | 'stop'>> {
  const { dataDir, env, log } = options;
  const ports = { ...USUAL_PORTS, ...options.ports };
  const namespace = env.TEMPORAL_NAMESPACE || 'longshore';
  const context = {
    env,
    dataDir,
    cacheDir: options.cacheDir ?? dataDir,
    processes,
    log,
    ports,
    stallMs: options.stallMs,
  };
  const [temporal, mongodb, sandbox, apiPort] = await together(
    [
      startTemporal({ ...context, namespace, inMemory: options.temporalInMemory }),
      startMongodb(context),
      options.sandbox === false ? undefined : startSandbox({ ...context, options: options.sandbox ?? {} }),
      chooseApiPort(env, ports.api, log),
    ],
    () => processes.stopAll()
  );
  return {
    temporal: { address: temporal.address, uiUrl: temporal.uiUrl, cli: temporal.cli, how: temporal.how },
    mongodb: { uri: mongodb.uri, how: mongodb.how },
    ...(sandbox ? { sandbox: { url: sandbox.url } } : {}),
    env: serviceEnv({
      env,
      dataDir,
      apiPort,
      temporalAddress: temporal.address,
      namespace,
      mongodbUri: mongodb.uri,
      sandboxUrl: sandbox?.url,
    }),
  };
}

/** Like `Promise.all`, but when one part fails, the others are ended and waited for before the failure is passed on. */
async function together<T extends readonly unknown[]>(
  parts: [...T],
  endAll: () => Promise<void>
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  try {
    return await Promise.all(parts);
  } catch (error) {
    await endAll();
    await Promise.allSettled(parts);
    throw error;
  }
}

/** A port asked for by name is not moved: whoever set it expects to find the API there. */
async function chooseApiPort(env: NodeJS.ProcessEnv, usual: number, log: Log): Promise<number> {
  if (!env.PORT) return choosePort('api', usual, log);
  const port = Number(env.PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new EmbeddedError(`PORT=${env.PORT} is not a port`);
  if (port !== 0 && !(await isFree(port))) {
    throw new EmbeddedError(`PORT=${port} is taken: free it, set another, or unset PORT to have a free one chosen`);
  }
  return choosePort('api', port, log);
}

/** What worker and API need to run against this stack. Waits are short, because the sandbox answers in seconds. */
function serviceEnv(facts: {
  env: NodeJS.ProcessEnv;
  dataDir: string;
  apiPort: number;
  temporalAddress: string;
  namespace: string;
  mongodbUri: string;
  sandboxUrl: string | undefined;
}): Record<string, string> {
  const { env, sandboxUrl } = facts;
  const keys = keysOf(facts.dataDir);
  const chosen: Record<string, string> = {
    NODE_ENV: 'development',
    TEMPORAL_ADDRESS: facts.temporalAddress,
    TEMPORAL_NAMESPACE: facts.namespace,
    PUBLIC_URL: `http://${LOOPBACK}:${facts.apiPort}`,
    ADMIN_API_KEY: keys.adminApiKey,
    ENCRYPTION_KEYS: keys.encryptionKeys,
    LOG_LEVEL: 'info',
    VERIFY_AFTER_SECONDS: '1,2,4,8,12',
    VERIFY_WAIT_SECONDS: '20',
    RETRY_INITIAL_SECONDS: '2',
    SHUTDOWN_GRACE_SECONDS: '10',
    ALLOW_PRIVATE_ADDRESSES: 'true',
    ...(sandboxUrl === undefined ? {} : sandboxHosts(sandboxUrl)),
  };
  const set = Object.fromEntries(Object.keys(chosen).flatMap((key) => (env[key] ? [[key, env[key]]] : [])));
  return { ...chosen, ...set, PORT: String(facts.apiPort), MONGODB_URI: withDatabase(facts.mongodbUri, 'longshore') };
}

function sandboxHosts(url: string): Record<string, string> {
  return {
    LWA_URL: `${url}/auth/o2/token`,
    SPAPI_URL: url,
    VTEX_URL: `${url}/vtex/{account}`,
    VTEX_PRICING_URL: `${url}/vtex-pricing/{account}`,
    SALESLAYER_URL: `${url}/saleslayer`,
    SALESLAYER_REST_URL: `${url}/saleslayer-rest/catalog/rest/Catalog`,
  };
}
