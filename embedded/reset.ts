// `npm run reset`: forgets what the embedded stack of this checkout has kept; what was downloaded stays.
import fs from 'node:fs';
import { reasonOf, type Log } from './embedded-error';
import { dataDirOf, places } from './places';
import { takeFromDeadOwner } from './run-record';

/**
 * Forgets connectors, ledger, workflows and the sandbox's books of a data directory, after stopping what a killed run left.
 * Keeps keys, downloads and installed programs.
 * @throws EmbeddedError, with nothing removed, when a stack runs on it
 */
export async function reset(dataDir: string, log: Log): Promise<void> {
  await takeFromDeadOwner(dataDir, log);
  const db = places.temporalDb(dataDir);
  const kept = [db, `${db}-wal`, `${db}-shm`, `${db}-journal`];
  const data = [places.mongo, places.mongoSecantus, places.sandbox, places.demo, places.logs].map((place) =>
    place(dataDir)
  );
  for (const place of [...kept, ...data]) fs.rmSync(place, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const dataDir = dataDirOf(process.env);
  await reset(dataDir, console.log);
  console.log(`forgotten: connectors, ledger, workflows and sandbox books in ${dataDir}`);
  for (const name of ['TEMPORAL_ADDRESS', 'MONGODB_URI']) {
    if (process.env[name]) console.log(`${name} is set: what that server holds is left as it is`);
  }
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(`npm run reset: ${reasonOf(error)}`);
    process.exit(1);
  });
}
