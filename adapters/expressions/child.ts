import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { REFUSED_FUNCTIONS } from '../../domain/mapping-expressions';
import type { ExpressionError } from '../../domain/ports/expressions';

/** Bounds of what an expression may take. */
export interface ExpressionLimits {
  /** How long one evaluation may take, in milliseconds, before it is tried once more with ten times as long. */
  evaluationMs: number;
  /** The heap of the process that evaluates, in MiB. */
  memoryMb: number;
  /** Characters of a result as JSON. */
  result: number;
  /** Characters of an input as JSON. */
  input: number;
  /** Entries of a list that comes up on the way. */
  sequence: number;
  /** Evaluations within one another: about four for each call of a function. */
  depth: number;
}

/** One evaluation's answer, as the process writes it. */
export interface Answer {
  value?: unknown;
  error?: { code: ExpressionError['code']; message?: string };
  /** It was not begun, because its expression had spoilt too many before. */
  skipped?: true;
}

/** A slice of work for the process. */
export interface Slice {
  ms: number;
  /** How often an expression may run out of time or memory before its further evaluations are not begun. */
  giveUp: number;
  expressions: string[];
  /** How often each expression did so before. */
  failures: number[];
  /** As JSON. */
  inputs: string[];
  /** Of each evaluation, the places of its expression and its input. */
  tasks: [expression: number, input: number][];
}

/** How a slice ended: with every answer, or with the process, over the evaluation that has no answer. */
export type SliceEnd = 'done' | 'timeout' | 'memory' | 'not_started';

const TICK_MS = 20;
/** How long the process may take to start and to read its work, on a machine that is very busy. */
const START_MS = 30_000;

/**
 * The process in which expressions run. It is a process of its own because one large allocation ends the process in which it
 * happens, whatever limits a thread is given, and because an expression that never ends has to be killed.
 */
export class ExpressionProcess {
  private running: Running | undefined;

  constructor(private readonly limits: ExpressionLimits) {}

  /** Evaluates a slice; each answer is told as it comes. The next slice may be given when this one has ended. */
  async run(slice: Slice, answered: (answer: Answer) => void, signal: AbortSignal): Promise<SliceEnd> {
    signal.throwIfAborted();
    const running = (this.running ??= start(this.limits));
    const { child, closed } = running;
    const watch = new Watch(slice, answered);
    const read = lineReader((line) => watch.line(line));
    const stop = (): void => void child.kill('SIGKILL');
    const ticking = setInterval(() => watch.tick() || stop(), TICK_MS);
    child.stdout.on('data', read);
    signal.addEventListener('abort', stop, { once: true });
    setReferenced(child, true);
    try {
      child.stdin.write(`${JSON.stringify(slice)}\n`);
      await Promise.race([watch.done, closed]);
      signal.throwIfAborted();
      if (watch.isDone) return 'done';
      return watch.ranOutOfTime ? 'timeout' : watch.hasStarted ? 'memory' : 'not_started';
    } finally {
      clearInterval(ticking);
      signal.removeEventListener('abort', stop);
      child.stdout.off('data', read);
      setReferenced(child, false);
      if (!watch.isDone || signal.aborted) await this.close();
    }
  }

  async close(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    running?.child.kill('SIGKILL');
    await running?.closed;
  }
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

interface Running {
  child: Child;
  /** Resolves when it has ended and all that it wrote was read, or when it cannot be started. */
  closed: Promise<void>;
}

function start(limits: ExpressionLimits): Running {
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${limits.memoryMb}`,
      '--max-semi-space-size=8',
      '--disable-proto=delete',
      '--disallow-code-generation-from-strings',
      require.resolve('./evaluate.cjs'),
      JSON.stringify({ limits, refused: REFUSED_FUNCTIONS }),
    ],
    // Without the environment: it holds secrets.
    { env: {}, stdio: ['pipe', 'pipe', 'ignore'] }
  );
  child.stdout.setEncoding('utf8');
  // Of writing to a process that has just ended: its end is noticed by `closed`.
  child.stdin.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  return { child, closed };
}

/** An idle process keeps nobody from ending. */
function setReferenced(child: Child, isReferenced: boolean): void {
  const method = isReferenced ? 'ref' : 'unref';
  child[method]();
  for (const stream of [child.stdin, child.stdout] as { ref?(): void; unref?(): void }[]) stream[method]?.();
}

/**
 * Follows a slice by the lines that come. Time is counted in ticks of this process, so that a machine that stands still for a
 * while is not taken for an expression that does.
 */
class Watch {
  hasStarted = false;
  ranOutOfTime = false;
  readonly done: Promise<void>;
  private settle!: () => void;
  private answers = 0;
  private ticks = 0;

  constructor(
    private readonly slice: Slice,
    private readonly answered: (answer: Answer) => void
  ) {
    this.done = new Promise((resolve) => (this.settle = resolve));
  }

  get isDone(): boolean {
    return this.answers === this.slice.tasks.length;
  }

  line(line: string): void {
    this.ticks = 0;
    if (line === 'started') {
      this.hasStarted = true;
      return;
    }
    this.answered(JSON.parse(line) as Answer);
    this.answers += 1;
    if (this.isDone) this.settle();
  }

  /** False when the evaluation under way has had its time. */
  tick(): boolean {
    this.ticks += 1;
    // The expression's own bound comes first where it can: it costs no process.
    const bound = this.hasStarted ? this.slice.ms * 1.5 + 2 * TICK_MS : START_MS;
    this.ranOutOfTime = this.hasStarted && this.ticks * TICK_MS > bound;
    return this.ticks * TICK_MS <= bound;
  }
}

function lineReader(each: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(each);
  };
}
