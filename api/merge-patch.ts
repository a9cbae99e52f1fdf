type Loose = Record<string, unknown>;

export function isObject(value: unknown): value is Loose {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** RFC 7396: objects are merged, null removes, everything else replaces. Neither argument is changed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

/** The dotted paths of the values that a patch names: `{offer: {minimumStock: 3}}` names `offer.minimumStock`. */
export function patchedPaths(patch: unknown, base = ''): string[] {
  if (!isObject(patch)) return base ? [base] : [];
  return Object.entries(patch).flatMap(([key, value]) => patchedPaths(value, base ? `${base}.${key}` : key));
}
