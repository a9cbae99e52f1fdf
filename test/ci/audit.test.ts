import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '../../.ci/audit.mjs');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'longshore-audit-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The script, with a stand-in for npm that says this. */
function audit(said: string, code: number): { status: number | null; stderr: string } {
  const npm = join(folder, 'npm.js');
  writeFileSync(npm, `process.stdout.write(${JSON.stringify(said)}); process.exitCode = ${code};`);
  const env = { ...process.env, npm_execpath: npm };
  return spawnSync(process.execPath, [SCRIPT], { env, encoding: 'utf8' });
}

const report = (severity: string, high: number, critical: number) =>
  JSON.stringify({
    vulnerabilities: { leftpad: { severity, range: '<2', fixAvailable: true } },
    metadata: { vulnerabilities: { low: 0, moderate: 1, high, critical, total: 1 + high + critical } },
  });

it.each([
  ['a finding of severity high', report('high', 1, 0), 1, 1, 'audit: high: leftpad <2 (npm audit fix mends it)'],
  ['a critical finding', report('critical', 0, 1), 1, 1, 'audit: critical: leftpad <2'],
  ['findings below that', report('moderate', 0, 0), 0, 0, 'audit: 0 of severity high and above, 1 in all'],
  [
    'a registry that refuses',
    JSON.stringify({ message: '405 Method Not Allowed', statusCode: 405 }),
    1,
    0,
    'could not ask',
  ],
  [
    'a registry that is away',
    JSON.stringify({ error: { code: 'ENOTFOUND', summary: 'no network' } }),
    1,
    0,
    'no network',
  ],
  ['no word', '', 1, 0, 'audit: could not ask the registry, so nothing is known: no word'],
])('%s', (_what, said, code, status, line) => {
  const ran = audit(said, code);
  expect([ran.status, ran.stderr]).toEqual([status, expect.stringContaining(line)]);
});
