import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import type { WaitingFor } from '../../domain/connector';
import { withDatabase } from '../../embedded/mongodb';
import { connectDatabase } from '../../models/database';
import { syncRunStore } from '../../models/sync-runs';

let connection: Connection;
beforeAll(async () => {
  connection = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `runs_${randomBytes(6).toString('hex')}`)
  );
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

const waitFor = (code: string, second: number): WaitingFor => ({
  code,
  message: 'It waits.',
  owner: 'nobody',
  since: `2026-05-01T10:00:${String(second).padStart(2, '0')}.000Z`,
});

async function aRun() {
  const runs = syncRunStore(connection);
  const connectorId = `con_${randomBytes(10).toString('hex')}`;
  const about = { trigger: 'api', mode: 'synchronization', scope: 'full', configVersion: 1 } as const;
  const { syncId } = await runs.request({ connectorId, ...about, skus: [] }, () => Promise.resolve(true));
  return { syncId, runs, now: async () => (await runs.get(syncId))!.waitingFor };
}

describe('what a run waits for', () => {
  it('takes the place of what was seen before', async () => {
    const { syncId, runs, now } = await aRun();
    await runs.replaceWait(syncId, null, waitFor('transient', 1));
    expect(await now()).toEqual(waitFor('transient', 1));
    await runs.replaceWait(syncId, waitFor('transient', 1), waitFor('feed', 2));
    expect(await now()).toEqual(waitFor('feed', 2));
    await runs.replaceWait(syncId, waitFor('feed', 2), null);
    expect(await now()).toBeNull();
  });

  it('stays where another was said meanwhile', async () => {
    const { syncId, runs, now } = await aRun();
    await runs.update(syncId, { waitingFor: waitFor('auth.forbidden', 1) });
    for (const seen of [null, waitFor('feed', 1), waitFor('auth.forbidden', 0)])
      await runs.replaceWait(syncId, seen, waitFor('transient', 2));
    expect(await now()).toEqual(waitFor('auth.forbidden', 1));
  });

  it('is nothing once the run has ended', async () => {
    const { syncId, runs, now } = await aRun();
    await runs.end(syncId, 'completed', null);
    await runs.replaceWait(syncId, null, waitFor('transient', 1));
    expect(await now()).toBeNull();
  });
});
