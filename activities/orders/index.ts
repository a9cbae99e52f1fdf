import { parcelSteps } from './ask-for-parcels';
import type { OrderDependencies } from './dependencies';
import { keepingSteps } from './keep';
import { mailSteps } from './mail';
import { sellingSteps } from './stop-selling';
import { orderSteps } from './take-step';
import { watchSteps } from './watch';

/** The steps of orders, and of the watch on them. */
export function createOrderActivities(deps: OrderDependencies) {
  return {
    ...keepingSteps(deps),
    ...orderSteps(deps),
    ...sellingSteps(deps),
    ...mailSteps(deps),
    ...watchSteps(deps),
    ...parcelSteps(deps),
  };
}

export type OrderActivities = ReturnType<typeof createOrderActivities>;
