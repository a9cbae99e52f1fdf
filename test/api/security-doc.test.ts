import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const REPOSITORY = join(__dirname, '../..');
const text = readFileSync(join(REPOSITORY, 'docs/security.md'), 'utf8');
const rows = [...text.matchAll(/^\| (API\d+) ([^|]+)\|([^|]+)\|([^|]+)\|$/gm)].map((row) =>
  row.map((cell) => cell.trim())
);

it('walks through all ten risks, in order', () => {
  expect(rows.map(([, risk]) => risk)).toEqual(Array.from({ length: 10 }, (_, index) => `API${index + 1}`));
});

it.each(rows.map(([, risk, name, guard, tests]) => [risk, name, guard, tests]))(
  '%s %s',
  (_risk, _name, guard, tests) => {
    expect(guard).not.toBe('');
    const files = [...tests!.matchAll(/`([^`]+)`/g)].map(([, file]) => file!);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(join(REPOSITORY, file)))).toEqual([]);
  }
);
