import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAmazon } from '../../adapters/amazon';
import { createInProcessLimiter } from '../../adapters/limiter/in-process';
import { ENDPOINTS } from '../../api/endpoints';
import { startSandbox, type Sandbox } from '../../sandbox';
import { ADMIN_KEY, ApiUnderTest } from '../api/api-under-test';
import { runProgram, schemathesis } from './schemathesis';
import { seed, type Seed } from './seed';

/** How many generated requests each operation gets in each phase. `npm run fuzz` sets more. */
const EXAMPLES = Number(process.env.FUZZ_EXAMPLES ?? 4);
/** `npm run fuzz` also goes through every boundary of every schema, which takes minutes. */
const PHASES = process.env.FUZZ_PHASES ?? 'examples,fuzzing';
const BOUND_MS = Number(process.env.FUZZ_SECONDS ?? 600) * 1000;

/** What every answer is held against. What a schema cannot say is refused with 422, which is documented: no check is made of that. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
  'allow_header_conformance',
  'ignored_auth',
];

let api: ApiUnderTest;
let sandbox: Sandbox;
let program: string;
let folder: string;
beforeAll(async () => {
  program = await schemathesis();
  folder = mkdtempSync(join(tmpdir(), 'longshore-fuzz-'));
  sandbox = await startSandbox({ rateFactor: 1000 });
  const world = await fetch(`${sandbox.url}/__sandbox/worlds/w`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ generate: 5, seed: 1 }),
  });
  const { amazon: facts } = (await world.json()) as {
    amazon: { clientId: string; clientSecret: string; refreshToken: string; sellerId: string };
  };
  const amazon = createAmazon({
    lwaUrl: `${sandbox.url}/auth/o2/token`,
    spApiUrl: () => sandbox.url,
    limiter: createInProcessLimiter(),
    credentials: () => Promise.resolve(facts),
    timeoutMs: 10_000,
  });
  api = await ApiUnderTest.start({ productTypes: amazon.productTypes, requestsPerMinute: 10_000_000 });
}, 400_000);
afterAll(async () => {
  await api?.stop();
  await sandbox?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

function configOf({ parameters, operations }: Seed): string {
  const dictionaries: string[] = [];
  const bindings = (of: Seed['parameters'], probability: number) =>
    Object.entries(of).map(([name, values]) => {
      // One value is the value; of several one is drawn, or now and then any other.
      if (values.length === 1) return `"${name}" = ${JSON.stringify(values[0])}`;
      const dictionary = `d${dictionaries.length}`;
      dictionaries.push(`[dictionaries.${dictionary}]`, `values = ${JSON.stringify(values)}`);
      return `"${name}" = { dictionary = "${dictionary}", probability = ${probability} }`;
    });
  const bound = [
    '[parameters]',
    ...bindings(parameters, 0.8),
    ...Object.entries(operations).flatMap(([name, of]) => [
      '[[operations]]',
      `include-name = ${JSON.stringify(name)}`,
      '[operations.parameters]',
      ...bindings(of, 1),
    ]),
  ];
  return [...bound, ...dictionaries].join('\n');
}

it(
  `answers whatever its own documentation lets one ask: ${ENDPOINTS.length} operations`,
  async () => {
    writeFileSync(join(folder, 'schemathesis.toml'), configOf(await seed(api)));
    const { code, said } = await runProgram(
      program,
      [
        'run',
        `${api.url}/openapi.json`,
        `--url=${api.url}`,
        `--header=Authorization: Bearer ${ADMIN_KEY}`,
        `--phases=${PHASES}`,
        `--max-examples=${EXAMPLES}`,
        `--checks=${CHECKS.join(',')}`,
        '--continue-on-failure',
        '--request-timeout=20',
        '--warnings=off',
        '--no-color',
        ...(process.env.FUZZ_SEED ? [`--seed=${process.env.FUZZ_SEED}`] : []),
      ],
      folder,
      BOUND_MS
    );
    if (process.env.FUZZ_TALLY) writeFileSync(process.env.FUZZ_TALLY, api.logs.join(''));
    expect([code, code === 0 ? '' : said]).toEqual([0, '']);
    // Requests that are all refused would show nothing.
    const lines = api.logs.join('').split('\n');
    const carriedOut = lines.filter((line) => /"statusCode":2\d\d/.test(line));
    const resources = carriedOut.flatMap((line) => /"method":"\w+","path":"\/v1\/[^/"?]+/.exec(line) ?? []);
    expect(new Set(resources).size).toBeGreaterThan(10);
  },
  BOUND_MS + 30_000
);
