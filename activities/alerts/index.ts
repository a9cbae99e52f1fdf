import { deliverySteps } from './deliver';
import type { AlertDependencies } from './dependencies';
import { lookSteps } from './look';

/** The steps of the watch on what people are alerted of, and of the messages. */
export function createAlertActivities(deps: AlertDependencies) {
  return { ...lookSteps(deps), ...deliverySteps(deps) };
}

export type AlertActivities = ReturnType<typeof createAlertActivities>;
