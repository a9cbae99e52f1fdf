import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startMongodb } from '../../embedded/mongodb';
import { dataDirOf, places, REPOSITORY } from '../../embedded/places';
import { identify, isAlive, type ProcessIdentity } from '../../embedded/process-identity';
import { Processes, whenPrinted, whenReady, type ProcessSpec, type Service } from '../../embedded/processes';
import { RunRecord } from '../../embedded/run-record';
import { startStack, type Stack } from '../../embedded/stack';
import { signalGroup } from '../../embedded/stop-process';
import { startTemporal } from '../../embedded/temporal';
import { PublicApi } from './public-api';
import { SandboxControl } from './sandbox-control';

/** How long a part may take to be of use, in milliseconds: machines that run tests are busy. */
const READY_BOUND_MS = 60_000;

/** How much of a log a failure shows. */
const LINES_SHOWN = 20;

/** Settings of whoever runs the tests that would change what is under test. */
const NOT_INHERITED = [
  'NODE_ENV',
  'PORT',
  'PUBLIC_URL',
  'ADMIN_API_KEY',
  'ENCRYPTION_KEYS',
  'MONGODB_URI',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'LONGSHORE_DATA_DIR',
];

/** The environment of a real process under test. */
export function cleanEnv(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_INHERITED.includes(name)));
}

/** A new data directory. What a killed test run leaves in it is cleared away by the next one. */
export function newDataDir(): string {
  const dataDir = path.join(places.testRuns(dataDirOf(process.env)), `${process.pid}-${Date.now()}-e2e`);
  fs.mkdirSync(dataDir, { recursive: true });
  return dataDir;
}

/** Remembers what each process was started with, so that a killed one can be started again as it was. */
class Servers extends Processes {
  readonly specs = new Map<string, ProcessSpec>();

  override start(spec: ProcessSpec): Promise<Service> {
    this.specs.set(spec.name, spec);
    return super.start(spec);
  }
}

export interface RealStackOptions {
  /** Laid over the environment of worker and API. */
  env?: Record<string, string>;
  rateFactor?: number;
  visibleAfterMs?: number;
  /** Data that a stack has left; a new directory, removed at the end, unless given. */
  dataDir?: string;
}

type ServerName = 'mongodb' | 'temporal';

/** Temporal, MongoDB, sandbox, API and workers, each a process of its own that can be killed and started again. */
export class RealStack {
  private readonly everStarted: ProcessIdentity[] = [];
  private readonly running = new Map<string, Service>();
  readonly api: PublicApi;
  readonly sandbox: SandboxControl;

  private constructor(
    readonly dataDir: string,
    private readonly servers: Servers,
    private readonly stack: Stack,
    private readonly env: NodeJS.ProcessEnv,
    private readonly dispose: () => void
  ) {
    this.api = new PublicApi(`http://127.0.0.1:${stack.env.PORT}`, stack.env.ADMIN_API_KEY!, () =>
      this.logOf('api').split('\n').slice(-LINES_SHOWN).join('\n')
    );
    this.sandbox = new SandboxControl(stack.sandbox!.url);
  }

  /** Servers, sandbox and API; workers are started by the test. */
  static async start(options: RealStackOptions = {}): Promise<RealStack> {
    const dataDir = options.dataDir ?? newDataDir();
    const cacheDir = dataDirOf(process.env);
    const serversDir = `${dataDir}-servers`;
    const record = await RunRecord.claim(serversDir, () => undefined);
    const servers = new Servers(places.logs(dataDir), record);
    const dispose = (): void => {
      record.release();
      fs.rmSync(serversDir, { recursive: true, force: true });
      if (!options.dataDir) fs.rmSync(dataDir, { recursive: true, force: true });
    };
    let stack: Stack | undefined;
    try {
      const env = cleanEnv();
      const ports = { temporal: 0, temporalUi: 0, mongodb: 0, api: 0, sandbox: 0 };
      const context = { env, dataDir, cacheDir, processes: servers, ports, log: () => undefined };
      const [temporal, mongodb] = await Promise.all([
        startTemporal({ ...context, namespace: 'longshore' }),
        startMongodb(context),
      ]);
      stack = await startStack({
        ...context,
        env: { ...env, ...options.env, TEMPORAL_ADDRESS: temporal.address, MONGODB_URI: mongodb.uri },
        sandbox: { rateFactor: options.rateFactor ?? 40, visibleAfterMs: options.visibleAfterMs ?? 200 },
      });
      const made = new RealStack(dataDir, servers, stack, { ...env, ...options.env, ...stack.env }, dispose);
      for (const service of [temporal.service, mongodb.service]) if (service) made.note(service);
      await made.startApi();
      return made;
    } catch (error) {
      await stack?.stop();
      await servers.stopAll();
      dispose();
      throw error;
    }
  }

  get temporalAddress(): string {
    return this.stack.temporal.address;
  }

  /** Settings of worker and API; holds secrets. */
  get settings(): Readonly<Record<string, string>> {
    return this.stack.env;
  }

  async startWorker(name = 'worker'): Promise<void> {
    const worker = await this.startProgram(name, 'worker');
    await whenPrinted(worker, /worker ready/, READY_BOUND_MS);
  }

  async startApi(): Promise<void> {
    const api = await this.startProgram('api', 'api');
    await whenReady(api, async () => (await fetch(`${this.api.url}/readyz`)).ok, READY_BOUND_MS);
  }

  /** Ends a process by a signal, at once, and waits until it is gone. */
  async kill(name: string, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const service = this.running.get(name);
    if (!service) throw new Error(`no ${name} runs`);
    process.kill(service.pid, signal);
    await service.exited;
    this.running.delete(name);
  }

  /** Holds a process, as a machine does that hangs, for as long as something else takes. */
  async whileHeld<T>(name: string, meanwhile: () => Promise<T>): Promise<T> {
    const service = this.running.get(name);
    if (!service) throw new Error(`no ${name} runs`);
    // Each leads a group of its own: what it has started hangs with it.
    process.kill(-service.pid, 'SIGSTOP');
    try {
      return await meanwhile();
    } finally {
      signalGroup(service.pid, 'SIGCONT');
    }
  }

  /** Starts a server again as it was: same data, same port. Does not wait until it answers. */
  async startAgain(name: ServerName): Promise<void> {
    this.note(await this.servers.start(this.servers.specs.get(name)!));
  }

  /** What a process has printed, over all its lives. */
  logOf(name: string): string {
    return fs.readFileSync(path.join(places.logs(this.dataDir), `${name}.log`), 'utf8');
  }

  /** Ends everything. @throws when a process that was ever started still runs, or left a child behind */
  async stop(): Promise<void> {
    await this.stack.stop();
    await this.servers.stopAll();
    const left = this.everStarted.filter(isAlive).map(({ pid }) => pid);
    this.dispose();
    if (left.length > 0) throw new Error(`still running: ${left.join(', ')}`);
  }

  private async startProgram(name: string, folder: 'worker' | 'api'): Promise<Service> {
    const service = await this.stack.processes.start({
      name,
      command: process.execPath,
      args: ['--import', 'tsx', path.join(REPOSITORY, folder, 'main.ts')],
      env: this.env,
      layer: 'service',
    });
    this.note(service);
    return service;
  }

  private note(service: Service): void {
    this.running.set(service.name, service);
    const identity = identify(service.pid);
    if (identity) this.everStarted.push(identity);
  }
}

/** Waits, with a bound, and says what for when it is in vain. */
export async function until<T>(look: () => Promise<T | undefined | false>, what: string, seconds = 30): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await sleep(100);
  }
}

/** A key that no other request uses. */
export const newIdempotencyKey = (): string => randomUUID();
