import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import { bringOrdersInLine, watchedAccount } from '../activities/orders/in-line';
import { orderWatchId } from '../domain/ids';
import type { WatchedAccount } from '../domain/orders/order-record';
import type { Orchestrator } from '../domain/ports/orchestrator';
import { connectorStore, type ConnectorStore } from '../models/connectors';
import { credentialStore } from '../models/credentials';
import { leaseStore } from '../models/leases';
import { lostRunQuery } from '../models/lost-runs';
import { orderStore } from '../models/orders';
import { syncRunStore } from '../models/sync-runs';

/** Held by the one worker that puts things in line, and free again this long after it died, in milliseconds. */
const TURN = { id: 'reconcile', forMs: 60_000 } as const;

/** What is younger may still be being started: its workflow comes after its lease and its row. In milliseconds. */
const STARTING_MS = 60_000;

/**
 * Brings the database and the workflow engine in line after whatever was cut off between the two: connectors are truth in
 * the one, and what runs is truth in the other (C9). Safe to repeat. Of several workers one does it; the others wait until it
 * is through, or is seen to have died.
 *
 * @throws when the engine or the database cannot be reached: then nothing is taken for lost.
 */
export async function reconcile(connection: Connection, orchestrator: Orchestrator, logger: Logger): Promise<void> {
  const leases = leaseStore(connection);
  const holder = `reconcile:${randomUUID()}`;
  for (;;) {
    const turn = await leases.take(TURN.id, { holder, forMs: TURN.forMs });
    if (turn.holder === holder) break;
    // Whatever is left of another's turn must not keep this process from ending.
    await sleep(Math.max(0, (turn.expiresAt?.getTime() ?? 0) - Date.now()) + 10, undefined, { ref: false });
    if ((await leases.holderOf(TURN.id))?.holder !== turn.holder) return;
  }
  try {
    await orchestrator.startAlertWatch();
    const store = connectorStore(connection);
    const done = {
      connectors: await bringInLine(store, orchestrator),
      credentials: await startClocks(connection, orchestrator),
      rotations: await followRotations(connection, orchestrator),
      orphanSchedules: await removeOrphans(store, orchestrator),
      orderWatches: await bringWatchesInLine(connection, store, orchestrator),
      lostRuns: await endLostRuns(connection, orchestrator),
      deadLeases: await freeDeadLeases(connection, orchestrator),
    };
    logger.info(done, 'connectors, credentials, schedules, runs and leases are in line');
  } finally {
    await leases.release(TURN.id, holder);
  }
}

/** Every connector has the workflow and the schedule that its state asks for. */
async function bringInLine(store: ConnectorStore, orchestrator: Orchestrator): Promise<number> {
  const connectors = await store.inStates(['draft', 'onboarding', 'inactive', 'active', 'paused', 'removing']);
  for (const { _id: connectorId, state, config, onboarding } of connectors) {
    if (state === 'draft' || state === 'onboarding') await orchestrator.startOnboarding(connectorId);
    if (state === 'removing') await orchestrator.startRemoval(connectorId);
    if (state !== 'removing' && onboarding.created.schedule)
      await orchestrator.applySchedule({
        connectorId,
        everyMinutes: config.schedule.everyMinutes,
        paused: state !== 'active',
      });
  }
  return connectors.length;
}

/** The orders of every connector at work are watched where it wants that, and no account's else. */
async function bringWatchesInLine(
  connection: Connection,
  connectors: ConnectorStore,
  orchestrator: Orchestrator
): Promise<number> {
  const orders = orderStore(connection);
  const idOf = ({ sellerId, region }: WatchedAccount): string => orderWatchId(sellerId, region);
  const known = new Set<string>();
  for (const connector of await connectors.inStates(['active', 'paused'])) {
    // One from before orders were handled counts as activated now.
    if (!connector.activatedAt) await connectors.noteActivation(connector._id, new Date());
    const now = await connectors.get(connector._id);
    const account = now && watchedAccount(now);
    if (account) known.add(idOf(account));
    if (now) await bringOrdersInLine({ connectors, orders, orchestrator }, now);
  }
  for (const account of await orchestrator.orderWatches())
    if (!known.has(idOf(account))) await orchestrator.stopOrderWatch(account);
  return known.size;
}

/** Every credential in use has its clock. */
async function startClocks(connection: Connection, orchestrator: Orchestrator): Promise<number> {
  const ids = await credentialStore(connection).provedIds();
  for (const id of ids) await orchestrator.startCredentialClock(id);
  return ids.length;
}

/** Every change of a client secret that is not through has its workflow. */
async function followRotations(connection: Connection, orchestrator: Orchestrator): Promise<number> {
  const ids = await credentialStore(connection).changingIds();
  for (const id of ids) await orchestrator.secretChanged(id);
  return ids.length;
}

/** Schedules whose connector is gone. */
async function removeOrphans(store: ConnectorStore, orchestrator: Orchestrator): Promise<number> {
  let removed = 0;
  for (const connectorId of await orchestrator.scheduledConnectors()) {
    if (await store.get(connectorId)) continue;
    await orchestrator.deleteSchedule(connectorId);
    removed += 1;
  }
  return removed;
}

/** Runs whose workflow is gone: terminated by hand, or never started because the API ended in between. */
async function endLostRuns(connection: Connection, orchestrator: Orchestrator): Promise<number> {
  const runs = syncRunStore(connection);
  let lost = 0;
  for (const { _id, connectorId, workflowId } of await lostRunQuery(connection)(settled())) {
    if (await orchestrator.isSyncRunning(workflowId)) continue;
    await runs.end(_id, 'failed', 'Its workflow was gone.');
    await runs.release(connectorId, _id);
    lost += 1;
  }
  return lost;
}

/** Leases whose workflow is gone, with or without a run, and those whose time is up. */
async function freeDeadLeases(connection: Connection, orchestrator: Orchestrator): Promise<number> {
  const leases = leaseStore(connection);
  let freed = await leases.removeExpired(new Date());
  for (const { id, holder, workflowId } of await leases.ofWorkflows(settled())) {
    if (await orchestrator.isSyncRunning(workflowId)) continue;
    await leases.release(id, holder);
    freed += 1;
  }
  return freed;
}

function settled(): Date {
  return new Date(Date.now() - STARTING_MS);
}
