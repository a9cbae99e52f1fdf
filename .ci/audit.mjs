// `npm run audit`: fails on known vulnerabilities of severity high and above in what is installed. A registry that does not answer
// the question is no finding, and is said plainly.
import { spawnSync } from 'node:child_process';

// npm tells scripts where it is; a plain `node .ci/audit.mjs` finds it on PATH.
const npm = process.env.npm_execpath;
const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
const { stdout, error } = spawnSync(command, [...args, 'audit', '--audit-level=high', '--json'], {
  encoding: 'utf8',
  shell: process.platform === 'win32' && command === 'npm',
  maxBuffer: 64 * 1024 * 1024,
});

const report = parsed(stdout ?? '');
const counts = report?.metadata?.vulnerabilities;
if (!counts) {
  const reason = report?.message ?? report?.error?.summary ?? error?.message ?? 'no word';
  console.error(`audit: could not ask the registry, so nothing is known: ${String(reason).trim().slice(0, 300)}`);
} else {
  for (const [name, { severity, range, fixAvailable }] of Object.entries(report.vulnerabilities))
    if (severity === 'high' || severity === 'critical')
      console.error(`audit: ${severity}: ${name} ${range}${fixAvailable ? ' (npm audit fix mends it)' : ''}`);
  const serious = counts.high + counts.critical;
  console.error(`audit: ${serious} of severity high and above, ${counts.total} in all`);
  process.exitCode = serious === 0 ? 0 : 1;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
