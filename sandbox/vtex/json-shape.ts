/** Which of the paths (`item.dimension.weight`) lead to no key in an object; a key with null is there. */
export function missingKeys(value: unknown, paths: readonly string[]): string[] {
  return paths.filter((path) => !hasPath(value, path.split('.')));
}

function hasPath(value: unknown, [key = '', ...rest]: string[]): boolean {
  if (typeof value !== 'object' || value === null || !(key in value)) return false;
  return rest.length === 0 || hasPath((value as Record<string, unknown>)[key], rest);
}
