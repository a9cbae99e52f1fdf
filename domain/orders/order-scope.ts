import type { OrderState } from './order-state';

/** Why the order is none of ours; undefined when it is. */
export function whyIgnored({ facts, policy }: OrderState): 'before_activation' | 'fulfilled_by_amazon' | undefined {
  if (facts.fulfilledBy === 'amazon') return 'fulfilled_by_amazon';
  if (facts.orderedAt !== undefined && facts.orderedAt < policy.activatedAt) return 'before_activation';
  return undefined;
}
