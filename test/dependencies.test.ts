import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface Installed {
  version?: string;
  dependencies?: Record<string, Installed>;
}

/** `npm ls --json`: the tree of installed packages, as npm resolves them. */
async function installed(...args: string[]): Promise<Installed> {
  const { stdout } = await promisify(execFile)('npm', ['ls', ...args, '--json'], {
    cwd: join(__dirname, '..'),
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout) as Installed;
}

/** Every occurrence of a package in the tree, with the packages it lies under. */
function* each(
  tree: Installed,
  under: readonly string[] = []
): Generator<{ path: readonly string[]; version: string }> {
  for (const [name, child] of Object.entries(tree.dependencies ?? {})) {
    const path = [...under, name];
    yield { path, version: child.version ?? '' };
    yield* each(child, path);
  }
}

describe('the installed packages', () => {
  it('have one protobufjs 8 for all of Temporal, without which recorded histories cannot be read', async () => {
    const tree = await installed('protobufjs');
    const root = tree.dependencies?.protobufjs?.version ?? '';
    expect(root).toMatch(/^8\./);
    const ofTemporal = [...each(tree)].filter(
      ({ path }) => path.at(-1) === 'protobufjs' && path.at(-2)?.startsWith('@temporalio/')
    );
    expect(ofTemporal.length).toBeGreaterThan(0);
    expect(new Set(ofTemporal.map(({ version }) => version))).toEqual(new Set([root]));
  });

  it('have all of Temporal in one version', async () => {
    const names = ['activity', 'client', 'common', 'core-bridge', 'nexus', 'proto', 'testing', 'worker', 'workflow'];
    const tree = await installed(...names.map((name) => `@temporalio/${name}`));
    const temporal = [...each(tree)].filter(({ path }) => path.at(-1)?.startsWith('@temporalio/'));
    for (const name of names) expect(temporal.map(({ path }) => path.at(-1))).toContain(`@temporalio/${name}`);
    expect([...new Set(temporal.map(({ version }) => version))]).toHaveLength(1);
  });

  it('are locked with every platform package that they name, without which npm ci refuses to install', () => {
    const lock = JSON.parse(readFileSync(join(__dirname, '..', 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const locked = Object.keys(lock.packages);
    const missing = Object.values(lock.packages)
      .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
      .filter((name) => !locked.some((path) => path.endsWith(`node_modules/${name}`)));
    expect(missing).toEqual([]);
  });
});
