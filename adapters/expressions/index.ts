import { anySignal } from '../../domain/any-signal';
import type { Evaluation, ExpressionResult, Expressions } from '../../domain/ports/expressions';
import { ExpressionProcess, type Answer, type ExpressionLimits, type Slice } from './child';

const LIMITS: ExpressionLimits = {
  evaluationMs: 100,
  memoryMb: 96,
  result: 32 * 1024,
  input: 1024 * 1024,
  sequence: 50_000,
  depth: 1_000,
};

/** How much work the process is given at once, in characters of inputs. */
const SLICE_CHARACTERS = 4 * 1024 * 1024;
/** What runs out of time is tried once more with this many times as long: the machine may have been busy. */
const SECOND_CHANCE = 10;
/** How often one expression may run out of time, in the first round and in the second, before the rest of it is not begun. */
const GIVE_UP = { first: 3, second: 2 } as const;
/** How often the process may end before it begins, one time after the other. */
const MOST_STARTS = 3;

/**
 * JSONata in a process of its own ({@link ExpressionProcess}), one batch after the other. The process starts with the first
 * batch and again whenever an expression has spoilt it.
 */
export function jsonataExpressions(limits: Partial<ExpressionLimits> = {}): Expressions {
  const bounds = { ...LIMITS, ...limits };
  const runner = new ExpressionProcess(bounds);
  const closing = new AbortController();
  let last: Promise<unknown> = Promise.resolve();

  return {
    async evaluate(batch, signal) {
      const either = anySignal([signal, closing.signal]);
      const mine = last.then(() => evaluateBatch(runner, bounds, batch, either));
      last = mine.then(
        () => undefined,
        () => undefined
      );
      return abortable(mine, either);
    },
    async close() {
      closing.abort(new Error('The evaluator of expressions was closed'));
      await last;
      await runner.close();
    },
  };
}

/** The promise, or the signal's reason as soon as there is one. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** One evaluation of a batch, with its input written out. */
interface Task {
  at: number;
  expression: string;
  /** JSON. */
  input: string;
}

async function evaluateBatch(
  runner: ExpressionProcess,
  limits: ExpressionLimits,
  batch: readonly Evaluation[],
  signal: AbortSignal
): Promise<ExpressionResult[]> {
  const results: ExpressionResult[] = [];
  const written = new Map<unknown, string>();
  const tasks = batch.flatMap(({ expression, input }, at): Task[] => {
    const json = written.get(input) ?? JSON.stringify(input ?? null);
    written.set(input, json);
    if (json.length <= limits.input) return [{ at, expression, input: json }];
    results[at] = { error: { code: 'too_large', message: 'the data of the item is too large for expressions' } };
    return [];
  });
  await round(tasks, limits.evaluationMs, GIVE_UP.first);
  const late = tasks.filter(({ at }) => isTimeout(results[at]!));
  await round(late, limits.evaluationMs * SECOND_CHANCE, GIVE_UP.second);
  return results;

  /** Evaluates tasks in their order; an expression that runs out of time too often is not begun any more. */
  async function round(waiting: readonly Task[], ms: number, giveUp: number): Promise<void> {
    const failures = new Map<string, { count: number; code: 'timeout' | 'memory' }>();
    const note = ({ at, expression }: Task, { value, error, skipped }: Answer): void => {
      const failed = failures.get(expression);
      const code = skipped ? failed?.code : error?.code;
      results[at] = code ? errorOf({ code, message: error?.message }, limits, ms) : { value };
      if (!skipped && (code === 'timeout' || code === 'memory'))
        failures.set(expression, { count: (failed?.count ?? 0) + 1, code });
    };
    let starts = 0;
    for (let next = 0; next < waiting.length;) {
      const slice = sliceOf(waiting, next, failures, { ms, giveUp });
      const end = await runner.run(slice, (answer) => note(waiting[next++]!, answer), signal);
      if (end === 'timeout' || end === 'memory') note(waiting[next++]!, { error: { code: end } });
      starts = end === 'not_started' ? starts + 1 : 0;
      if (starts === MOST_STARTS) throw new Error('The process that evaluates expressions ends before it begins');
    }
  }
}

function isTimeout(result: ExpressionResult): boolean {
  return 'error' in result && result.error.code === 'timeout';
}

/** The next tasks, as many as may be given at once; expressions and inputs are written once. */
function sliceOf(
  waiting: readonly Task[],
  from: number,
  failures: ReadonlyMap<string, { count: number }>,
  bounds: { ms: number; giveUp: number }
): Slice {
  const expressions = new Map<string, number>();
  const inputs = new Map<string, number>();
  const tasks: Slice['tasks'] = [];
  let characters = 0;
  for (let at = from; at < waiting.length && (characters < SLICE_CHARACTERS || tasks.length === 0); at++) {
    const { expression, input } = waiting[at]!;
    if (!inputs.has(input)) characters += input.length;
    tasks.push([placeIn(expressions, expression), placeIn(inputs, input)]);
  }
  const texts = [...expressions.keys()];
  return {
    ...bounds,
    expressions: texts,
    failures: texts.map((text) => failures.get(text)?.count ?? 0),
    inputs: [...inputs.keys()],
    tasks,
  };
}

function placeIn(places: Map<string, number>, key: string): number {
  const place = places.get(key) ?? places.size;
  places.set(key, place);
  return place;
}

function errorOf(error: NonNullable<Answer['error']>, limits: ExpressionLimits, ms: number): ExpressionResult {
  const { code, message = 'it cannot be evaluated' } = error;
  const text = code === 'syntax' || code === 'runtime' ? message : BROKEN_BOUNDS[code](limits, ms);
  return { error: { code, message: text.replace(/[.\s]+$/, '') } };
}

const BROKEN_BOUNDS = {
  timeout: (_: ExpressionLimits, ms: number) => `it takes longer than ${ms / 1000} s`,
  memory: ({ memoryMb }: ExpressionLimits) => `it needs more memory than the ${memoryMb} MiB there are`,
  too_large: ({ result, sequence }: ExpressionLimits) =>
    `it gives more than ${result / 1024} KiB, or goes through a list of more than ${sequence.toLocaleString('en-US')} entries`,
};
