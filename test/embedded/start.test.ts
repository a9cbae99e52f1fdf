import fs from 'node:fs';
import path from 'node:path';
import { places } from '../../embedded/places';
import { clearScratch, eventually, killScripts, pretendDownloadsFailed, runNode, runs, scratch } from './scratch';

jest.setTimeout(120_000);
afterEach(async () => {
  killScripts();
  await clearScratch();
});

function context(env: NodeJS.ProcessEnv = {}) {
  const made = scratch(env);
  pretendDownloadsFailed(made.cacheDir);
  return { ...made, env: { ...made.env, LONGSHORE_DATA_DIR: made.dataDir } };
}

const launch = (env: NodeJS.ProcessEnv, file: string, ...args: string[]) =>
  runNode(['embedded/launch.mjs', file, ...args], env);

const recordedPids = (dataDir: string): number[] =>
  (JSON.parse(fs.readFileSync(places.runRecord(dataDir), 'utf8')) as { children: { pid: number }[] }).children.map(
    (c) => c.pid
  );

describe('npm start', () => {
  it('answers a wrong option with exit code 2 and brings nothing up', async () => {
    const { env, dataDir } = context();
    const run = launch(env, 'embedded/start.ts', '--onec');
    expect(await run.exit).toBe(2);
    expect(run.printed()).toBe("npm start: Unknown option '--onec'; `npm start -- --help` lists the options\n");
    expect(fs.existsSync(places.runRecord(dataDir))).toBe(false);
  });

  it('fails with what failed and where the logs are, and leaves nothing behind', async () => {
    const { env, dataDir } = context({ TEMPORAL_CLI: '/nonexistent/temporal' });
    const run = launch(env, 'embedded/start.ts', '--once');
    expect(await run.exit).toBe(1);
    expect(run.printed()).toMatch(/npm start: TEMPORAL_CLI names \/nonexistent\/temporal, which does not exist/);
    expect(run.printed()).toContain(`The logs are in ${places.logs(dataDir)}`);
    expect(fs.existsSync(places.runRecord(dataDir))).toBe(false);
  });

  it.each([
    ['Ctrl-C', 1],
    ['Ctrl-C twice', 2],
  ])('stops everything at %s while it comes up', async (_name, times) => {
    const { env, dataDir } = context();
    const run = launch(env, 'embedded/start.ts');
    const pids = await eventually(() => fs.existsSync(places.runRecord(dataDir)) && recordedPids(dataDir));
    for (let time = 0; time < times; time += 1) {
      run.child.kill('SIGINT');
      await new Promise((resolve) => setTimeout(resolve, 600));
    }
    expect(await run.exit).toBe(130);
    expect(pids.filter(runs)).toEqual([]);
    expect(fs.existsSync(places.runRecord(dataDir))).toBe(false);
  });
});

describe('npm run embedded', () => {
  it('prints the settings without a secret, and stops everything at SIGTERM', async () => {
    const { env, dataDir } = context();
    const run = launch(env, 'embedded/main.ts');
    await eventually(() => run.printed().includes('the stack is up'));
    const pids = recordedPids(dataDir);
    expect(pids).toHaveLength(3);
    const keys = JSON.parse(fs.readFileSync(places.keys(dataDir), 'utf8')) as Record<string, string>;
    for (const secret of Object.values(keys)) expect(run.printed()).not.toContain(secret);
    expect(run.printed()).toMatch(/^export TEMPORAL_ADDRESS='127\.0\.0\.1:\d+'$/m);
    expect(run.printed()).toMatch(/^export SPAPI_URL='http:\/\/127\.0\.0\.1:\d+'$/m);

    const lines = run
      .printed()
      .split('\n')
      .filter((line) => line.startsWith('export '));
    const shell = path.join(dataDir, 'env.sh');
    fs.writeFileSync(shell, `${lines.join('\n')}\nprintf %s "$ADMIN_API_KEY"`);
    const { execFileSync } = await import('node:child_process');
    expect(execFileSync('sh', [shell], { encoding: 'utf8' })).toBe(keys.adminApiKey);

    run.child.kill('SIGTERM');
    expect(await run.exit).toBe(0);
    expect(pids.filter(runs)).toEqual([]);
  });

  it('stops everything when its launcher is killed', async () => {
    const { env, dataDir } = context();
    const run = launch(env, 'embedded/main.ts');
    await eventually(() => run.printed().includes('the stack is up'));
    const pids = recordedPids(dataDir);
    run.child.kill('SIGKILL');
    await eventually(() => pids.filter(runs).length === 0, 30_000);
  });

  it('says so when one of its parts ends by itself, and stops the others', async () => {
    const { env, dataDir } = context();
    const run = launch(env, 'embedded/main.ts');
    await eventually(() => run.printed().includes('the stack is up'));
    const pids = recordedPids(dataDir);
    process.kill(pids[0]!, 'SIGKILL');
    expect(await run.exit).toBe(1);
    expect(run.printed()).toMatch(/(temporal|mongodb|sandbox) ended unexpectedly \(signal SIGKILL\); see .*\.log/);
    expect(pids.filter(runs)).toEqual([]);
  });

  it('refuses to run twice on the same data', async () => {
    const { env } = context();
    const first = launch(env, 'embedded/main.ts');
    await eventually(() => first.printed().includes('the stack is up'));
    const second = launch(env, 'embedded/main.ts');
    expect(await second.exit).toBe(1);
    expect(second.printed()).toMatch(/npm run embedded: a stack already runs on .* \(pid \d+\): stop it first/);
    first.child.kill('SIGINT');
    expect(await first.exit).toBe(0);
  });
});
