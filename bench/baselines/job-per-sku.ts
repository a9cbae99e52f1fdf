import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import { Redis as Connection } from 'ioredis';
import { startRedis, type RedisServer } from './redis';
import type { Outcome, Seller, Submission } from './seller';

/**
 * BullMQ as its guide shows it: one job for every SKU, with what is to be sent and what Amazon answered, on a Redis that appends
 * every write to a file and flushes it once a second.
 */
export class JobPerSku {
  private constructor(
    private readonly server: RedisServer,
    private readonly connection: Connection,
    private readonly atOnce: number
  ) {}

  /** @param atOnce - jobs under way at once */
  static async start(folder: string, atOnce: number, log: (line: string) => void): Promise<JobPerSku> {
    const server = await startRedis(folder, log);
    const connection = new Connection({ host: server.host, port: server.port, maxRetriesPerRequest: null });
    return new JobPerSku(server, connection, atOnce);
  }

  async publish(seller: Seller, submissions: readonly Submission[]): Promise<void> {
    const name = `bench-${randomUUID()}`;
    const { connection } = this;
    const queue = new Queue<Submission>(name, { connection });
    const worker = new Worker<Submission, Outcome>(name, ({ data }) => seller.put(data), {
      connection,
      concurrency: this.atOnce,
      autorun: false,
    });
    try {
      await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
      const done = allDone(worker, submissions.length);
      await queue.addBulk(submissions.map((data) => ({ name: 'publish', data })));
      void worker.run();
      await done;
    } finally {
      await Promise.all([worker.close(), queue.close()]);
    }
  }

  async stop(): Promise<void> {
    this.connection.disconnect();
    await this.server.stop();
  }
}

/** Resolves when so many jobs have been completed. @throws the first failure */
function allDone(worker: Worker<Submission, Outcome>, count: number): Promise<void> {
  let left = count;
  return new Promise((resolve, reject) => {
    worker.on('completed', () => {
      left -= 1;
      if (left === 0) resolve();
    });
    worker.on('failed', (_, error) => reject(error));
  });
}
