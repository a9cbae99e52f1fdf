import { proxyActivities } from '@temporalio/workflow';
import type { Outcome } from './seller';

/** What the baseline's worker can do. */
export interface PublishActivities {
  /** The workflow's history keeps what it answers. */
  publish(sku: string): Promise<Outcome>;
}

const { publish } = proxyActivities<PublishActivities>({ startToCloseTimeout: '1 minute' });

/** Every SKU a durable activity of its own, all of them at once: the worker decides how many it takes. */
export async function publishEach(skus: string[]): Promise<void> {
  await Promise.all(skus.map((sku) => publish(sku)));
}
