import type { Connection } from 'mongoose';
import { Counter, Gauge, type Registry } from 'prom-client';
import { deadLetterStore } from '../models/dead-letters';
import { notificationQueueStore } from '../models/notification-queues';

/** How it stands with Amazon's notifications, of all workers together: what they wrote down, read when the metrics are asked for. */
export function addNotificationMetrics(registry: Registry, connection: Connection): void {
  const queues = notificationQueueStore(connection);
  const letters = deadLetterStore(connection);

  const delivered = new Counter({
    name: 'notifications_total',
    help: 'Deliveries of notifications, by queue and by what became of them',
    labelNames: ['queue', 'outcome'],
    registers: [registry],
    collect: () =>
      unlessAway(async () => {
        const found = await queues.all();
        delivered.reset();
        for (const { _id: queue, counts } of found)
          for (const [outcome, count] of Object.entries(counts)) delivered.inc({ queue, outcome }, count);
      }),
  });
  const failing = new Gauge({
    name: 'notification_queue_failing_seconds',
    help: 'For how long no worker could read a notification queue; 0 while one can',
    labelNames: ['queue'],
    registers: [registry],
    collect: () =>
      unlessAway(async () => {
        const found = await queues.all();
        failing.reset();
        for (const { _id: queue, failingSince } of found)
          failing.set({ queue }, failingSince === null ? 0 : (Date.now() - failingSince.getTime()) / 1000);
      }),
  });
  const dead: Gauge = new Gauge({
    name: 'dead_letters',
    help: 'Notifications that could not be handled and wait for a person',
    registers: [registry],
    collect: (): Promise<void> => unlessAway(async () => dead.set(await letters.count())),
  });
}

/** The other metrics are shown also while the database is away. */
async function unlessAway(read: () => Promise<void>): Promise<void> {
  await read().catch(() => undefined);
}
