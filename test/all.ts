import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `npm test`: what can be checked without running, then every test, then one closing line. */
const REPOSITORY = join(__dirname, '..');

function run(title: string, command: string, args: string[]): boolean {
  const startedAt = Date.now();
  process.stderr.write(`\n== ${title}\n`);
  const { status } = spawnSync(process.execPath, [join(REPOSITORY, 'node_modules', command), ...args], {
    cwd: REPOSITORY,
    stdio: 'inherit',
  });
  process.stderr.write(
    `== ${title}: ${status === 0 ? 'good' : 'FAILED'} after ${((Date.now() - startedAt) / 1000).toFixed(0)} s\n`
  );
  return status === 0;
}

interface JestResult {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numFailedTestSuites: number;
}

function runTests(filters: string[]): JestResult {
  const folder = mkdtempSync(join(tmpdir(), 'longshore-tests-'));
  const file = join(folder, 'result.json');
  const isGood = run('tests', 'jest/bin/jest.js', ['--json', `--outputFile=${file}`, ...filters]);
  try {
    const result = JSON.parse(readFileSync(file, 'utf8')) as JestResult;
    return isGood ? result : { ...result, numFailedTests: Math.max(1, result.numFailedTests) };
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numFailedTestSuites: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const checks: [string, string, string[]][] = [
  ['types', 'typescript/bin/tsc', []],
  ['lint', 'eslint/bin/eslint.js', ['.']],
  [
    'boundaries',
    'dependency-cruiser/bin/dependency-cruise.mjs',
    ['.', '--config', '.dependency-cruiser.cjs', '--output-type', 'err'],
  ],
  ['unused code', 'knip/bin/knip.js', []],
  ['format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']],
];
const results = checks.map(([title, command, args]) => run(title, command, args));
const tests = runTests(process.argv.slice(2));
const passed = tests.numPassedTests + results.filter(Boolean).length;
const failed = tests.numFailedTests + results.filter((isGood) => !isGood).length;
const skipped = tests.numPendingTests > 0 ? `, ${tests.numPendingTests} skipped` : '';
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped}\n`);
process.exitCode = failed === 0 ? 0 : 1;
