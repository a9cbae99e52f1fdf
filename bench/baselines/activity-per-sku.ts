import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { publishEach, PublishActivities } from './activity-per-sku-workflow';
import type { Outcome, Seller, Submission } from './seller';

/** The engine refuses more activities of one workflow at once. */
const PER_WORKFLOW = 1000;

/** Temporal as its tutorials use it: an activity for every SKU. */
export class ActivityPerSku {
  private constructor(
    private readonly client: Client,
    private readonly taskQueue: string,
    private readonly worker: { stop: () => Promise<void> },
    private readonly work: PublishActivities
  ) {}

  /** @param atOnce - activities under way at once */
  static async start(client: Client, address: string, atOnce: number): Promise<ActivityPerSku> {
    quietRuntime();
    const connection = await NativeConnection.connect({ address });
    const taskQueue = `bench-${randomUUID()}`;
    const work = {
      publish: (_sku: string): Promise<Outcome> => Promise.reject(new Error('nothing is to be published')),
    };
    const activities: PublishActivities = { publish: (sku) => work.publish(sku) };
    const worker = await Worker.create({
      connection,
      namespace: client.options.namespace,
      taskQueue,
      workflowBundle: await bundleWorkflowCode({
        workflowsPath: path.join(__dirname, 'activity-per-sku-workflow.ts'),
        logger: new DefaultLogger('ERROR'),
      }),
      activities: { ...activities },
      maxConcurrentActivityTaskExecutions: atOnce,
    });
    const done = worker.run();
    const stop = async (): Promise<void> => {
      worker.shutdown();
      await done;
      await connection.close();
    };
    return new ActivityPerSku(client, taskQueue, { stop }, work);
  }

  async publish(seller: Seller, submissions: readonly Submission[]): Promise<void> {
    const bySku = new Map(submissions.map((each) => [each.sku, each]));
    this.work.publish = (sku) => seller.put(bySku.get(sku)!);
    const skus = [...bySku.keys()];
    for (let at = 0; at < skus.length; at += PER_WORKFLOW)
      await this.client.workflow.execute<typeof publishEach>('publishEach', {
        taskQueue: this.taskQueue,
        workflowId: `bench-${randomUUID()}`,
        args: [skus.slice(at, at + PER_WORKFLOW)],
      });
  }

  stop(): Promise<void> {
    return this.worker.stop();
  }
}

let isQuiet = false;
function quietRuntime(): void {
  if (!isQuiet) Runtime.install({ logger: new DefaultLogger('ERROR') });
  isQuiet = true;
}
