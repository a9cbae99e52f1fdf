import { plainProducts, Rig, type World } from './rig';
import { KIT_NOT_SENT, LISTING_STATES } from '../../domain/listing';

describe('a catalogue sync', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });

  async function ready(
    name: string,
    lines: Parameters<Rig['world']>[1],
    change?: Parameters<Rig['insertConnector']>[1]
  ): Promise<{ world: World; connectorId: string }> {
    const world = await rig.world(name, lines);
    const connectorId = await rig.insertConnector(world, change);
    await rig.onboard(connectorId);
    return { world, connectorId };
  }

  it('brings every SKU of the generated catalogue to a named state, and the books agree', async () => {
    const { world, connectorId } = await ready('generated', { generate: 120, seed: 1 }, (input) => {
      input.offer = { minimumStock: 3 };
    });
    const run = await rig.firstSync(connectorId, 90);
    expect(run.outcome).toBe('completed');
    const listings = await rig.listings(connectorId);
    const counts = Object.fromEntries(
      LISTING_STATES.map((state) => [state, listings.filter((each) => each.state === state).length])
    );
    expect(run.counts).toEqual(counts);
    expect(run.total).toBe(listings.length);
    console.log(counts);
    expect(listings.every((each) => each.reason !== '')).toBe(true);
    const books = await rig.books(world);
    const sent = listings.filter((each) => each.sentHashes);
    expect(Object.keys(books).sort()).toEqual(expect.arrayContaining(sent.map((each) => each.sku)));
    for (const each of listings.filter((entry) => entry.state === 'live'))
      expect(books[each.sku]?.status).toContain('BUYABLE');
  }, 120_000);
});
