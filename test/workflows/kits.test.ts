import { KIT_NOT_SENT } from '../../domain/listing';
import { changeNoticeStore } from '../../models/change-notices';
import { plainProducts, Rig } from './rig';

describe('a kit that was sent, once kits are not to be sent any more', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });

  it('stays as it is whatever changes in the store, says so, and follows again when kits are sent again', async () => {
    const kit = { isKit: true, price: 50, quantity: null, kitItems: [{ refId: 'SKU-0002', quantity: 3 }] };
    const lines = plainProducts(3, (index) => (index === 0 ? kit : {}));
    const { world, connectorId } = await rig.ready('sent-kits', lines, (input) => {
      input.listing = { sendKits: true };
    });
    const noteChange = (skuId: number): Promise<void> =>
      changeNoticeStore(rig.database).note(connectorId, {
        skuId: String(skuId),
        isRemoved: false,
        modifiedAt: new Date().toISOString().replace('Z', '0000Z'),
        arrivedAt: new Date(),
      });
    const change = (sku: string, what: object): Promise<unknown> =>
      rig.control('POST', `worlds/sent-kits/skus/${sku}`, { ...what, tell: 'nobody' });
    await noteChange(1);
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 3 });
    const sent = (await rig.books(world))['SKU-0001'];
    expect(sent).toMatchObject({ quantity: 3, price: 50, puts: 1 });

    await rig.patch(connectorId, { 'listing.sendKits': false });
    await change('SKU-0001', { name: 'Running shirt 1, three of them', price: 60 });
    await change('SKU-0002', { quantity: 2 });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 2, blocked: 1 });
    await noteChange(1);
    const told = await rig.sync(connectorId, 60, { scope: 'changes' });
    expect(told).toMatchObject({ scope: 'changes', touched: 1, counts: { live: 2, blocked: 1 } });
    expect((await rig.books(world))['SKU-0001']).toEqual(sent);
    const { problems } = await rig.listing(connectorId, 'SKU-0001');
    expect(problems).toEqual([expect.objectContaining({ code: 'kit', message: KIT_NOT_SENT, severity: 'warning' })]);

    await rig.patch(connectorId, { 'listing.sendKits': true });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 2, paused: 1 });
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ quantity: 0, price: 60 });
  });
});
