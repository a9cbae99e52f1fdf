import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../../embedded/places';

jest.setTimeout(420_000);

const run = promisify(execFile);

interface Line {
  figure: string;
  value: number;
  target: string | null;
  met: boolean | null;
}

describe('npm run bench -- --only chaos', () => {
  it('leaves books of orders that agree to the unit after faults and killed workers, in its short form', async () => {
    const main = path.join(REPOSITORY, 'bench', 'main.ts');
    const { stdout, stderr } = await run(
      process.execPath,
      ['--import', 'tsx', main, '--short', '--json', '--only', 'chaos'],
      { cwd: REPOSITORY, maxBuffer: 1e7, env: { ...process.env, CHAOS: 'orders' } }
    );
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const held = lines.filter(({ target }) => target !== null);
    expect(held.map(({ figure, value }) => [figure, value, stderr])).toEqual(
      ['books-disagree', 'units-off', 'holds-doubled', 'mails-wrong'].map((what) => [`chaos/orders-${what}`, 0, stderr])
    );
    const valueOf = (what: string): number => lines.find(({ figure }) => figure === `chaos/orders-${what}`)!.value;
    expect([valueOf('mails'), valueOf('requests-gone-wrong')].every((value) => value > 0)).toBe(true);
  });
});
