import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { GROUP_NAMES } from '../../bench/group-names';
import { REPOSITORY } from '../../embedded/places';

jest.setTimeout(420_000);

const run = promisify(execFile);

/** Those that need neither minutes nor a Redis. */
const GROUPS = ['definitions', 'limits'];

interface Line {
  figure: string;
  value: number;
  baseline: number | null;
  target: string | null;
  met: boolean | null;
  command: string;
}

describe('npm run bench', () => {
  it('measures in its short form, and misses nothing grossly', async () => {
    const { stdout } = await run(
      process.execPath,
      ['--import', 'tsx', path.join(REPOSITORY, 'bench', 'main.ts'), '--short', '--json', '--only', GROUPS.join(',')],
      { cwd: REPOSITORY, maxBuffer: 1e7 }
    );
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    for (const line of lines) {
      expect(line).toEqual({
        ...line,
        figure: expect.stringMatching(/^[a-z]+\/[a-z0-9-]+$/) as string,
        value: expect.any(Number) as number,
        command: `npm run bench -- --short --only ${line.figure.split('/')[0]}`,
      });
      expect('baseline' in line && 'target' in line && 'met' in line).toBe(true);
      expect(Number.isFinite(line.value)).toBe(true);
    }
    expect([...new Set(lines.map(({ figure }) => figure.split('/')[0]))]).toEqual(GROUPS);
  });

  it('names the groups of figures when it is asked for one that it does not have', async () => {
    const failed = run(process.execPath, [
      '--import',
      'tsx',
      path.join(REPOSITORY, 'bench', 'main.ts'),
      '--only',
      'luck',
    ]);
    await expect(failed).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`'luck' is no group of figures; there are ${GROUP_NAMES.join(', ')}`) as string,
    });
  });
});
