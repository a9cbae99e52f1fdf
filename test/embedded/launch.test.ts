import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from '../../embedded/places';
import { clearScratch, eventually, killScripts, runNode, scratch } from './scratch';

jest.setTimeout(60_000);
afterEach(async () => {
  killScripts();
  await clearScratch();
});

/** A repository with one target, no dependencies, and an npm that only says what it was asked. */
function repository({ node = '>=20.19.0' } = {}) {
  const { dataDir, env } = scratch();
  const root = path.join(dataDir, 'repository');
  fs.mkdirSync(path.join(root, 'embedded'), { recursive: true });
  fs.copyFileSync(path.join(REPOSITORY, 'embedded', 'launch.mjs'), path.join(root, 'embedded', 'launch.mjs'));
  const lock = {
    name: 'x',
    lockfileVersion: 3,
    packages: { '': { name: 'x' }, 'node_modules/a': { version: '1.0.0' } },
  };
  fs.writeFileSync(path.join(root, 'package.json'), JSON.stringify({ name: 'x', engines: { node } }));
  fs.writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify(lock));
  const npm = path.join(root, 'npm.js');
  fs.writeFileSync(
    npm,
    `require('fs').mkdirSync('node_modules', {recursive: true}); require('fs').writeFileSync('asked', process.argv.slice(2).join(' '));`
  );
  const launch = (target: string, ...args: string[]) => {
    fs.writeFileSync(path.join(root, 'target.cjs'), target);
    return runNode(['embedded/launch.mjs', 'target.cjs', ...args], { ...env, npm_execpath: npm }, root);
  };
  const asked = () =>
    fs.existsSync(path.join(root, 'asked')) ? fs.readFileSync(path.join(root, 'asked'), 'utf8') : undefined;
  return { root, launch, asked, lock };
}

describe('the launcher', () => {
  it('installs when there is nothing, once, in one line', async () => {
    const { launch, asked, root } = repository();
    const first = launch('console.log("ran", process.argv.slice(2).join())', '--a', 'b');
    expect(await first.exit).toBe(0);
    expect(first.printed()).toBe('installing dependencies (npm ci)\nran --a,b\n');
    expect(asked()).toBe('ci');
    fs.rmSync(path.join(root, 'asked'));
    const second = launch('console.log("ran")');
    await second.exit;
    expect(second.printed()).toBe('ran\n');
    expect(asked()).toBeUndefined();
  });

  it('installs again when the lock file has changed', async () => {
    const { launch, asked, root } = repository();
    await launch('').exit;
    fs.rmSync(path.join(root, 'asked'));
    fs.appendFileSync(path.join(root, 'package-lock.json'), '\n');
    await launch('').exit;
    expect(asked()).toBe('ci');
  });

  it('accepts what npm ci installed before, and writes that down', async () => {
    const { launch, asked, root, lock } = repository();
    fs.mkdirSync(path.join(root, 'node_modules'));
    fs.writeFileSync(
      path.join(root, 'node_modules', '.package-lock.json'),
      JSON.stringify({ packages: lock.packages })
    );
    await launch('').exit;
    expect(asked()).toBeUndefined();
    const hash = createHash('sha256').update(JSON.stringify(lock)).digest('hex');
    expect(fs.readFileSync(path.join(root, 'node_modules', '.longshore-install'), 'utf8')).toBe(hash);
  });

  it('does not accept other versions than the locked ones', async () => {
    const { launch, asked, root } = repository();
    fs.mkdirSync(path.join(root, 'node_modules'));
    const packages = { 'node_modules/a': { version: '0.9.0' } };
    fs.writeFileSync(path.join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
    await launch('').exit;
    expect(asked()).toBe('ci');
  });

  it('refuses a Node that is too old, before anything else', async () => {
    const { launch, asked } = repository({ node: '>=99.5.0' });
    const run = launch('console.log("ran")');
    expect(await run.exit).toBe(1);
    expect(run.printed()).toBe(
      `Longshore needs Node 99.5 or later, and this is Node ${process.versions.node}: install a newer one\n`
    );
    expect(asked()).toBeUndefined();
  });

  it('passes the exit code on', async () => {
    expect(await repository().launch('process.exit(7)').exit).toBe(7);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('passes %s on and waits', async (signal) => {
    const { launch } = repository();
    const run = launch(`
      process.on('${signal}', () => setTimeout(() => { console.log('tidied'); process.exit(3); }, 200));
      setInterval(() => {}, 1000); console.log('up');`);
    await eventually(() => run.printed().includes('up'));
    run.child.kill(signal);
    expect(await run.exit).toBe(3);
    expect(run.printed()).toContain('tidied');
  });
});
