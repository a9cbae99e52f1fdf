import fs from 'node:fs';
import path from 'node:path';
import { dataDirOf, places } from '../../embedded/places';
import {
  clearScratch,
  eventually,
  killScripts,
  pretendDownloadsFailed,
  runs,
  runScript,
  scratch,
  type Scratch,
} from './scratch';

jest.setTimeout(120_000);
afterEach(async () => {
  killScripts();
  await clearScratch();
});

/** What jest does around its tests, with `during` in between. */
const run = (during: string) => `
  import { startTestStack, stopTestStack } from '@embedded/test-stack';
  startTestStack().then(async () => {
    for (const name of Object.keys(process.env)) if (name.startsWith('TEST_')) console.log(name + '=' + process.env[name]);
    ${during}
    await stopTestStack();
  });`;

const start = (context: Scratch, during = '') =>
  runScript(context.dataDir, run(during), { ...context.env, LONGSHORE_DATA_DIR: context.cacheDir });

const pidsIn = (cacheDir: string): number[] => {
  const runs = places.testRuns(cacheDir);
  const records = fs.existsSync(runs)
    ? fs.readdirSync(runs).map((name) => places.runRecord(path.join(runs, name)))
    : [];
  return records
    .filter((file) => fs.existsSync(file))
    .flatMap((file) => (JSON.parse(fs.readFileSync(file, 'utf8')) as { children: { pid: number }[] }).children)
    .map((child) => child.pid);
};

describe('the servers of a jest run', () => {
  it('are named in the environment and gone afterwards, with their data', async () => {
    const context = scratch();
    pretendDownloadsFailed(context.cacheDir);
    const script = start(context);
    expect(await script.exit).toBe(0);
    expect(script.printed()).toMatch(/^TEST_TEMPORAL_ADDRESS=127\.0\.0\.1:\d+$/m);
    expect(script.printed()).toMatch(/^TEST_TEMPORAL_NAMESPACE=longshore$/m);
    expect(script.printed()).toMatch(/^TEST_TEMPORAL_CLI=.+temporal$/m);
    expect(script.printed()).toMatch(/^TEST_MONGODB_URI=mongodb:\/\/127\.0\.0\.1:\d+\/\?directConnection=true$/m);
    expect(fs.readdirSync(places.testRuns(context.cacheDir))).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('end with jest at %s', async (signal) => {
    const context = scratch();
    pretendDownloadsFailed(context.cacheDir);
    const script = start(context, 'await new Promise((resolve) => setTimeout(resolve, 60_000));');
    await eventually(() => /^TEST_MONGODB_URI/m.test(script.printed()));
    const pids = pidsIn(context.cacheDir);
    expect(pids).toHaveLength(2);
    script.child.kill(signal);
    await script.exit;
    await eventually(() => pids.filter(runs).length === 0);
  });

  it('of a run that was killed are cleared away by the next one', async () => {
    const context = scratch();
    pretendDownloadsFailed(context.cacheDir);
    const killed = start(context, 'await new Promise((resolve) => setTimeout(resolve, 60_000));');
    await eventually(() => /^TEST_MONGODB_URI/m.test(killed.printed()));
    const pids = pidsIn(context.cacheDir);
    killed.child.kill('SIGKILL');
    await killed.exit;
    expect(pids.filter(runs)).toHaveLength(2);
    expect(await start(context).exit).toBe(0);
    expect(pids.filter(runs)).toEqual([]);
    expect(fs.readdirSync(places.testRuns(context.cacheDir))).toEqual([]);
    expect(dataDirOf({})).toMatch(/\.longshore$/);
  });
});
