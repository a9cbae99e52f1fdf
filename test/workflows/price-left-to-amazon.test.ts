import { changeNoticeStore } from '../../models/change-notices';
import { plainProducts, Rig, type World } from './rig';

describe('a connector that leaves prices to Amazon', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });

  const priced = (price: number) => [
    {
      audience: 'ALL',
      currency: 'USD',
      marketplace_id: 'ATVPDKIKX0DER',
      our_price: [{ schedule: [{ value_with_tax: price }] }],
    },
  ];

  /** Sets a price at Amazon as the seller does it there, and leaves everything else of the listing as it is. */
  async function setPrice(world: World, sku: string, price: number): Promise<void> {
    const { attributes } = (await rig.books(world))[sku]!;
    await rig.putAtAmazon(world, sku, {
      productType: 'SHIRT',
      requirements: 'LISTING',
      attributes: { ...attributes, purchasable_offer: priced(price) },
    });
  }

  async function noteChanges(connectorId: string, ...skuIds: number[]): Promise<void> {
    for (const skuId of skuIds)
      await changeNoticeStore(rig.database).note(connectorId, {
        skuId: String(skuId),
        isRemoved: false,
        modifiedAt: new Date().toISOString().replace('Z', '0000Z'),
        arrivedAt: new Date(),
      });
  }

  it('sends none, and one that is set at Amazon survives full syncs and syncs about changes, whatever they send', async () => {
    const { world, connectorId } = await rig.ready('unpriced', plainProducts(4), (input) => {
      input.listing = { sendKits: false, sendPrice: false };
    });
    const change = (sku: string, what: object): Promise<unknown> =>
      rig.control('POST', `worlds/unpriced/skus/${sku}`, { ...what, tell: 'nobody' });
    const pricesAtAmazon = async (): Promise<unknown[]> => {
      const books = await rig.books(world);
      return ['SKU-0001', 'SKU-0002', 'SKU-0003', 'SKU-0004'].map((sku) => books[sku]!.price ?? null);
    };
    await noteChanges(connectorId, 1);
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 4 });
    expect(await pricesAtAmazon()).toEqual([null, null, null, null]);
    await setPrice(world, 'SKU-0001', 31.5);
    await setPrice(world, 'SKU-0002', 32.5);
    await setPrice(world, 'SKU-0003', 33.5);

    await change('SKU-0001', { name: 'Running shirt 1, new', price: 99 });
    await change('SKU-0002', { quantity: 3 });
    await change('SKU-0003', { price: 98 });
    expect(await rig.sync(connectorId)).toMatchObject({ scope: 'full', counts: { live: 4 } });
    expect(await pricesAtAmazon()).toEqual([31.5, 32.5, 33.5, null]);
    const afterFull = await rig.books(world);
    expect(afterFull['SKU-0001']!.attributes.item_name).toMatchObject([{ value: 'Running shirt 1, new' }]);
    expect(afterFull['SKU-0002']).toMatchObject({ quantity: 3 });

    await change('SKU-0001', { name: 'Running shirt 1, newer', quantity: 0 });
    await change('SKU-0002', { name: 'Running shirt 2, red', price: 97, quantity: 4 });
    await noteChanges(connectorId, 1, 2);
    const told = await rig.sync(connectorId, 60, { scope: 'changes' });
    expect(told).toMatchObject({ scope: 'changes', touched: 2, counts: { live: 3, paused: 1 } });
    expect(await pricesAtAmazon()).toEqual([31.5, 32.5, 33.5, null]);
    const afterChanges = await rig.books(world);
    expect(afterChanges['SKU-0001']).toMatchObject({ quantity: 0 });
    expect(afterChanges['SKU-0002']!.attributes.item_name).toMatchObject([{ value: 'Running shirt 2, red' }]);
    for (const { lastPayload } of await rig.listings(connectorId))
      expect(JSON.stringify(lastPayload)).not.toContain('purchasable_offer');
  });

  it('keeps the price of a listing that was at Amazon before the first sync', async () => {
    const lines = plainProducts(2);
    const { world, connectorId } = await rig.ready('unpriced-before', lines, (input) => {
      input.listing = { sendKits: false, sendPrice: false };
    });
    const text = (value: string) => [{ value, language_tag: 'en_US', marketplace_id: 'ATVPDKIKX0DER' }];
    await rig.putAtAmazon(world, 'SKU-0001', {
      productType: 'SHIRT',
      requirements: 'LISTING',
      attributes: {
        item_name: text('A shirt from before'),
        brand: text('Luma'),
        product_description: text('An older text.'),
        condition_type: [{ value: 'new_new', marketplace_id: 'ATVPDKIKX0DER' }],
        supplier_declared_has_product_identifier_exemption: [{ value: true, marketplace_id: 'ATVPDKIKX0DER' }],
        fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 2 }],
        purchasable_offer: priced(31),
      },
    });
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 2 });
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 31, quantity: 10 });
    await rig.sync(connectorId);
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 31 });
  });
});
