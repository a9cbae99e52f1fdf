import { priceApproval } from '../../api/services/price-approval';
import type { Money } from '../../domain/money';
import { plainProducts, Rig } from './rig';

describe('a price too far from the last one', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });

  const usd = (minorUnits: number): Money => ({ minorUnits, currency: 'USD' });
  const operator = { actor: { id: 'key_1', name: 'Ops', role: 'operator' as const }, requestId: 'req_1' };

  it('waits, is at Amazon once it was approved, and is held back again when it comes back later', async () => {
    const { world, connectorId } = await rig.ready('approved', plainProducts(2), (input) => {
      input.offer = { minimumStock: 1, price: { largestChangePercent: 20 } };
    });
    const { approvePrice } = priceApproval({
      connection: rig.database,
      orchestrator: rig.orchestrator,
      clock: () => new Date(),
    });
    const approve = (price: Money) => approvePrice(connectorId, 'SKU-0001', price, operator);
    const priceIs = (price: number): Promise<unknown> =>
      rig.control('POST', 'worlds/approved/skus/SKU-0001', { price, tell: 'nobody' });
    const atAmazon = async () => (await rig.books(world))['SKU-0001'];
    const prices = async () => {
      const { sentPrice, heldBackPrice, approvedPrice } = await rig.listing(connectorId, 'SKU-0001');
      return { sentPrice, heldBackPrice, approvedPrice };
    };
    await rig.firstSync(connectorId);

    await priceIs(30);
    await rig.sync(connectorId);
    expect(await atAmazon()).toMatchObject({ price: 20, puts: 1, patches: 0 });
    expect(await prices()).toEqual({ sentPrice: usd(2000), heldBackPrice: usd(3000), approvedPrice: null });
    await expect(approve(usd(2500))).rejects.toMatchObject({ code: 'price_not_waiting' });

    const { id } = await approve(usd(3000));
    const run = await rig.ended(connectorId, ({ _id }) => _id === id);
    expect(run).toMatchObject({ scope: 'skus', touched: 1, outcome: 'completed', counts: { live: 2 } });
    expect(await atAmazon()).toMatchObject({ price: 30, puts: 1, patches: 1 });
    expect(await prices()).toEqual({ sentPrice: usd(3000), heldBackPrice: null, approvedPrice: null });
    expect((await rig.listing(connectorId, 'SKU-0001')).problems).toEqual([]);

    await priceIs(25);
    await rig.sync(connectorId);
    await priceIs(31);
    await rig.sync(connectorId);
    expect(await atAmazon()).toMatchObject({ price: 25 });
    expect(await prices()).toEqual({ sentPrice: usd(2500), heldBackPrice: usd(3100), approvedPrice: null });

    // The source has yet another price by the time that the run reads it: nobody has approved that one.
    await priceIs(99);
    const late = await approve(usd(3100));
    await rig.ended(connectorId, ({ _id }) => _id === late.id);
    expect(await atAmazon()).toMatchObject({ price: 25 });
    expect(await prices()).toEqual({ sentPrice: usd(2500), heldBackPrice: usd(9900), approvedPrice: null });
  });
});
