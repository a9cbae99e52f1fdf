// One Temporal dev server and one MongoDB for a whole jest run, started and stopped by jest's global setup and teardown.
import fs from 'node:fs';
import path from 'node:path';
import { dataDirOf, places } from './places';
import { liveOwner, takeFromDeadOwner } from './run-record';
import { startStack, type Stack } from './stack';

type Running = { stack: Stack; dataDir: string; endNow: (signal: NodeJS.Signals) => void };

const SLOT = Symbol.for('longshore.test-stack');
/** Setup and teardown may be loaded as two copies of this module, so what runs is kept where both find it. */
const slot = globalThis as { [SLOT]?: Running };

/**
 * Brings the servers up on free ports, with data of their own and the downloads of this checkout, and puts
 * `TEST_TEMPORAL_ADDRESS`, `TEST_TEMPORAL_NAMESPACE`, `TEST_TEMPORAL_CLI` (where a CLI was used) and `TEST_MONGODB_URI`
 * (without a database name: each test picks its own by `withDatabase`) into `process.env`. Does nothing when they are set.
 */
export async function startTestStack(): Promise<void> {
  if (slot[SLOT] || (process.env.TEST_TEMPORAL_ADDRESS && process.env.TEST_MONGODB_URI)) return;
  const cacheDir = dataDirOf(process.env);
  await removeAbandonedRuns(cacheDir);
  const dataDir = path.join(places.testRuns(cacheDir), `${process.pid}-${Date.now()}`);
  const stack = await startStack({
    dataDir,
    cacheDir,
    env: process.env,
    ports: { temporal: 0, temporalUi: 0, mongodb: 0, api: 0 },
    sandbox: false,
    temporalInMemory: true,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  // Jest ends without its teardown on Ctrl-C.
  const endNow = (signal: NodeJS.Signals) => {
    stack.processes.killNow();
    fs.rmSync(dataDir, { recursive: true, force: true });
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', endNow);
  process.once('SIGTERM', endNow);
  slot[SLOT] = { stack, dataDir, endNow };
  process.env.TEST_TEMPORAL_ADDRESS = stack.temporal.address;
  process.env.TEST_TEMPORAL_NAMESPACE = stack.env.TEMPORAL_NAMESPACE;
  if (stack.temporal.cli) process.env.TEST_TEMPORAL_CLI = stack.temporal.cli;
  process.env.TEST_MONGODB_URI = stack.mongodb.uri;
}

/** Ends what `startTestStack` started and removes its data. */
export async function stopTestStack(): Promise<void> {
  const running = slot[SLOT];
  if (!running) return;
  delete slot[SLOT];
  process.off('SIGINT', running.endNow);
  process.off('SIGTERM', running.endNow);
  await running.stack.stop();
  fs.rmSync(running.dataDir, { recursive: true, force: true });
}

/** A run that was killed leaves its servers and data behind; the next one clears them away. */
async function removeAbandonedRuns(cacheDir: string): Promise<void> {
  const runs = places.testRuns(cacheDir);
  for (const name of fs.existsSync(runs) ? fs.readdirSync(runs) : []) {
    const dataDir = path.join(runs, name);
    if (liveOwner(dataDir) !== undefined) continue;
    if (!fs.existsSync(places.runRecord(dataDir)) && isYoung(dataDir)) continue;
    await takeFromDeadOwner(dataDir, (line) => process.stderr.write(`${line}\n`));
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

/** A run that is just beginning has made its folder but has not written its record yet. */
function isYoung(folder: string): boolean {
  const { mtimeMs } = fs.statSync(folder, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
  return Date.now() - mtimeMs < 60_000;
}
