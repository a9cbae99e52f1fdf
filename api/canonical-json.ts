import { isObject } from './merge-patch';

/** The same text for the same JSON value, whatever the order of its keys. */
export function canonicalJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part
  ) as string | undefined;
  return text ?? '';
}
