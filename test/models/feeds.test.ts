import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { withDatabase } from '../../embedded/mongodb';
import { connectDatabase } from '../../models/database';
import { feedStore } from '../../models/feeds';

let connection: Connection;
beforeAll(async () => {
  connection = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `feeds_${randomBytes(6).toString('hex')}`)
  );
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

/** A feed that the run `syn_1` fills. */
async function aFeed() {
  const feeds = feedStore(connection);
  const of = { connectorId: 'con_1', sellerId: 'A1', clientId: 'app', syncId: 'syn_1' };
  const { _id } = await feeds.begin({ ...of, book: 'skus', pages: { from: 0, to: 0 } });
  return { _id, feeds };
}

describe('a feed that is filled', () => {
  it('is for its run to send', async () => {
    const { _id, feeds } = await aFeed();
    expect(await feeds.isFilledBy(_id, 'syn_1')).toBe(true);
    expect(await feeds.isFilledBy(_id, 'syn_2')).toBe(false);
  });

  it('is for the run alone that took it over', async () => {
    const { _id, feeds } = await aFeed();
    await feeds.change(_id, { syncId: 'syn_2' });
    expect(await feeds.isFilledBy(_id, 'syn_1')).toBe(false);
    expect(await feeds.isFilledBy(_id, 'syn_2')).toBe(true);
  });

  it.each(['sent', 'done', 'given_up'] as const)('is for nobody to send once it is %s', async (state) => {
    const { _id, feeds } = await aFeed();
    await feeds.change(_id, { state });
    expect(await feeds.isFilledBy(_id, 'syn_1')).toBe(false);
  });
});
