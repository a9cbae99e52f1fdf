import { selectorsOf } from './product-types';
import type { Attributes } from './schema-issues';

export const PATCH_OPERATIONS = ['add', 'replace', 'merge', 'delete'] as const;

export interface AttributePatch {
  op: (typeof PATCH_OPERATIONS)[number];
  /** A top-level attribute. */
  name: string;
  value: Record<string, unknown>[];
}

/**
 * The attributes after the patches, in order; the given ones stay untouched.
 * `add` and `replace` put the value in the place of all instances; `merge` lays each given instance over the one with the
 * same selectors, property by property, or adds it; `delete` removes the instances whose selectors are named in the value, so
 * a value without any selector removes nothing.
 */
export function applyPatches(attributes: Attributes, patches: AttributePatch[]): Attributes {
  const result: Attributes = { ...attributes };
  for (const { op, name, value } of patches) {
    const present = result[name] ?? [];
    const selectors = selectorsOf(name);
    if (op === 'add' || op === 'replace') result[name] = value;
    else if (op === 'merge') result[name] = merged(present, value, selectors);
    else
      result[name] = present.filter((instance) => !value.some((selection) => selects(selection, instance, selectors)));
    if (result[name]?.length === 0) delete result[name];
  }
  return result;
}

function merged(present: Attributes[string], value: Attributes[string], selectors: string[]): Attributes[string] {
  const result = [...present];
  for (const instance of value) {
    const index = result.findIndex((known) => selectors.every((selector) => known[selector] === instance[selector]));
    if (index < 0) result.push(instance);
    else result[index] = { ...result[index], ...instance };
  }
  return result;
}

function selects(selection: Record<string, unknown>, instance: Record<string, unknown>, selectors: string[]): boolean {
  const named = selectors.filter((selector) => selection[selector] !== undefined);
  return named.length > 0 && named.every((selector) => selection[selector] === instance[selector]);
}
