/** Groups of figures that one run measures together, in this order. */
export const GROUP_NAMES = [
  'definitions',
  'throughput',
  'limits',
  'unchanged',
  'scaling',
  'api',
  'crash',
  'chaos',
  'urgent',
  'orders',
  'held-orders',
  'worker-memory',
] as const;
export type GroupName = (typeof GROUP_NAMES)[number];

/** Those that take long in any size are not part of the short form. */
export const SHORT_GROUPS: readonly GroupName[] = GROUP_NAMES.filter((name) => name !== 'worker-memory');
