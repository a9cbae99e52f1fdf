import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedError, reasonOf } from './embedded-error';
import { REPOSITORY } from './places';
import { identify } from './process-identity';
import type { RunRecord } from './run-record';
import { signalGroup, STOP_BOUND_MS, stopGroups } from './stop-process';

/** Parts are stopped one layer after the other: those that use a server end before the server does. */
type Layer = 'server' | 'service';
const STOP_ORDER: readonly Layer[] = ['service', 'server'];

export type ProcessSpec = {
  /** Names the log file and appears in messages. */
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment of the process; defaults to this process's own. */
  env?: NodeJS.ProcessEnv;
  /** Defaults to the repository. */
  cwd?: string;
  /** Defaults to `server`. */
  layer?: Layer;
  /** How long it may take to end when asked to before it is killed, in milliseconds; defaults to {@link STOP_BOUND_MS}. */
  stopBoundMs?: number;
};

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

/** A child process under supervision. */
export type Service = {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly layer: Layer;
  readonly stopBoundMs: number;
  /** Resolves when the process has ended, however it ended; never rejects. */
  readonly exited: Promise<Exit>;
  /** How it ended, or undefined while it runs. */
  readonly exit: () => Exit | undefined;
  /** What it has printed since it was started, both streams together. */
  readonly output: () => string;
};

/**
 * The child processes of one stack. Each leads its own process group, so Ctrl-C reaches them only through here and nothing
 * they start outlives them; their output goes to `<logDir>/<name>.log`. When this process ends without `stopAll`, by a crash
 * or by `process.exit`, they are killed; when it is itself killed by SIGKILL, the next claim of the run record finds them.
 */
export class Processes {
  private readonly running = new Map<number, Service>();
  private stopping = false;

  private readonly killAll = () => {
    for (const pid of this.running.keys()) signalGroup(pid, 'SIGKILL');
  };

  /** @param record where pids are written down, if anywhere */
  constructor(
    private readonly logDir: string,
    private readonly record?: RunRecord
  ) {
    fs.mkdirSync(logDir, { recursive: true });
    process.on('exit', this.killAll);
  }

  /**
   * Starts a process; use `whenReady` or `whenPrinted` to wait until it is of use.
   * @throws EmbeddedError when the command cannot be run, or the stack is being stopped
   */
  async start(spec: ProcessSpec): Promise<Service> {
    if (this.stopping) throw new EmbeddedError('stopped');
    const logFile = path.join(this.logDir, `${spec.name}.log`);
    const log = fs.openSync(logFile, 'a');
    const from = fs.fstatSync(log).size;
    const child = spawn(spec.command, [...spec.args], {
      cwd: spec.cwd ?? REPOSITORY,
      env: spec.env ?? process.env,
      detached: true,
      stdio: ['ignore', log, log],
    });
    fs.closeSync(log);
    if (child.pid !== undefined) this.record?.add(spec.name, child.pid);
    return this.supervise(spec, child, logFile, from);
  }

  /** True from the moment the whole is being ended: what fails from then on failed for that reason. */
  get isStopping(): boolean {
    return this.stopping;
  }

  /** Resolves when one of the processes that run now ends although nobody asked it to. */
  async firstEnd(): Promise<{ service: Service; exit: Exit }> {
    const ends = [...this.running.values()].map(async (service) => ({ service, exit: await service.exited }));
    const first = await Promise.race(ends);
    return this.stopping ? new Promise<never>(() => {}) : first;
  }

  /** Ends everything: services first, then the servers they use. Safe to call again, and while something is starting. */
  async stopAll(): Promise<void> {
    this.stopping = true;
    for (const layer of STOP_ORDER) {
      await Promise.all([...this.running.values()].filter((s) => s.layer === layer).map((s) => this.stop(s)));
    }
    process.off('exit', this.killAll);
  }

  /** Kills everything at once. `stopAll` still has to be awaited. */
  killNow(): void {
    this.stopping = true;
    this.killAll();
  }

  /** Ends one process and waits until it has ended. */
  async stop(service: Service): Promise<void> {
    const identity = identify(service.pid);
    if (identity && !service.exit()) await stopGroups([identity], service.stopBoundMs);
    await service.exited;
  }

  private async supervise(spec: ProcessSpec, child: ChildProcess, logFile: string, from: number): Promise<Service> {
    let exit: Exit | undefined;
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => {
        exit = { code, signal };
        if (child.pid !== undefined) this.forget(child.pid);
        resolve(exit);
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(new EmbeddedError(`${spec.name} cannot be started: ${reasonOf(error)}`)));
    });
    const service: Service = {
      name: spec.name,
      pid: child.pid as number,
      logFile,
      layer: spec.layer ?? 'server',
      stopBoundMs: spec.stopBoundMs ?? STOP_BOUND_MS,
      exited,
      exit: () => exit,
      output: () => readFrom(logFile, from),
    };
    if (!exit) this.running.set(service.pid, service);
    if (this.stopping) await this.stop(service);
    return service;
  }

  private forget(pid: number): void {
    // What the leader leaves behind in its group ends with it.
    signalGroup(pid, 'SIGKILL');
    this.running.delete(pid);
    this.record?.remove(pid);
  }
}

/**
 * Waits until a service answers.
 * @param isReady asked again and again; a rejection counts as "not yet" and its reason is told when time runs out
 * @throws EmbeddedError when the process ends first or `boundMs` pass, with the end of its log
 */
export async function whenReady(service: Service, isReady: () => Promise<unknown>, boundMs: number): Promise<void> {
  await until(service, boundMs, async () => ((await isReady()) === false ? undefined : true));
}

/**
 * Waits until a service prints what is looked for.
 * @returns the match
 * @throws EmbeddedError when the process ends first or `boundMs` pass, with the end of its log
 */
export function whenPrinted(service: Service, pattern: RegExp, boundMs: number): Promise<RegExpExecArray> {
  return until(service, boundMs, async () => pattern.exec(service.output()) ?? undefined);
}

async function until<T>(service: Service, boundMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + boundMs;
  let reason = '';
  for (;;) {
    const exit = service.exit();
    try {
      const found = await look();
      if (found !== undefined && !exit) return found;
    } catch (error) {
      reason = reasonOf(error);
    }
    if (exit) throw new EmbeddedError(`${service.name} ended while starting (${exitText(exit)})${logHint(service)}`);
    if (Date.now() > deadline) {
      const why = reason && `: ${reason}`;
      throw new EmbeddedError(`${service.name} was not ready after ${boundMs / 1000} s${why}${logHint(service)}`);
    }
    await sleep(50);
  }
}

/** Says how a process ended, as `exit code 1` or `signal SIGKILL`. */
export function exitText(exit: Exit): string {
  return exit.signal ? `signal ${exit.signal}` : `exit code ${exit.code}`;
}

function logHint(service: Service): string {
  // The frames of a stack trace would push out the line that says what was wrong.
  const isTelling = (line: string) => line.trim() !== '' && !/^\s+at /.test(line);
  const lines = service.output().split('\n').filter(isTelling).slice(-6);
  return `; see ${service.logFile}${lines.length > 0 ? `, which ends with:\n  ${lines.join('\n  ')}` : ''}`;
}

function readFrom(file: string, from: number): string {
  const handle = fs.openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(Math.max(0, fs.fstatSync(handle).size - from));
    const read = fs.readSync(handle, buffer, 0, buffer.length, from);
    return buffer.toString('utf8', 0, read);
  } finally {
    fs.closeSync(handle);
  }
}
