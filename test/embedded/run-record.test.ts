import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { places } from '../../embedded/places';
import { identify } from '../../embedded/process-identity';
import { RunRecord, takeFromDeadOwner } from '../../embedded/run-record';
import { clearScratch, eventually, killScripts, runs, runScript, scratch } from './scratch';

afterEach(async () => {
  killScripts();
  await clearScratch();
});

/** Owns the data directory, with one child. */
const owner = (dataDir: string) => `
  import { Processes } from '@embedded/processes';
  import { RunRecord } from '@embedded/run-record';
  RunRecord.claim(${JSON.stringify(dataDir)}, console.log).then(async (record) => {
    const processes = new Processes(${JSON.stringify(dataDir)}, record);
    const s = await processes.start({ name: 'child', command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] });
    console.log('pid ' + s.pid);
  }).catch((error) => { console.log(error.message); process.exit(1); });`;

describe('the record of a run', () => {
  it('refuses a second run while the first one lives', async () => {
    const { dataDir, env, log } = scratch();
    const first = runScript(dataDir, owner(dataDir), env);
    await eventually(() => /pid \d+/.exec(first.printed()));
    await expect(RunRecord.claim(dataDir, log)).rejects.toThrow(
      new RegExp(`a stack already runs on .* \\(pid ${first.pid}\\): stop it first`)
    );
  });

  it('lets the next run stop what a killed one left behind', async () => {
    const { dataDir, env, lines, log } = scratch();
    const first = runScript(dataDir, owner(dataDir), env);
    const [, child] = await eventually(() => /pid (\d+)/.exec(first.printed()));
    first.child.kill('SIGKILL');
    await first.exit;
    expect(runs(Number(child))).toBe(true);

    const record = await RunRecord.claim(dataDir, log);
    expect(runs(Number(child))).toBe(false);
    expect(lines).toEqual([`stopping what an earlier run left behind: child (pid ${child})`]);
    record.release();
    expect(fs.existsSync(places.runRecord(dataDir))).toBe(false);
  });

  it('leaves a process alone that merely got the pid of one of ours', async () => {
    const { dataDir, log } = scratch();
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
    const pid = stranger.pid as number;
    const run = {
      owner: { pid: 999_999, startedAt: 'x' },
      children: [{ pid, startedAt: 'another moment', name: 'temporal' }],
    };
    fs.writeFileSync(places.runRecord(dataDir), JSON.stringify(run));
    await takeFromDeadOwner(dataDir, log);
    expect(runs(pid)).toBe(true);
    expect(identify(pid)).toBeDefined();
    stranger.kill('SIGKILL');
  });

  it('is given to one only of several that want it at once', async () => {
    const { dataDir, env } = scratch();
    fs.writeFileSync(
      places.runRecord(dataDir),
      JSON.stringify({ owner: { pid: 999_999, startedAt: 'x' }, children: [] })
    );
    const rivals = [0, 1, 2].map(() => runScript(fs.mkdtempSync(`${dataDir}/r-`), owner(dataDir), env));
    await eventually(() => rivals.every((r) => /^pid \d+|already runs/m.test(r.printed())));
    expect(rivals.filter((r) => /^pid \d+/m.test(r.printed()))).toHaveLength(1);
  });

  it('that is half written counts as nobody’s', async () => {
    const { dataDir, log } = scratch();
    fs.writeFileSync(places.runRecord(dataDir), '{"owner":');
    const record = await RunRecord.claim(dataDir, log);
    record.release();
  });
});
