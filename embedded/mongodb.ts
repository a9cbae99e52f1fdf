import fs from 'node:fs';
import path from 'node:path';
import { mongo } from 'mongoose';
import { downloaded, type Download } from './download';
import { EmbeddedError, reasonOf, type Log } from './embedded-error';
import { findOnPath, isExecutable, versionOf } from './executables';
import { places } from './places';
import { choosePort, isAnswering, LOOPBACK, type Ports } from './ports';
import { whenReady, type Processes, type Service } from './processes';
import { wheelProgram, type Wheel } from './wheels';

/** How a MongoDB server was found. */
export type MongodbSource = 'MONGODB_URI' | 'MONGOD_BINARY' | 'PATH' | 'mongodb-memory-server' | 'pip:secantusdb';

export type FoundMongodb =
  | { how: 'MONGODB_URI'; uri: string }
  | { how: Exclude<MongodbSource, 'MONGODB_URI'>; program: string; version: string };

export type RunningMongodb = {
  how: MongodbSource;
  /** Connection string as given in `MONGODB_URI`, otherwise without a database name. */
  uri: string;
  service?: Service;
};

export type MongodbContext = {
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

/** How long a server started here may take to answer, in milliseconds; after a kill it reads its log first. */
const START_BOUND_MS = 60_000;
/** How long a server that is said to run already may take to answer, in milliseconds. */
const CONNECT_BOUND_MS = 5_000;

/** Pinned: wheels from 0.7 on no longer hold the server. It is run as its own process and never bundled (GPL-2.0). */
export const SECANTUS_WHEEL: Wheel = {
  distribution: 'secantusdb',
  version: '0.6.0b17',
  folder: 'secantusdb',
  program: path.join('secantusdb.scripts', 'secantusd-rs'),
  megabytes: 22,
};

function mongodDownload(cacheDir: string): Download {
  return {
    name: 'mongod',
    what: 'mongodb: the download of mongod by mongodb-memory-server',
    script: path.join(__dirname, 'fetch-mongod.ts'),
    target: places.mongod(cacheDir),
    find: (folder) => {
      const pointer = path.join(folder, 'mongod.path');
      if (!fs.existsSync(pointer)) return undefined;
      const program = path.resolve(folder, fs.readFileSync(pointer, 'utf8'));
      return isExecutable(program) ? program : undefined;
    },
  };
}

/**
 * Finds a MongoDB server or a program to start one with. Each step that does not help is told in one line; the first hit wins.
 * @throws EmbeddedError when `MONGOD_BINARY` names something that does not work, or nothing could be found at all
 */
export async function findMongodb(context: MongodbContext): Promise<FoundMongodb> {
  const { env, cacheDir, dataDir, log } = context;
  if (env.MONGODB_URI) return { how: 'MONGODB_URI', uri: env.MONGODB_URI };
  log('mongodb: MONGODB_URI is not set');

  if (env.MONGOD_BINARY) return programFound('MONGOD_BINARY', env.MONGOD_BINARY);
  const onPath = findOnPath('mongod', env);
  if (onPath) return programFound('PATH', onPath);
  log('mongodb: MONGOD_BINARY is not set and there is no mongod on PATH');

  if (holdsData(places.mongoSecantus(dataDir)) && !holdsData(places.mongo(dataDir))) {
    // A download that works today must not make yesterday's data disappear.
    log('mongodb: staying with SecantusDB, which wrote the data here (`npm run reset` starts afresh)');
  } else {
    const mongod = await downloaded(mongodDownload(cacheDir), context);
    if (mongod) return programFound('mongodb-memory-server', mongod);
  }

  try {
    const program = await wheelProgram(SECANTUS_WHEEL, { ...context, log: (line) => log(`mongodb: ${line}`) });
    return await programFound('pip:secantusdb', program);
  } catch (error) {
    throw new EmbeddedError(
      `no MongoDB server could be found: ${reasonOf(error)}. Install MongoDB and set MONGOD_BINARY to its mongod, ` +
        'or set MONGODB_URI to a server that runs'
    );
  }
}

async function programFound(how: Exclude<MongodbSource, 'MONGODB_URI'>, program: string): Promise<FoundMongodb> {
  return { how, program, version: await versionOf(program, how === 'PATH' ? 'PATH (program mongod)' : how) };
}

/**
 * Gives a MongoDB server that answers.
 * @throws EmbeddedError when the server named by `MONGODB_URI` does not answer, or the one started here does not start
 */
export async function startMongodb(
  context: MongodbContext & { ports: Pick<Ports, 'mongodb'> }
): Promise<RunningMongodb> {
  const started = Date.now();
  const found = await findMongodb(context);
  if (found.how === 'MONGODB_URI') {
    await useServer(found.uri);
    context.log(`mongodb: using the server that MONGODB_URI names`);
    return { how: found.how, uri: found.uri };
  }
  const running = await startServer(found, context);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  context.log(`mongodb: ready at ${running.uri} after ${seconds} s (${found.how}, ${found.version})`);
  if (found.how === 'pip:secantusdb') {
    context.log(
      'mongodb: this is SecantusDB, a stand-in for development; production wants a real MongoDB (MONGODB_URI)'
    );
  }
  return running;
}

async function startServer(
  found: Exclude<FoundMongodb, { how: 'MONGODB_URI' }>,
  context: MongodbContext & { ports: Pick<Ports, 'mongodb'> }
): Promise<RunningMongodb> {
  const { dataDir, processes, log, env } = context;
  const isSecantus = found.how === 'pip:secantusdb';
  // The two engines do not read each other's files.
  const [ours, other] = isSecantus
    ? [places.mongoSecantus(dataDir), places.mongo(dataDir)]
    : [places.mongo(dataDir), places.mongoSecantus(dataDir)];
  if (holdsData(other) && !holdsData(ours)) {
    log(
      'mongodb: what the other engine wrote in earlier starts is not read by this one; `npm run reset` starts afresh'
    );
  }
  fs.mkdirSync(ours, { recursive: true });
  const port = await choosePort('mongodb', context.ports.mongodb, log);
  const service = await processes.start({
    name: 'mongodb',
    command: found.program,
    args: isSecantus ? secantusArgs(ours, port) : mongodArgs(ours, port),
    env,
    // Its settings come from the arguments alone: it would also read a file in the folder it runs in.
    cwd: ours,
  });
  const uri = `mongodb://${LOOPBACK}:${port}/?directConnection=true`;
  // The driver looks again only every half second, so the port is looked at first.
  await whenReady(service, async () => (await isAnswering(port)) && ping(uri, 1_000), START_BOUND_MS);
  return { how: found.how, uri, service };
}

function mongodArgs(folder: string, port: number): string[] {
  return [
    '--dbpath',
    folder,
    '--port',
    String(port),
    '--bind_ip',
    LOOPBACK,
    '--wiredTigerCacheSizeGB',
    '0.5',
    '--quiet',
  ];
}

/** With its usual log of 2 GB a start after a kill takes 15 s instead of one or two. */
function secantusArgs(folder: string, port: number): string[] {
  const place = ['--host', LOOPBACK, '--port', String(port), '--storage-path', folder];
  return [...place, '--cache-size', '256M', '--log-file-max', '64MB', '--log-level', 'WARNING'];
}

async function useServer(uri: string): Promise<void> {
  try {
    await ping(uri, CONNECT_BOUND_MS);
  } catch (error) {
    throw new EmbeddedError(
      `the server that MONGODB_URI names cannot be used (${reasonOf(error)}): ` +
        'start that server, correct MONGODB_URI, or unset it to have one started here'
    );
  }
}

/** Rejects unless a server answers within `boundMs` milliseconds. */
async function ping(uri: string, boundMs: number): Promise<void> {
  const client = new mongo.MongoClient(uri, { serverSelectionTimeoutMS: boundMs, connectTimeoutMS: boundMs });
  try {
    await client.db('admin').command({ ping: 1 });
  } finally {
    await client.close();
  }
}

function holdsData(folder: string): boolean {
  return fs.existsSync(folder) && fs.readdirSync(folder).length > 0;
}

/**
 * Names the database in a connection string that names none.
 * @returns the string unchanged when it names one
 */
export function withDatabase(uri: string, database: string): string {
  const [, hosts, path, options] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/([^?]*))?(\?.*)?$/.exec(uri) ?? [];
  return hosts === undefined || path ? uri : `${hosts}/${database}${options ?? ''}`;
}
