import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** `npm run fuzz [examples]`: the fuzzing of the tests, at length. */
const REPOSITORY = join(__dirname, '../..');
const examples = process.argv[2] ?? '100';

const { status } = spawnSync(
  process.execPath,
  [join(REPOSITORY, 'node_modules/jest/bin/jest.js'), '--runInBand', 'test/fuzz'],
  {
    cwd: REPOSITORY,
    stdio: 'inherit',
    env: { ...process.env, FUZZ_EXAMPLES: examples, FUZZ_SECONDS: '3600', FUZZ_PHASES: 'examples,coverage,fuzzing' },
  }
);
process.exitCode = status ?? 1;
