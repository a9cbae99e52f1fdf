import { listingQueries } from '../../models/listing-queries';
import { ledgerStore, parentModel, type ListingDocument } from '../../models/listings';
import { othersListing, plainProducts, Rig, type ProductLine, type World } from './rig';

const SIZES = ['S', 'M', 'L'];

/** Hoodies 1, 2, … in three sizes each: `HOODIE-1-S`, under the product's reference `HOODIE-1`. */
function hoodies(count: number, change: (sku: string) => Record<string, unknown> = () => ({})): ProductLine[] {
  return plainProducts(count).map((product, index) => {
    const refId = `HOODIE-${index + 1}`;
    const skus = SIZES.map((size, at) => ({
      ...product.skus[0]!,
      skuId: 10 * (index + 1) + at,
      refId: `${refId}-${size}`,
      name: `${product.name} ${size}`,
      options: { size, color: 'Blue' },
      ...change(`${refId}-${size}`),
    }));
    return { ...product, refId, skus };
  });
}

describe('products with several SKUs (V10, V16)', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });
  afterEach(async () => {
    await rig.control('DELETE', 'faults');
  });

  async function parent(connectorId: string, sku: string): Promise<ListingDocument | undefined> {
    return ledgerStore(parentModel(rig.database)).one(connectorId, sku);
  }

  async function puts(world: World): Promise<string[]> {
    const calls = await rig.calls('putListingsItem');
    return calls.filter(({ sellerId }) => sellerId === world.amazon.sellerId).map(({ sku }) => sku!);
  }

  /** What Amazon has a SKU by. */
  async function placeOf(world: World, sku: string) {
    const { attributes } = (await rig.books(world))[sku]!;
    const [level] = attributes.parentage_level ?? [];
    const [relation] = attributes.child_parent_sku_relationship ?? [];
    return [(level as { value?: string })?.value, (relation as { parent_sku?: string })?.parent_sku];
  }

  it('go as a parent, which nobody can buy, and then its children', async () => {
    const { world, connectorId } = await rig.ready('families', [...hoodies(2), ...single()]);
    const run = await rig.firstSync(connectorId);
    expect(run.counts).toMatchObject({ live: 7 });
    expect([run.total, run.processed]).toEqual([7, 7]);
    const order = await puts(world);
    expect(order.slice(0, 2).sort()).toEqual(['HOODIE-1', 'HOODIE-2']);
    expect(order).toHaveLength(9);
    const books = await rig.books(world);
    expect(books['HOODIE-1']?.attributes).toMatchObject({
      item_name: [{ value: 'Running shirt 1' }],
      parentage_level: [{ value: 'parent' }],
      variation_theme: [{ name: 'SIZE' }],
    });
    for (const name of ['purchasable_offer', 'fulfillment_availability', 'size'])
      expect(books['HOODIE-1']?.attributes).not.toHaveProperty(name);
    expect(await placeOf(world, 'HOODIE-1-S')).toEqual(['child', 'HOODIE-1']);
    expect(await placeOf(world, 'SINGLE')).toEqual([undefined, undefined]);
    expect(await parent(connectorId, 'HOODIE-1')).toMatchObject({ state: 'live', productId: '1' });
    expect((await rig.listing(connectorId, 'HOODIE-1-S')).verdict.reasons).toContain(
      'It is one of 3 SKUs under the parent HOODIE-1, which differ by SIZE.'
    );
  });

  it('are whole although pages of the source end in their middle, and cost nothing when nothing has changed', async () => {
    const { world, connectorId } = await rig.ready('cut', hoodies(34));
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 102 });
    for (const size of SIZES) expect(await placeOf(world, `HOODIE-34-${size}`)).toEqual(['child', 'HOODIE-34']);
    expect(await puts(world)).toHaveLength(136);
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 102 });
    expect(await puts(world)).toHaveLength(136);
  });

  it('wait for a parent that Amazon refuses, with its words, and go once it is mended', async () => {
    const { world, connectorId } = await rig.ready('refused', hoodies(2));
    const match = { operation: 'putListingsItem', skus: ['HOODIE-1'], sellerId: world.amazon.sellerId };
    await rig.control('POST', 'faults', { match, kind: 'invalid' });
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 3, blocked: 3 });
    const refused = await parent(connectorId, 'HOODIE-1');
    expect(refused?.state).toBe('rejected');
    expect(await rig.listing(connectorId, 'HOODIE-1-M')).toMatchObject({
      state: 'blocked',
      problemCodes: ['parent'],
      reason: `Its parent HOODIE-1 was refused: ${refused!.reason} It is sent once that is mended.`,
    });
    expect(Object.keys(await rig.books(world)).filter((sku) => sku.startsWith('HOODIE-1-'))).toEqual([]);
    await rig.control('DELETE', 'faults');
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 3, blocked: 3 });
    const [first, second] = hoodies(2);
    await rig.world('refused', [{ ...first!, brand: 'Luma Sport' }, second!]);
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 6, blocked: 0 });
  });

  it('wait for a parent that fails for a passing reason, and go after it', async () => {
    const { world, connectorId } = await rig.ready('slow-parent', hoodies(1));
    const match = { operation: 'putListingsItem', skus: ['HOODIE-1'], sellerId: world.amazon.sellerId };
    await rig.control('POST', 'faults', { match, kind: 'status', status: 500, times: 3 });
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 3 });
    const order = await puts(world);
    expect(order.slice(0, 4)).toEqual(['HOODIE-1', 'HOODIE-1', 'HOODIE-1', 'HOODIE-1']);
    expect(order).toHaveLength(7);
  });

  it('go again with their parent when they are put back in line', async () => {
    const { world, connectorId } = await rig.ready('requeued', hoodies(1));
    const match = { operation: 'putListingsItem', skus: ['HOODIE-1'], sellerId: world.amazon.sellerId };
    await rig.control('POST', 'faults', { match, kind: 'invalid', times: 1 });
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ blocked: 3 });
    const requeued = await listingQueries(rig.database).requeue({ connectorId, problem: 'parent' }, 'Queued again.');
    expect(requeued).toBe(3);
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 3 });
  });

  it('keep their stock right while their parent waits to be mended', async () => {
    const { world, connectorId } = await rig.ready('held', hoodies(1));
    await rig.firstSync(connectorId);
    const match = { operation: 'putListingsItem', skus: ['HOODIE-1'], sellerId: world.amazon.sellerId };
    await rig.control('POST', 'faults', { match, kind: 'invalid' });
    await rig.world(
      'held',
      hoodies(1, (sku) => ({ quantity: sku.endsWith('S') ? 0 : 4 })).map((each) => ({ ...each, brand: 'Other' }))
    );
    expect((await rig.sync(connectorId)).counts).toMatchObject({ blocked: 3 });
    await rig.until(async () => {
      const books = await rig.books(world);
      return books['HOODIE-1-S']?.quantity === 0 && books['HOODIE-1-M']?.quantity === 4;
    }, 'the quantities to be at Amazon');
    expect((await rig.books(world))['HOODIE-1-M']?.attributes.brand).toMatchObject([{ value: 'Luma' }]);
  });

  it('take in what is new, and lose their parent with the last of them', async () => {
    const { world, connectorId } = await rig.ready('growing', hoodies(2));
    await rig.firstSync(connectorId);
    const [first, second] = hoodies(2);
    const added = { ...first!.skus[0]!, skuId: 19, refId: 'HOODIE-1-XL', options: { size: 'XL', color: 'Blue' } };
    await rig.world('growing', [{ ...first!, skus: [...first!.skus, added] }]);
    const before = (await puts(world)).length;
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 4, removed: 3 });
    expect((await puts(world)).slice(before)).toEqual(['HOODIE-1-XL']);
    expect(await placeOf(world, 'HOODIE-1-XL')).toEqual(['child', 'HOODIE-1']);
    expect((await parent(connectorId, 'HOODIE-2'))?.state).toBe('removed');
    await rig.world('growing', [first!, second!]);
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 6, removed: 1 });
    expect((await parent(connectorId, 'HOODIE-2'))?.state).toBe('live');
  });

  it('keep what is on its way out off sale, whatever happens to its siblings', async () => {
    const { world, connectorId } = await rig.ready('leaving', hoodies(1));
    await rig.firstSync(connectorId);
    const match = { operation: 'patchListingsItem', skus: ['HOODIE-1-S'], sellerId: world.amazon.sellerId };
    await rig.control('POST', 'faults', { match, kind: 'status', status: 500, times: 4 });
    await rig.control('POST', 'worlds/leaving/skus/HOODIE-1-S', { remove: true });
    await rig.control('POST', 'worlds/leaving/skus/HOODIE-1-M', { quantity: 7 });
    await rig.sync(connectorId);
    await rig.control('POST', 'worlds/leaving/skus/HOODIE-1-M', { quantity: 6 });
    await rig.sync(connectorId, 60, { scope: 'skus', skus: ['HOODIE-1-M'] });
    await rig.until(async () => (await rig.books(world))['HOODIE-1-M']?.quantity === 6, 'the quantity to be at Amazon');
    expect((await rig.books(world))['HOODIE-1-S']?.quantity).toBe(0);
    expect((await rig.listing(connectorId, 'HOODIE-1-S')).verdict.kind).toBe('remove');
  });

  it('have the quantity of a child sent that waits while its parent fails for a passing reason', async () => {
    const { world, connectorId } = await rig.ready('passing', hoodies(1));
    await rig.firstSync(connectorId);
    const match = { operation: 'putListingsItem', skus: ['HOODIE-1'], sellerId: world.amazon.sellerId };
    await rig.control('POST', 'faults', { match, kind: 'status', status: 500 });
    await rig.world(
      'passing',
      hoodies(1, (sku) => ({ quantity: sku.endsWith('S') ? 0 : 4 })).map((each) => ({ ...each, brand: 'Other' }))
    );
    const syncId = await rig.startSync(connectorId);
    await rig.until(async () => (await rig.books(world))['HOODIE-1-S']?.quantity === 0, 'the sale to end');
    const isRetried = async (): Promise<boolean> => (await rig.listing(connectorId, 'HOODIE-1-S')).state === 'retrying';
    await rig.until(isRetried, 'the rest to wait for its parent');
    await rig.control('DELETE', 'faults');
    const run = await rig.ended(connectorId, ({ _id }) => _id === syncId);
    expect(run.counts).toMatchObject({ live: 2, paused: 1 });
    expect((await rig.books(world))['HOODIE-1-M']?.attributes.brand).toMatchObject([{ value: 'Other' }]);
  });

  it('stay together when one of them is renamed, and when another takes its place', async () => {
    const { world, connectorId } = await rig.ready('renamed', hoodies(1));
    await rig.firstSync(connectorId);
    const [hoodie] = hoodies(1);
    const [small, middle, large] = hoodie!.skus;
    const other = { ...small!, skuId: 77, refId: 'HOODIE-1-SMALL' };
    await rig.world('renamed', [{ ...hoodie!, skus: [other, { ...middle!, refId: 'HOODIE-1-MEDIUM' }, large!] }]);
    const before = (await puts(world)).length;
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 3, removed: 2 });
    expect((await puts(world)).slice(before).sort()).toEqual(['HOODIE-1-MEDIUM', 'HOODIE-1-SMALL']);
    for (const sku of ['HOODIE-1-SMALL', 'HOODIE-1-MEDIUM', 'HOODIE-1-L'])
      expect(await placeOf(world, sku)).toEqual(['child', 'HOODIE-1']);
  });

  it('give the name of their parent to a SKU that has it', async () => {
    const { world, connectorId } = await rig.ready('named', hoodies(1));
    await rig.firstSync(connectorId);
    const [plain] = single();
    await rig.world('named', [...hoodies(1), { ...plain!, skus: [{ ...plain!.skus[0]!, refId: 'HOODIE-1' }] }]);
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 4 });
    expect(await placeOf(world, 'HOODIE-1')).toEqual([undefined, undefined]);
    expect((await rig.books(world))['HOODIE-1']).toMatchObject({ quantity: 10, status: ['BUYABLE', 'DISCOVERABLE'] });
    const [level, parentSku] = await placeOf(world, 'HOODIE-1-S');
    expect([level, parentSku]).toEqual(['child', expect.stringMatching(/^1-[0-9a-f]{8}-parent$/)]);
    expect((await rig.books(world))[parentSku!]?.attributes).toMatchObject({ parentage_level: [{ value: 'parent' }] });
  });

  it('never make a parent of something that is sold at Amazon', async () => {
    const { world, connectorId } = await rig.ready('sold', hoodies(1));
    await rig.putAtAmazon(world, 'HOODIE-1', othersListing);
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 3 });
    expect((await rig.books(world))['HOODIE-1']).toMatchObject({ quantity: 2, puts: 1, patches: 0 });
    expect((await placeOf(world, 'HOODIE-1-S'))[1]).toMatch(/^1-[0-9a-f]{8}-parent$/);
  });

  it.each([
    [true, 'by PUT'],
    [false, 'by PATCH, where prices are left to Amazon'],
  ])('stand alone once V10 is switched on (sendPrice %s: %s)', async (sendPrice) => {
    const { world, connectorId } = await rig.ready(`alone-${sendPrice}`, hoodies(1), (input) => {
      input.listing = { sendKits: false, sendPrice };
    });
    await rig.firstSync(connectorId);
    expect(await placeOf(world, 'HOODIE-1-M')).toEqual(['child', 'HOODIE-1']);
    await rig.patch(connectorId, { 'listing.sendVariations': false });
    expect((await rig.sync(connectorId)).total).toBe(3);
    for (const size of SIZES) expect(await placeOf(world, `HOODIE-1-${size}`)).toEqual([undefined, undefined]);
    expect((await parent(connectorId, 'HOODIE-1'))?.state).toBe('removed');
    expect((await rig.listing(connectorId, 'HOODIE-1-M')).verdict.reasons).toContain(
      'It is sent alone. This connector sends no variations.'
    );
  });
});

function single(): ProductLine[] {
  const [product] = plainProducts(1);
  const sku = { ...product!.skus[0]!, skuId: 999, refId: 'SINGLE' };
  return [{ ...product!, productId: 99, refId: 'P99', skus: [sku] }];
}
