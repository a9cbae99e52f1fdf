import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, loadConfig } from '../../config';

const path = join(__dirname, '../../.env.example');
const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];

/** `NAME=value`, or `# NAME=value` for a variable that is shown but not set. */
function variables(pattern: RegExp): Record<string, string> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const found = pattern.exec(line.trim());
      return found ? [[found[1]!, found[2]!.trim().replace(/^(["'])(.*)\1$/, '$2')]] : [];
    })
  );
}

const shown = variables(/^#?\s*([A-Z][A-Z0-9_]*)=(.*)$/);
const set = variables(/^([A-Z][A-Z0-9_]*)=(.*)$/);

test('.env.example is there', () => {
  expect(existsSync(path)).toBe(true);
});

test('shows every variable that is read, and no other', () => {
  expect(Object.keys(shown).sort()).toEqual(Object.keys(environment.shape).sort());
});

test('can be loaded as it is for development', () => {
  expect(() => loadConfig({ ...set, NODE_ENV: 'development' })).not.toThrow();
});

test('what is shown but not set could be set as shown', () => {
  expect(() => loadConfig({ ...shown, NODE_ENV: 'development' })).not.toThrow();
});

test('its secrets are refused in production', () => {
  expect(() => loadConfig({ ...set, NODE_ENV: 'production' })).toThrow(/example value|repeated byte/);
});
