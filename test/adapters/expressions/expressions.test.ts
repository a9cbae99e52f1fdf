import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { jsonataExpressions } from '../../../adapters/expressions';
import type { ExpressionResult, Expressions } from '../../../domain/ports/expressions';

const item = {
  title: 'Hoodie X',
  price: 5,
  options: { size: 'XS', constructor: 'Ford' },
  attributes: { material: ['wool', 'cotton'] },
};

const forever = new AbortController().signal;

/** A text of two times two to the power of `times` characters, which takes no room until it is looked at. */
const long = (times: number): string => `$reduce([1..${times}], function($all, $each){ $all & $all }, "xx")`;
const NEVER_ENDING = {
  loop: '($f := function($x) { $f($x) }; $f(1))',
  regex: '$contains("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /(a+)+$/)',
};

let expressions: Expressions;
beforeAll(() => (expressions = jsonataExpressions()));
afterAll(() => expressions.close());

function evaluate(...texts: string[]): Promise<ExpressionResult[]> {
  return expressions.evaluate(
    texts.map((expression) => ({ expression, input: item })),
    forever
  );
}

async function errorOf(text: string): Promise<{ code: string; message: string }> {
  const [result] = await evaluate(text);
  if (!result || !('error' in result)) throw new Error(`${text} gave ${JSON.stringify(result)}`);
  return result.error;
}

describe('what an expression gives', () => {
  test.each([
    ['a text', 'title & "!"', 'Hoodie X!'],
    ['a number', 'price * 2.5', 12.5],
    ['a choice', 'price > 3 ? "high" : "low"', 'high'],
    ['several values', '$sort(attributes.material)', ['cotton', 'wool']],
    ['a value by its place', 'attributes.material[0]', 'wool'],
    ['an object', '{"size": options.size}', { size: 'XS' }],
    ['a replacement', '$replace(title, /(\\w+)/, "<$1>")', '<Hoodie> <X>'],
    ['a formatted number', '$formatNumber(1234.5, "#,##0.00")', '1,234.50'],
    ['nothing', 'attributes.colour', undefined],
    ['nothing by name of what every object has', 'attributes.hasOwnProperty', undefined],
    ['a field that is called like what every object has', 'options.constructor', 'Ford'],
  ])('%s', async (_, text, value) => {
    expect(await evaluate(text)).toEqual([{ value }]);
  });

  test('comes in the order of the batch, each for its own input', async () => {
    const inputs = Array.from({ length: 300 }, (_, place) => ({ place }));
    const batch = inputs.flatMap((input) => ['place', 'place + 1'].map((expression) => ({ expression, input })));

    const results = await expressions.evaluate(batch, forever);

    expect(results).toEqual(inputs.flatMap(({ place }) => [{ value: place }, { value: place + 1 }]));
  });

  test('is right for a batch of many megabytes', async () => {
    const text = 'é"\n'.repeat(50_000);
    const batch = Array.from({ length: 100 }, (_, place) => ({ expression: 'place', input: { place, text } }));

    expect(await expressions.evaluate(batch, forever)).toEqual(batch.map(({ input }) => ({ value: input.place })));
  });

  test('batches that are asked for at once wait for each other', async () => {
    const batches = await Promise.all(['"one"', '"two"', '"three"'].map((text) => evaluate(text)));

    expect(batches.flat()).toEqual([{ value: 'one' }, { value: 'two' }, { value: 'three' }]);
  });
});

describe('bounds', () => {
  test.each([
    ['a loop that never ends', NEVER_ENDING.loop, 'timeout', 'it takes longer than 1 s'],
    ['a regular expression that backtracks for ever', NEVER_ENDING.regex, 'timeout', 'it takes longer than 1 s'],
    ['recursion without end', '($f := function($x) { 1 + $f($x) }; $f(1))', 'runtime', 'Stack overflow'],
    ['a range of a thousand million', '[1..1e9]', 'too_large', '50,000 entries'],
    ['a range of ten million', '[1..1e7]', 'too_large', '50,000 entries'],
    ['a list that doubles', '($f := function($x) { $f($append($x, $x)) }; $f([1]))', 'too_large', '50,000 entries'],
    ['a text of 500 MB', '$pad("x", 500000000)', 'too_large', '32 KiB'],
    ['a text beyond what there can be', long(40), 'too_large', '32 KiB'],
    ['many texts in a list', `[1..1000].$pad("x", 100)`, 'too_large', '32 KiB'],
    ['a number without end', '1 / 0', 'runtime', 'a number without end'],
    ['a function', '$sum', 'runtime', 'it gives a function'],
    ['a function within', '{"a": [function($x) { $x }]}', 'runtime', 'it gives a function'],
    ['what is not allowed', '$eval("1 + 1")', 'runtime', '$eval is not allowed here'],
    ['the time of day', '$now()', 'runtime', '$now is not allowed here'],
    ['chance', '[1..3] ~> $shuffle', 'runtime', '$shuffle is not allowed here'],
    ['an error of its own', '$error("no size")', 'runtime', 'no size'],
    ['a wrong operand', '$number(title)', 'runtime', 'Unable to cast value to a number: "Hoodie X"'],
    ['no expression', 'title &', 'syntax', 'Unexpected end of expression'],
  ])('%s', async (_, text, code, message) => {
    expect(await errorOf(text)).toEqual({ code, message: expect.stringContaining(message) });
  });

  // Whether memory or time runs out first depends on the machine; either ends the process that evaluates, and nothing else.
  test.each([
    ['one huge allocation', `$uppercase(${long(27)})`],
    ['a huge list', `$split(${long(26)}, "")`],
    ['many large values at once', '[1..49999].$uppercase($pad("a", 100000) & $string($))'],
  ])('%s', async (_, text) => {
    const [spoilt, before] = await evaluate(text, 'title');

    expect(['memory', 'timeout', 'too_large']).toContain(spoilt && 'error' in spoilt ? spoilt.error.code : spoilt);
    expect(before).toEqual({ value: 'Hoodie X' });
    expect(await evaluate('title')).toEqual([{ value: 'Hoodie X' }]);
  });

  test('an item that is too large', async () => {
    const input = { text: 'x'.repeat(2 * 1024 * 1024) };

    const results = await expressions.evaluate(
      [
        { expression: '1', input },
        { expression: '1', input: item },
      ],
      forever
    );

    expect(results).toMatchObject([{ error: { code: 'too_large' } }, { value: 1 }]);
  });
});

describe('one bad expression', () => {
  test('spoils only its own results, and is given up after some of them', async () => {
    const inputs = Array.from({ length: 200 }, (_, place) => ({ place }));
    const batch = inputs.flatMap((input) =>
      [NEVER_ENDING.regex, 'place', NEVER_ENDING.loop].map((expression) => ({ expression, input }))
    );

    const results = await expressions.evaluate(batch, forever);

    const timeout = { error: expect.objectContaining({ code: 'timeout' }) as unknown };
    expect(results).toEqual(inputs.flatMap(({ place }) => [timeout, { value: place }, timeout]));
  });

  test('that backtracks on some inputs only is right on the others', async () => {
    const expression = '$contains(text, /^(a+)+$/)';
    const evil = `${'a'.repeat(50)}!`;
    const texts = ['aaa', evil, 'aab', 'aaaa'];

    const results = await expressions.evaluate(
      texts.map((text) => ({ expression, input: { text } })),
      forever
    );

    expect(results).toMatchObject([{ value: true }, { error: { code: 'timeout' } }, { value: false }, { value: true }]);
  });

  test('leaves nothing behind for the next one', async () => {
    const attempts = [
      '{"__proto__": {"polluted": 1}}',
      '$merge([{"__proto__": {"polluted": 1}}])',
      '$ ~> |$|{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}|',
      '($title := "changed"; $title)',
      '$ ~> |$|{"title": "changed"}|',
    ];

    const results = await evaluate(...attempts, '{}.polluted', '"".polluted', '$.polluted', '$polluted', 'title');

    expect(results.slice(attempts.length)).toEqual([
      ...Array.from({ length: 4 }, () => ({ value: undefined })),
      { value: 'Hoodie X' },
    ]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('sees nothing of the process: no environment, no modules', async () => {
    const names = ['process', 'require', 'global', 'globalThis', 'env', 'Buffer', 'module'];

    const results = await evaluate(...names, ...names.map((name) => `$${name}`));

    expect(results).toEqual(results.map(() => ({ value: undefined })));
  });
});

describe('ending', () => {
  test('an abort ends what runs at once, with its reason, and leaves no process', async () => {
    const own = jsonataExpressions({ evaluationMs: 60_000 });
    const stop = new AbortController();
    const begun = own.evaluate([{ expression: NEVER_ENDING.regex, input: {} }], stop.signal);
    const waiting = own.evaluate([{ expression: '1', input: {} }], AbortSignal.timeout(400));
    await expect(waiting).rejects.toThrow('timeout');
    const before = Date.now();
    stop.abort(new Error('enough'));

    await expect(begun).rejects.toThrow('enough');
    expect(Date.now() - before).toBeLessThan(2_000);
    expect(await own.evaluate([{ expression: '1', input: {} }], forever)).toEqual([{ value: 1 }]);

    await own.close();
    await expect(own.evaluate([{ expression: '1', input: {} }], forever)).rejects.toThrow('closed');
  });

  test('an evaluator that was not closed keeps nobody from ending, and its process ends with it', () => {
    const script = `
      const { jsonataExpressions } = require('./adapters/expressions');
      jsonataExpressions()
        .evaluate([{ expression: '6 * 7', input: {} }], new AbortController().signal)
        .then((results) => console.log(JSON.stringify(results)));`;

    const said = execFileSync(process.execPath, ['--import', 'tsx', '--eval', script], { timeout: 30_000 });

    expect(String(said)).toBe('[{"value":42}]\n');
  });
});

test('an expression that never ends does not outlive a service that was killed', async () => {
  const script = `
    const processes = require('node:child_process');
    const { spawn } = processes;
    processes.spawn = (...args) => {
      const child = spawn(...args);
      console.log(child.pid);
      return child;
    };
    const { jsonataExpressions } = require('./adapters/expressions');
    jsonataExpressions({ evaluationMs: 600_000 })
      .evaluate([{ expression: ${JSON.stringify(NEVER_ENDING.regex)}, input: {} }], new AbortController().signal);`;
  const service = spawn(process.execPath, ['--import', 'tsx', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = (await once(service.stdout, 'data')) as [Buffer];
  const isAlive = (): boolean => {
    try {
      return process.kill(Number(String(pid)), 0);
    } catch {
      return false;
    }
  };
  await sleep(1_000);
  expect(isAlive()).toBe(true);

  service.kill('SIGKILL');

  const until = Date.now() + 20_000;
  while (isAlive() && Date.now() < until) await sleep(100);
  expect(isAlive()).toBe(false);
});

test('a thousand items with five expressions each take a few seconds at most', async () => {
  const texts = [
    'title & " " & options.size',
    '$uppercase(title)',
    '$substring(description, 0, 50)',
    '$join(attributes.material, ", ")',
    'price > 3 ? "high" : "low"',
  ];
  const batch = Array.from({ length: 1000 }, (_, at) => ({
    ...item,
    title: `Item ${at}`,
    description: 'Warm and soft. '.repeat(100),
  })).flatMap((input) => texts.map((expression) => ({ expression, input })));
  const before = performance.now();

  const results = await expressions.evaluate(batch, forever);

  const took = performance.now() - before;
  console.log(`5,000 evaluations: ${Math.round(took)} ms`);
  expect(results.filter((each) => 'error' in each)).toEqual([]);
  expect(took).toBeLessThan(10_000);
});
