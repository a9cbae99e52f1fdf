import path from 'node:path';

/** Where the repository is checked out. */
export const REPOSITORY = path.resolve(__dirname, '..');

/**
 * Where the stack of this checkout keeps everything it writes.
 * @param env `LONGSHORE_DATA_DIR` names another directory than `.longshore` in the repository
 */
export function dataDirOf(env: NodeJS.ProcessEnv): string {
  return path.resolve(REPOSITORY, env.LONGSHORE_DATA_DIR || '.longshore');
}

/** What lies where in a data directory. The first group holds data, the second what was downloaded or installed. */
export const places = {
  runRecord: (dataDir: string) => path.join(dataDir, 'run.json'),
  keys: (dataDir: string) => path.join(dataDir, 'keys.json'),
  logs: (dataDir: string) => path.join(dataDir, 'logs'),
  temporalDb: (dataDir: string) => path.join(dataDir, 'temporal.db'),
  mongo: (dataDir: string) => path.join(dataDir, 'mongo'),
  mongoSecantus: (dataDir: string) => path.join(dataDir, 'mongo-secantus'),
  sandbox: (dataDir: string) => path.join(dataDir, 'sandbox'),
  demo: (dataDir: string) => path.join(dataDir, 'demo.json'),

  temporalCli: (cacheDir: string) => path.join(cacheDir, 'bin', 'temporal-cli'),
  mongod: (cacheDir: string) => path.join(cacheDir, 'bin', 'mongod'),
  wheel: (cacheDir: string, name: string) => path.join(cacheDir, 'python', name),
  failedDownloads: (cacheDir: string) => path.join(cacheDir, 'downloads.json'),
  testRuns: (cacheDir: string) => path.join(cacheDir, 'test-runs'),
} as const;
