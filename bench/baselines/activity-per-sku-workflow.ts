import { proxyActivities } from '@temporalio/workflow';

/** What the baseline's worker can do. */
export interface PublishActivities {
  publish(sku: string): Promise<void>;
}

const { publish } = proxyActivities<PublishActivities>({ startToCloseTimeout: '1 minute' });

/** Every SKU a durable activity of its own, all of them at once: the worker decides how many it takes. */
export async function publishEach(skus: string[]): Promise<void> {
  await Promise.all(skus.map((sku) => publish(sku)));
}
