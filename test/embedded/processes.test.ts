import fs from 'node:fs';
import { whenPrinted, whenReady } from '../../embedded/processes';
import { clearScratch, eventually, killScripts, runs, runScript, scratch } from './scratch';

afterEach(async () => {
  killScripts();
  await clearScratch();
});

/** Prints the pid of a child of its own and lives on. */
const PARENT = `
  const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  console.log('child ' + child.pid);
  setInterval(() => {}, 1000);`;
const STUBBORN = `process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000);`;

describe('supervised processes', () => {
  it('end together with what they started themselves', async () => {
    const { processes } = scratch();
    const service = await processes.start({ name: 'parent', command: process.execPath, args: ['-e', PARENT] });
    const [, child] = await whenPrinted(service, /child (\d+)/, 10_000);
    expect(runs(Number(child))).toBe(true);
    await processes.stopAll();
    await eventually(() => !runs(service.pid) && !runs(Number(child)));
  });

  it('are killed when they do not end by themselves', async () => {
    const { processes } = scratch();
    const service = await processes.start({ name: 'stubborn', command: process.execPath, args: ['-e', STUBBORN] });
    await whenPrinted(service, /up/, 10_000);
    processes.killNow();
    await processes.stopAll();
    expect(service.exit()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('do not outlive a launcher that crashes', async () => {
    const { dataDir, env } = scratch();
    const crashing = `
      import { Processes } from '@embedded/processes';
      const processes = new Processes(${JSON.stringify(dataDir)});
      processes.start({ name: 'x', command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] }).then((s) => {
        console.log('pid ' + s.pid);
        setTimeout(() => { throw new Error('crash'); }, 100);
      });`;
    const script = runScript(dataDir, crashing, env);
    expect(await script.exit).not.toBe(0);
    const pid = Number(/pid (\d+)/.exec(script.printed())?.[1]);
    await eventually(() => !runs(pid));
  });

  it('tell where their log is, and its end, when they fail while starting', async () => {
    const { processes } = scratch();
    const service = await processes.start({
      name: 'broken',
      command: process.execPath,
      args: ['-e', 'console.error("no such table"); process.exit(3)'],
    });
    const starting = whenReady(service, () => Promise.resolve(false), 10_000);
    await expect(starting).rejects.toThrow(/broken ended while starting \(exit code 3\).*broken\.log[^]*no such table/);
    expect(fs.readFileSync(service.logFile, 'utf8')).toContain('no such table');
  });

  it('that do not get ready in time are named with the reason', async () => {
    const { processes } = scratch();
    const service = await processes.start({ name: 'slow', command: process.execPath, args: ['-e', STUBBORN] });
    const starting = whenReady(service, () => Promise.reject(new Error('connection refused')), 300);
    await expect(starting).rejects.toThrow('slow was not ready after 0.3 s: connection refused');
    processes.killNow();
  });

  it('that cannot be started at all are named', async () => {
    const { processes } = scratch();
    const starting = processes.start({ name: 'ghost', command: '/nonexistent/program', args: [] });
    await expect(starting).rejects.toThrow(/ghost cannot be started: .*ENOENT/);
  });
});
