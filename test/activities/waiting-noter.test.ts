import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { waitingNoter, type CatalogSyncDependencies } from '../../activities/catalog-sync/dependencies';
import { toApplicationFailure } from '../../activities/failures';
import type { WaitingFor } from '../../domain/connector';
import { OutsideError, type FailureCode } from '../../domain/errors';
import { withDatabase } from '../../embedded/mongodb';
import { connectDatabase } from '../../models/database';
import { syncRunStore } from '../../models/sync-runs';

let connection: Connection;
beforeAll(async () => {
  connection = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `waits_${randomBytes(6).toString('hex')}`)
  );
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

const failure = (system: string, message: string, code: FailureCode = 'transient') =>
  toApplicationFailure(new OutsideError(code, message, { system, operation: 'any' }));
const ofSource = () => failure('vtex', "The store did not answer 'getSku': ECONNRESET.");
const ofAmazon = (operation = 'getFeed') => failure('amazon', `Amazon answered ${operation} with 500.`);

/** A run at work, with a noter of failures that says what it waits for then. */
async function aRun() {
  const runs = syncRunStore(connection);
  const opened = await runs.request(
    {
      connectorId: `con_${randomBytes(10).toString('hex')}`,
      trigger: 'api',
      mode: 'synchronization',
      scope: 'full',
      skus: [],
      configVersion: 1,
    },
    () => Promise.resolve(true)
  );
  const note = waitingNoter({ runs } as CatalogSyncDependencies, opened.syncId);
  return {
    end: () => runs.end(opened.syncId, 'completed', null),
    async noted(thrown: unknown): Promise<WaitingFor | null> {
      await note(thrown);
      return (await runs.get(opened.syncId))!.waitingFor;
    },
  };
}

describe('what a run waits for while a step is tried again', () => {
  it('keeps its date for as long as it is the same', async () => {
    const { noted } = await aRun();
    const first = await noted(ofAmazon());
    expect(first).toMatchObject({ code: 'transient', message: expect.stringContaining('getFeed') });
    expect(await noted(ofAmazon('cancelFeed'))).toEqual(first);
    expect(await noted(failure('lwa', 'Login with Amazon did not answer: ECONNRESET.'))).toEqual(first);
  });

  it('is Amazon when the source has come back and Amazon is away', async () => {
    const { noted } = await aRun();
    const first = await noted(ofSource());
    expect(first?.message).toContain('The store did not answer');
    const then = await noted(ofAmazon());
    expect(then?.message).toContain('Amazon answered getFeed with 500.');
    expect(await noted(ofSource())).toMatchObject({ message: first!.message });
  });

  it('is another when it is of another class', async () => {
    const { noted } = await aRun();
    await noted(ofAmazon());
    const throttled = failure('amazon', "Amazon's rate limit for getFeed is used up for now.", 'throttled');
    expect(await noted(throttled)).toMatchObject({ code: 'throttled' });
  });

  it('is nothing after a failure of its own, or once it has ended', async () => {
    const { noted, end } = await aRun();
    expect(await noted(toApplicationFailure(new Error('odd')))).toBeNull();
    await end();
    expect(await noted(ofAmazon())).toBeNull();
  });
});
