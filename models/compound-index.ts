/**
 * The index of a collection whose documents are changed by their id while a field is as it was read. MongoDB would do with the one
 * on ids; SecantusDB reads the whole collection for two conditions unless one index has both.
 */
export function byIdAnd(field: string): Record<string, 1> {
  return { _id: 1, [field]: 1 };
}
