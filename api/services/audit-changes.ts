import { SECRET_FIELDS } from '../../domain/connector-contract';
import { REDACTED, withoutShapes } from '../../domain/redaction';
import type { AuditEntry } from '../../models/audit-log';
import { isObject } from '../merge-patch';

type Change = AuditEntry['changes'][number];

const LONGEST_VALUE = 300;
const MOST_CHANGES = 200;

/** Names of fields whose values are never told, wherever they stand. */
const SECRET_NAMES = new Set<string>(SECRET_FIELDS.map((path) => path.split('.').at(-1)!));

/**
 * What differs between two states of something, field by field, for people: each value as text, cut after 300 characters, and
 * secrets as `[secret]`. Null stands for nothing.
 *
 * @param before - null when it did not exist
 * @param after - null when it exists no more
 * @param written - fields that are told also when they look the same: secrets that were replaced
 */
export function changesBetween(before: object | null, after: object | null, written: readonly string[] = []): Change[] {
  const [was, is] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((field) => ({ field, before: was.get(field) ?? null, after: is.get(field) ?? null }))
    .filter((change) => change.before !== change.after || written.includes(change.field))
    .sort((a, b) => (a.field < b.field ? -1 : 1))
    .slice(0, MOST_CHANGES);
}

function leavesOf(value: unknown, path = ''): Map<string, string> {
  if (isObject(value) && !(value instanceof Date))
    return new Map(
      Object.entries(value).flatMap(([key, each]) => [...leavesOf(each, path === '' ? key : `${path}.${key}`)])
    );
  const isNothing = value === undefined || value === null || value === '';
  return isNothing ? new Map() : new Map([[path, shown(path, value)]]);
}

function shown(path: string, value: unknown): string {
  if (isSecret(path)) return REDACTED;
  const text = typeof value === 'string' ? value : value instanceof Date ? value.toISOString() : JSON.stringify(value);
  return withoutShapes(text).slice(0, LONGEST_VALUE);
}

function isSecret(path: string): boolean {
  return SECRET_NAMES.has(path.split('.').at(-1)!);
}
