// The process in which expressions run; child.ts starts it. Plain JavaScript, so that it starts without a loader and fast.
// It is given one line of JSON per slice of work on its standard input, and answers one line per evaluation, each written before
// the next evaluation begins: should it hang or run out of memory, its parent knows over which.
'use strict';
const { writeSync } = require('node:fs');
const { Worker } = require('node:worker_threads');
const jsonata = require('jsonata');

const { limits, refused } = JSON.parse(process.argv[2]);
const MOST_KEPT = 1000;

// Should the parent die while an expression never ends, nobody else would end it.
new Worker(`setInterval(() => process.ppid === ${process.ppid} || process.kill(process.pid, 'SIGKILL'), 1000)`, {
  eval: true,
  stdout: false,
  stderr: false,
}).unref();

// What one expression adds to a prototype another one would find. Not frozen: the language's own sequences have a push.
for (const intrinsic of [Object, Array, Function, String, Number, Boolean, RegExp, Date, Map, Set, Promise, Error])
  Object.seal(intrinsic.prototype);

/** Read by every expression when it begins. */
const options = { timeout: 0, stack: limits.depth, sequence: limits.sequence };
/** Text → expression, the least used first. */
const compiled = new Map();

let work = Promise.resolve();
let pieces = [];
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  const [first, ...others] = text.split('\n');
  pieces.push(first);
  for (const next of others) {
    const line = pieces.join('');
    pieces = [next];
    work = work.then(() => evaluateSlice(JSON.parse(line)));
  }
});
process.stdin.on('end', () => process.exit());

async function evaluateSlice({ ms, giveUp, expressions, failures, inputs, tasks }) {
  options.timeout = ms;
  write('started');
  for (const [expression, input] of tasks) {
    const result =
      failures[expression] >= giveUp ? { skipped: true } : await evaluate(expressions[expression], inputs[input]);
    if (result.error?.code === 'timeout') failures[expression] += 1;
    write(JSON.stringify(result));
  }
}

async function evaluate(text, input) {
  try {
    const value = await compile(text).evaluate(JSON.parse(input));
    if (value === undefined) return {};
    const json = JSON.stringify(value, plainOnly);
    return json.length > limits.result ? { error: { code: 'too_large' } } : { value: JSON.parse(json) };
  } catch (error) {
    return { error: { code: codeOf(error), message: String(error?.message ?? error).slice(0, 300) } };
  }
}

function compile(text) {
  const known = compiled.get(text);
  const expression = known ?? jsonata(text, options);
  if (!known)
    for (const [name, reason] of Object.entries(refused))
      expression.assign(name, () => {
        throw new Error(`$${name} is not allowed here: ${reason}`);
      });
  compiled.delete(text);
  compiled.set(text, expression);
  if (compiled.size > MOST_KEPT) compiled.delete(compiled.keys().next().value);
  return expression;
}

/** Data passes; what would be too large is refused before it is written out, and what is no data at once. */
function plainOnly(_key, value) {
  if (typeof value === 'string' && value.length > limits.result) throw { code: 'D2015' };
  if (typeof value === 'function' || value?._jsonata_lambda || value?._jsonata_function)
    throw new Error('it gives a function, and not a value');
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('it gives a number without end');
  return value;
}

function codeOf(error) {
  if (error instanceof RangeError && /string length|array length/i.test(error.message)) return 'too_large';
  const code = String(error?.code ?? '');
  if (code === 'D1012') return 'timeout';
  if (code === 'D2014' || code === 'D2015') return 'too_large';
  return code.startsWith('S') ? 'syntax' : 'runtime';
}

/** At once and whole: the parent judges by what has arrived. */
function write(line) {
  const bytes = Buffer.from(`${line}\n`);
  for (let at = 0; at < bytes.length;)
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') process.exit(1);
    }
}
