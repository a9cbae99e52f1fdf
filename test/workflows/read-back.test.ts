import { listingModel, type ListingDocument } from '../../models/listings';
import { plainProducts, Rig, type World } from './rig';

type Attributes = Record<string, Record<string, unknown>[]>;

/** A price as the seller sets it at Amazon. */
const priced = (price: number): Attributes => ({
  purchasable_offer: [
    {
      audience: 'ALL',
      currency: 'USD',
      marketplace_id: 'ATVPDKIKX0DER',
      our_price: [{ schedule: [{ value_with_tax: price }] }],
    },
  ],
});
const stocked = (quantity: number): Attributes => ({
  fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity }],
});

describe('reading back', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start({ env: { VERIFY_AFTER_SECONDS: '1,1,1,1,1', VERIFY_WAIT_SECONDS: '30' } });
  });
  afterAll(async () => {
    await rig.stop();
  });

  /** Changes a listing at Amazon beside us, as the seller or an order does. */
  async function atAmazon(world: World, sku: string, change: Attributes): Promise<void> {
    const { attributes } = (await rig.books(world))[sku]!;
    await rig.putAtAmazon(world, sku, {
      productType: 'SHIRT',
      requirements: 'LISTING',
      attributes: { ...attributes, ...change },
    });
  }

  /** Has a day go by for what is looked at again once a day. */
  async function aDayGoesBy(connectorId: string): Promise<void> {
    await listingModel(rig.database).updateMany(
      { connectorId, nextCheckAt: { $ne: null } },
      { $set: { nextCheckAt: new Date(Date.now() - 1000) } }
    );
  }

  async function syncTheNextDay(connectorId: string): Promise<ListingDocument[]> {
    await aDayGoesBy(connectorId);
    await rig.sync(connectorId);
    return (await rig.listings(connectorId)).sort((one, other) => one.sku.localeCompare(other.sku));
  }

  const moodOf = (world: World, sku: string, amazon: string | null): Promise<unknown> =>
    rig.control('POST', `worlds/${world.name}/skus/${sku}`, { amazon, tell: 'nobody' });

  it('sends again what somebody changed at Amazon, and leaves to orders what they lowered', async () => {
    const { world, connectorId } = await rig.ready('drift', plainProducts(4));
    await rig.firstSync(connectorId);
    await atAmazon(world, 'SKU-0001', priced(9.99));
    await atAmazon(world, 'SKU-0002', stocked(50));
    await atAmazon(world, 'SKU-0003', stocked(8));
    const patchesBefore = await rig.callCount('patchListingsItem');

    const [repriced, raised, sold, untouched] = await syncTheNextDay(connectorId);
    const reason = 'Amazon shows it as it was sent.';
    expect(repriced).toMatchObject({ state: 'live', reason, problemCodes: [] });
    expect(repriced!.drift).toMatchObject({ resends: 1 });
    expect((repriced!.lastPayload as { patches: unknown[] }).patches).toHaveLength(1);
    expect(repriced!.lastPayload).toMatchObject({ patches: [{ op: 'merge', path: '/attributes/purchasable_offer' }] });
    expect(raised!.lastPayload).toMatchObject({ patches: [{ path: '/attributes/fulfillment_availability' }] });
    expect(sold).toMatchObject({ state: 'live', drift: null, seen: { quantity: 8 } });
    expect(untouched).toMatchObject({ state: 'live', drift: null });
    expect(await rig.callCount('patchListingsItem')).toBe(patchesBefore + 2);
    expect(await rig.books(world)).toMatchObject({
      'SKU-0001': { price: 20, quantity: 10 },
      'SKU-0002': { price: 20, quantity: 10 },
      'SKU-0003': { price: 20, quantity: 8 },
    });

    // The source has had a day to learn of the orders, and says what it said.
    const [settled, , restocked] = await syncTheNextDay(connectorId);
    expect(settled!.drift).toBeNull();
    expect(restocked).toMatchObject({ state: 'live', drift: { resends: 1 } });
    expect((await rig.books(world))['SKU-0003']).toMatchObject({ quantity: 10 });
  });

  it('does not look again within the day, nor in a run about named SKUs', async () => {
    const { world, connectorId } = await rig.ready('rested', plainProducts(2));
    await rig.firstSync(connectorId);
    await atAmazon(world, 'SKU-0001', priced(9.99));
    await rig.sync(connectorId);
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 9.99 });
    await aDayGoesBy(connectorId);
    await rig.sync(connectorId, 60, { scope: 'skus', skus: ['SKU-0002'] });
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 9.99 });
    await rig.sync(connectorId);
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 20 });
  });

  it('leaves a price alone that is left to Amazon (V11)', async () => {
    const { world, connectorId } = await rig.ready('unpriced-drift', plainProducts(1), (input) => {
      input.listing = { sendKits: false, sendPrice: false };
    });
    await rig.firstSync(connectorId);
    await atAmazon(world, 'SKU-0001', priced(31.5));
    expect(await syncTheNextDay(connectorId)).toMatchObject([{ state: 'live', drift: null }]);
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 31.5, patches: 0 });
  });

  it('stops fighting after three times, says so, and sends the next new value', async () => {
    const { world, connectorId } = await rig.ready('fought', plainProducts(1));
    await rig.firstSync(connectorId);
    for (let day = 1; day <= 3; day++) {
      await atAmazon(world, 'SKU-0001', priced(9.99));
      expect(await syncTheNextDay(connectorId)).toMatchObject([{ state: 'live', drift: { resends: day } }]);
      expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 20, patches: day });
    }
    await atAmazon(world, 'SKU-0001', priced(9.99));
    const message = 'Amazon shows the price 9.99 instead of 20, although it was sent 3 times more.';
    expect(await syncTheNextDay(connectorId)).toMatchObject([
      {
        state: 'live',
        reason: message,
        problemCodes: ['drift'],
        problems: [{ code: 'drift', owner: 'amazon', message }],
      },
    ]);
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 9.99, patches: 3 });
    await rig.control('POST', 'worlds/fought/skus/SKU-0001', { price: 21, tell: 'nobody' });
    await rig.sync(connectorId);
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 21, patches: 4 });
    expect(await rig.listing(connectorId, 'SKU-0001')).toMatchObject({ state: 'live', problemCodes: [] });
  });

  it('sends again what Amazon accepted and did not carry out, while the run looks on', async () => {
    const { world, connectorId } = await rig.ready('unheard', plainProducts(1));
    await rig.firstSync(connectorId);
    await moodOf(world, 'SKU-0001', 'never-visible');
    await rig.control('POST', 'worlds/unheard/skus/SKU-0001', { quantity: 4, tell: 'nobody' });
    const syncId = await rig.startSync(connectorId);
    await rig.until(async () => (await rig.listing(connectorId, 'SKU-0001')).drift !== null, 'it to be sent again');
    expect((await rig.listing(connectorId, 'SKU-0001')).reason).toBe(
      'Amazon shows the quantity 10 instead of 4; it is sent again.'
    );
    await moodOf(world, 'SKU-0001', null);
    const run = await rig.ended(connectorId, ({ _id }) => _id === syncId);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: 1, pending: 0, submitted: 0 } });
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ quantity: 4 });
  });

  it('sends by the lanes what cannot be sent again at once', async () => {
    const { world, connectorId } = await rig.ready('unsendable', plainProducts(1));
    await rig.firstSync(connectorId);
    await atAmazon(world, 'SKU-0001', priced(9.99));
    const fault = { match: { operation: 'patchListingsItem', sellerId: world.amazon.sellerId }, kind: 'status' };
    await rig.control('POST', 'faults', { ...fault, status: 500, times: 1 });
    expect(await syncTheNextDay(connectorId)).toMatchObject([{ state: 'live' }]);
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 20 });
  });

  it('says where to look for what Amazon never shows, and finds it when it is there on a later day', async () => {
    const { world, connectorId } = await rig.ready(
      'unseen',
      plainProducts(2, (at) => (at ? {} : { sandbox: { amazon: 'never-visible' } }))
    );
    await rig.firstSync(connectorId);
    const unseen = await rig.listing(connectorId, 'SKU-0001');
    expect(unseen).toMatchObject({ state: 'not_visible', problemCodes: ['not_visible'] });
    expect(unseen.reason).toContain('Seller Central');
    expect(await syncTheNextDay(connectorId)).toMatchObject([{ state: 'not_visible' }, { state: 'live' }]);
    await moodOf(world, 'SKU-0001', null);
    await atAmazon(world, 'SKU-0001', {});
    expect(await syncTheNextDay(connectorId)).toMatchObject([{ state: 'live', problems: [] }, { state: 'live' }]);
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ patches: 0 });
  });
});

describe('a refusal that comes after the run has ended', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start({
      sandbox: { visibleAfterMs: 1_000 },
      env: { VERIFY_AFTER_SECONDS: '2,6,60', VERIFY_WAIT_SECONDS: '3' },
    });
  });
  afterAll(async () => {
    await rig.stop();
  });

  it('is found by the next run, in the words of Amazon', async () => {
    const { world, connectorId } = await rig.ready(
      'late-no',
      plainProducts(2, (at) => (at ? {} : { sandbox: { amazon: 'refuse-late' } }))
    );
    const first = await rig.firstSync(connectorId);
    expect(first).toMatchObject({ outcome: 'completed', counts: { live: 1, submitted: 1, rejected: 0 } });
    await rig.until(async () => (await rig.books(world))['SKU-0001']?.state === 'refused', 'Amazon to refuse it');
    await rig.until(async () => {
      const { nextCheckAt } = await rig.listing(connectorId, 'SKU-0001');
      return nextCheckAt!.getTime() <= Date.now();
    }, 'the next look to be due');
    expect(await rig.sync(connectorId)).toMatchObject({ counts: { live: 1, submitted: 0, rejected: 1 } });
    expect(await rig.listing(connectorId, 'SKU-0001')).toMatchObject({
      state: 'rejected',
      reason: 'Restricted Products Policy Violation',
      nextCheckAt: null,
    });
  });
});
