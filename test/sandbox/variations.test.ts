import { describeWithAmazonModels } from './amazon-models';
import { offer, shirt, US, useSandbox, type SellerClient } from './sandbox-client';

const VISIBLE_AFTER_SECONDS = 60;
const sandbox = useSandbox({ rateFactor: 1000, visibleAfterMs: VISIBLE_AFTER_SECONDS * 1000 });
const TYPES = '/definitions/2020-09-01/productTypes';

interface Schema {
  required: string[];
  properties: Record<string, { items: { properties: Record<string, Record<string, unknown>> } }>;
}

interface Related {
  sku: string;
  summaries: { status: string[] }[];
  relationships: { relationships: Record<string, unknown>[] }[];
}

const text = (value: string) => [{ value, language_tag: 'en_US', marketplace_id: US }];
const relation = (parent_sku?: string) => [
  { child_relationship_type: 'variation', marketplace_id: US, ...(parent_sku && { parent_sku }) },
];

function parent(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return shirt({
    parentage_level: [{ value: 'parent', marketplace_id: US }],
    child_parent_sku_relationship: relation(),
    variation_theme: [{ name: 'SIZE/COLOR' }],
    condition_type: undefined,
    purchasable_offer: undefined,
    fulfillment_availability: undefined,
    supplier_declared_has_product_identifier_exemption: undefined,
    ...overrides,
  });
}

function child(parentSku: string, overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return shirt({
    parentage_level: [{ value: 'child', marketplace_id: US }],
    child_parent_sku_relationship: relation(parentSku),
    variation_theme: [{ name: 'SIZE/COLOR' }],
    size: text('S'),
    color: text('Black'),
    ...overrides,
  });
}

async function advance(seconds = VISIBLE_AFTER_SECONDS): Promise<void> {
  await sandbox().control('POST', 'clock', { advanceSeconds: seconds });
}

let seller: SellerClient;
let worlds = 0;
beforeEach(async () => {
  seller = await sandbox().seller(await sandbox().world(`variations-${(worlds += 1)}`));
});

async function seen(sku: string): Promise<Related> {
  return (await seller.item(sku)).body as unknown as Related;
}

async function schemaOf(productType: string, query = ''): Promise<Schema> {
  const { body } = await seller.get<{ schema: { link: { resource: string } } }>(
    `${TYPES}/${productType}?marketplaceIds=${US}${query}`
  );
  return (await (await fetch(body.schema.link.resource)).json()) as Schema;
}

describeWithAmazonModels('a definition of a type that comes in variations', () => {
  it('lists its themes with their names in the language asked for, and which are out of use', async () => {
    const name = (await schemaOf('SHIRT')).properties.variation_theme?.items.properties.name;
    expect(name?.enum).toEqual(expect.arrayContaining(['SIZE', 'COLOR', 'SIZE/COLOR', 'SIZE_NAME/COLOR_NAME']));
    expect(name?.enumNames).toEqual(expect.arrayContaining(['Size/Color']));
    expect(name?.$lifecycle).toEqual({ enumDeprecated: ['COLOR_NAME', 'SIZE_NAME', 'SIZE_NAME/COLOR_NAME'] });
    const spanish = (await schemaOf('SHIRT', '&locale=es_ES')).properties;
    expect(spanish.variation_theme?.items.properties.name?.enumNames).toEqual(expect.arrayContaining(['Talla/Color']));
    expect(spanish.parentage_level?.items.properties.value?.enumNames).toEqual(['Principal', 'Variante']);
  });

  it('is smaller for a parent, and for what has no family', async () => {
    const ofParent = await schemaOf('SHIRT', '&parentageLevel=PARENT');
    expect(ofParent.properties).not.toHaveProperty('purchasable_offer');
    expect(ofParent.properties).not.toHaveProperty('externally_assigned_product_identifier');
    const ofNone = await schemaOf('SHIRT', '&parentageLevel=NONE');
    expect(ofNone.properties).not.toHaveProperty('variation_theme');
    expect(ofNone.required).toContain('fulfillment_availability');
  });

  it('has none of it where the type comes in no variations', async () => {
    for (const productType of ['WATCH', 'SPORTING_GOODS']) {
      const names = Object.keys((await schemaOf(productType)).properties);
      expect(names).not.toEqual(expect.arrayContaining(['parentage_level']));
      expect(names).not.toEqual(expect.arrayContaining(['variation_theme']));
    }
    const put = await seller.put('V-watch', child('V-parent', { size: undefined }), { productType: 'WATCH' });
    expect(put.body.issues.map(({ code, attributeNames }) => [code, attributeNames?.[0]])).toEqual(
      expect.arrayContaining([['90000900', 'variation_theme']])
    );
  });
});

describeWithAmazonModels('a family', () => {
  it('is seen from both sides, and in the books', async () => {
    await seller.put('V-p', parent());
    await seller.put('V-1', child('V-p'));
    await seller.put('V-2', child('V-p', { size: text('M') }));
    await advance();
    const variationTheme = { theme: 'SIZE/COLOR', attributes: ['size', 'color'] };
    expect((await seen('V-p')).relationships).toEqual([
      { marketplaceId: US, relationships: [{ type: 'VARIATION', childSkus: ['V-1', 'V-2'], variationTheme }] },
    ]);
    expect((await seen('V-1')).relationships).toEqual([
      { marketplaceId: US, relationships: [{ type: 'VARIATION', parentSkus: ['V-p'], variationTheme }] },
    ]);
    const found = await seller.search('variationParentSku=V-p&includedData=summaries,relationships');
    expect(found.body.items.map(({ sku }) => sku).sort()).toEqual(['V-1', 'V-2']);
    const books = await sandbox().control<{ amazon: Record<string, Record<string, { parentSku: string | null }>> }>(
      'GET',
      'books'
    );
    const mine = books.body.amazon[seller.world.amazon.sellerId];
    expect([mine?.['V-1']?.parentSku, mine?.['V-p']?.parentSku]).toEqual(['V-p', null]);
  });

  it('has a parent that nobody can buy and that is found once a child is', async () => {
    await seller.put('V-p', parent());
    await advance();
    expect((await seen('V-p')).summaries[0]?.status).toEqual([]);
    expect((await seller.item('V-p')).body.issues).toEqual([]);
    await seller.put('V-1', child('V-p'));
    await advance();
    expect((await seen('V-p')).summaries[0]?.status).toEqual(['DISCOVERABLE']);
    expect((await seen('V-1')).summaries[0]?.status).toEqual(['BUYABLE', 'DISCOVERABLE']);
    expect((await seller.search('withStatus=BUYABLE')).body.items.map(({ sku }) => sku)).toEqual(['V-1']);
  });

  it('loses a child that is sent alone again', async () => {
    await seller.put('V-p', parent());
    await seller.put('V-1', child('V-p'));
    await advance();
    await seller.put('V-1', shirt());
    await advance();
    expect((await seen('V-p')).relationships).toMatchObject([{ relationships: [{ childSkus: [] }] }]);
    expect((await seen('V-p')).summaries[0]?.status).toEqual([]);
  });

  it('loses a child whose relation is patched away, and leaves its price', async () => {
    await seller.put('V-p', parent());
    await seller.put('V-1', child('V-p'));
    const patches = ['parentage_level', 'child_parent_sku_relationship'].map((name) => ({
      op: 'delete',
      path: `/attributes/${name}`,
      value: [{ marketplace_id: US }],
    }));
    expect((await seller.patch('V-1', patches)).body.status).toBe('ACCEPTED');
    await advance();
    expect((await seen('V-p')).relationships).toMatchObject([{ relationships: [{ childSkus: [] }] }]);
    expect((await seen('V-1')).relationships).toEqual([{ marketplaceId: US, relationships: [] }]);
    expect((await seller.item('V-1')).body.offers).toHaveLength(1);
  });

  async function expectRefused(code: string): Promise<void> {
    await advance(2 * VISIBLE_AFTER_SECONDS);
    const item = (await seller.item('V-1')).body;
    expect(item.issues).toMatchObject([{ code, severity: 'ERROR', categories: ['INVALID_ATTRIBUTE'] }]);
    expect(item.summaries[0]?.status).toEqual([]);
    expect((await seen('V-1')).relationships).toEqual([{ marketplaceId: US, relationships: [] }]);
  }

  it.each([
    ['was never sent', undefined, '8007'],
    ['is no parent', shirt(), '8007'],
    ['varies by something else', parent({ variation_theme: [{ name: 'SIZE' }] }), '8016'],
  ])('refuses a child whose parent %s', async (_, parentAttributes, code) => {
    if (parentAttributes) await seller.put('V-p', parentAttributes);
    expect((await seller.put('V-1', child('V-p'))).body.status).toBe('ACCEPTED');
    await expectRefused(code);
  });

  it('refuses a child that was sent a second before its parent', async () => {
    await seller.put('V-1', child('V-p'));
    await advance(1);
    await seller.put('V-p', parent());
    await expectRefused('8007');
  });

  it('refuses a child whose parent was refused', async () => {
    await sandbox().control('POST', `worlds/${seller.world.name}/skus/1`, { amazon: 'refuse' });
    await seller.put('1', parent());
    await seller.put('V-1', child('1'));
    await expectRefused('8007');
  });

  it('refuses a SKU that is its own parent', async () => {
    await seller.put('V-1', child('V-1'));
    await advance();
    expect((await seller.item('V-1')).body.issues).toMatchObject([{ code: '8019' }]);
  });

  it('takes a refused child once its parent is there', async () => {
    await seller.put('V-1', child('V-p'));
    await advance();
    await seller.put('V-p', parent());
    await seller.put('V-1', child('V-p'));
    await advance();
    expect((await seen('V-1')).summaries[0]?.status).toContain('BUYABLE');
  });

  it.each([
    ['a child without an attribute of its theme', () => child('V-p', { color: undefined }), '90220', 'color'],
    [
      'a child that names no parent',
      () => child('V-p', { child_parent_sku_relationship: relation() }),
      '99022',
      'child_parent_sku_relationship',
    ],
    [
      'a child without a relation',
      () => child('V-p', { child_parent_sku_relationship: undefined }),
      '90220',
      'child_parent_sku_relationship',
    ],
    [
      'a theme that does not exist',
      () => parent({ variation_theme: [{ name: 'FLAVOR' }] }),
      '99022',
      'variation_theme',
    ],
    ['a parent without a theme', () => parent({ variation_theme: undefined }), '90220', 'variation_theme'],
    ['a parent with a price', () => parent({ purchasable_offer: [offer(5)] }), '90000900', 'purchasable_offer'],
    [
      'a parent with a quantity',
      () => parent({ fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 1 }] }),
      '90000900',
      'fulfillment_availability',
    ],
    [
      'a SKU without offer that is no parent',
      () => shirt({ fulfillment_availability: undefined }),
      '90220',
      'fulfillment_availability',
    ],
  ])('is INVALID with %s', async (_, attributes, code, attributeName) => {
    const { body } = await seller.put('V-x', attributes());
    expect(body.status).toBe('INVALID');
    expect(body.issues.map((issue) => [issue.code, issue.attributeNames])).toEqual([[code, [attributeName]]]);
  });

  it('refuses a quantity that is patched onto a parent', async () => {
    await seller.put('V-p', parent());
    await advance();
    const value = [{ fulfillment_channel_code: 'DEFAULT', quantity: 3 }];
    const patched = await seller.patch('V-p', [{ op: 'merge', path: '/attributes/fulfillment_availability', value }]);
    expect(patched.body).toMatchObject({ status: 'INVALID', issues: [{ code: '90000900' }] });
  });
});
