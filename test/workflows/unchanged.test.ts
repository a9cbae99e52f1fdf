import { listingModel, type ListingDocument } from '../../models/listings';
import { productTypeModel } from '../../models/product-types';
import { plainProducts, Rig, type ProductLine } from './rig';

/** What a run writes of a SKU that has changed, and of no other. */
type Traces = Map<string, Pick<ListingDocument, 'revision' | 'lastRun'>>;

describe('a sync of a source in which next to nothing has changed', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });

  async function traces(connectorId: string): Promise<Traces> {
    return new Map((await rig.listings(connectorId)).map((entry) => [entry.sku, entry]));
  }

  /** The SKUs that one more sync writes anew; it must have seen all of them. */
  async function judgedBySync(connectorId: string): Promise<string[]> {
    const before = await traces(connectorId);
    const { _id } = await rig.sync(connectorId);
    const after = await traces(connectorId);
    expect([...after].filter(([, { lastRun }]) => lastRun !== _id)).toEqual([]);
    return [...after].filter(([sku, { revision }]) => revision !== before.get(sku)?.revision).map(([sku]) => sku).sort(); // prettier-ignore
  }

  const hoodies = (sizes: readonly string[]): ProductLine[] => {
    const [product] = plainProducts(1);
    const skus = sizes.map((size) => ({
      ...product!.skus[0]!,
      skuId: 9000 + size.codePointAt(0)!,
      refId: `HOODIE-${size}`,
      name: `Hoodie ${size}`,
      options: { size, color: 'Blue' },
    }));
    return [{ ...product!, productId: 9000, refId: 'HOODIE', skus }];
  };

  it('notes of every SKU that it was seen, also of those that rules hold back, and writes nothing else', async () => {
    const kit = { isKit: true, kitItems: [{ refId: 'SKU-0002', quantity: 3 }] };
    const lines = plainProducts(120, (index) => (index === 0 ? kit : index === 1 ? { active: false } : {}));
    lines[2] = { ...lines[2]!, brand: '' };
    lines[3] = { ...lines[3]!, categories: ['Odds and ends'] };
    const { connectorId } = await rig.ready('still', [...lines, ...hoodies(['S', 'M', 'L'])]);
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 119, blocked: 4 });
    const blocked = (await rig.inState(connectorId, 'blocked')).map(({ problemCodes }) => problemCodes[0]);
    expect(blocked.sort()).toEqual(['inactive', 'invalid', 'kit', 'unmapped']);
    const before = await rig.listings(connectorId);
    const run = await rig.sync(connectorId);
    expect(run).toMatchObject({ total: 123, toSend: 0 });
    const seen = (entry: ListingDocument) => ({ ...entry, lastRun: run._id });
    expect(await rig.listings(connectorId)).toEqual(before.map(seen));
  });

  it('judges what has changed, with what it shares a product', async () => {
    const { connectorId } = await rig.ready('some', [...plainProducts(3), ...hoodies(['S', 'M', 'L'])]);
    await rig.firstSync(connectorId);
    await rig.control('POST', 'worlds/some/skus/SKU-0002', { quantity: 7 });
    expect(await judgedBySync(connectorId)).toEqual(['SKU-0002']);
    await rig.control('POST', 'worlds/some/skus/HOODIE-M', { quantity: 7 });
    expect(await judgedBySync(connectorId)).toEqual(['HOODIE-L', 'HOODIE-M', 'HOODIE-S']);
    expect(await judgedBySync(connectorId)).toEqual([]);
  });

  it('judges everything by another configuration, once', async () => {
    const { connectorId } = await rig.ready('configured', plainProducts(2));
    await rig.firstSync(connectorId);
    await rig.patch(connectorId, { 'offer.minimumStock': 2 });
    expect(await judgedBySync(connectorId)).toEqual(['SKU-0001', 'SKU-0002']);
    expect(await judgedBySync(connectorId)).toEqual([]);
  });

  it('judges everything by another definition of its product type', async () => {
    const { connectorId } = await rig.ready('defined', plainProducts(2));
    await rig.firstSync(connectorId);
    await rig.stopWorker();
    await productTypeModel(rig.database).updateMany({}, { $set: { checksum: 'of another version' } });
    // One that has just started remembers no definition.
    await rig.startWorker();
    expect(await judgedBySync(connectorId)).toEqual(['SKU-0001', 'SKU-0002']);
  });

  it('judges what is left of a product after one of its SKUs has gone, with the run after', async () => {
    const { connectorId } = await rig.ready('smaller', [...plainProducts(2), ...hoodies(['S', 'M', 'L'])]);
    await rig.firstSync(connectorId);
    await rig.world('smaller', [...plainProducts(2), ...hoodies(['S', 'M'])]);
    await rig.sync(connectorId);
    await rig.sync(connectorId);
    const { verdict } = await rig.listing(connectorId, 'HOODIE-S');
    expect(verdict.reasons.join()).toContain('one of 2 SKUs under the parent HOODIE');
  });

  it('tells its siblings of other pages that a product has grown', async () => {
    // The first page of the store ends in the middle of the product.
    const plain = plainProducts(99);
    const { connectorId } = await rig.ready('grown', [...plain, ...hoodies(['S', 'M'])]);
    await rig.firstSync(connectorId);
    await rig.world('grown', [...plain, ...hoodies(['S', 'M', 'L'])]);
    await rig.sync(connectorId);
    const { verdict } = await rig.listing(connectorId, 'HOODIE-S');
    expect(verdict.reasons.join()).toContain('one of 3 SKUs under the parent HOODIE');
  });

  it('judges a SKU again that a person has put back in line, or whose parent Amazon has refused since', async () => {
    const { connectorId } = await rig.ready('touched', [...plainProducts(2), ...hoodies(['S', 'M'])]);
    await rig.firstSync(connectorId);
    const listings = listingModel(rig.database);
    await listings.updateOne({ connectorId, sku: 'SKU-0001' }, { $set: { sentHashes: null, revision: 'mine' } });
    const parents = rig.database.collection('parents');
    const refused = await parents.findOne({ connectorId, sku: 'HOODIE' });
    await parents.updateOne(
      { connectorId, sku: 'HOODIE' },
      { $set: { state: 'rejected', refusedHashes: refused!.wantedHashes, reason: 'No.' } }
    );
    expect(await judgedBySync(connectorId)).toEqual(['HOODIE-M', 'HOODIE-S', 'SKU-0001']);
    expect(await rig.listing(connectorId, 'HOODIE-S')).toMatchObject({ state: 'blocked', problemCodes: ['parent'] });
  });
});
