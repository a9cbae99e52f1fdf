import { createHash } from 'node:crypto';
import { describeWithAmazonModels } from './amazon-models';
import { US, useSandbox, type SellerClient } from './sandbox-client';

const sandbox = useSandbox({ rateFactor: 100 });
const TYPES = '/definitions/2020-09-01/productTypes';

interface SchemaLink {
  link: { resource: string; verb: string };
  checksum: string;
}

interface Definition {
  schema: SchemaLink;
  metaSchema: SchemaLink;
  locale: string;
  displayName: string;
  requirements: string;
  propertyGroups: Record<string, { title: string; propertyNames: string[] }>;
}

interface Schema {
  $schema: string;
  required: string[];
  properties: Record<string, { title: string; selectors: string[]; items: { properties: Record<string, object> } }>;
  allOf?: object[];
}

let seller: SellerClient;
beforeAll(async () => {
  seller = await sandbox().seller(await sandbox().world('definitions'));
});

async function definition(query = '', productType = 'SHIRT'): Promise<Definition> {
  return (await seller.get<Definition>(`${TYPES}/${productType}?marketplaceIds=${US}${query}`)).body;
}

async function schemaOf({ schema }: Definition): Promise<Schema> {
  return (await (await fetch(schema.link.resource)).json()) as Schema;
}

describeWithAmazonModels('the search for product types', () => {
  const names = async (query: string) =>
    (
      await seller.get<{ productTypes: { name: string }[] }>(`${TYPES}?marketplaceIds=${US}${query}`)
    ).body.productTypes.map((type) => type.name);

  it('lists all without a word, and by keyword or by title', async () => {
    expect(await names('')).toEqual([
      'SHIRT',
      'SWEATSHIRT',
      'COAT',
      'PANTS',
      'SHORTS',
      'BACKPACK',
      'WATCH',
      'SPORTING_GOODS',
    ]);
    expect(await names('&keywords=shirt')).toEqual(['SHIRT', 'SWEATSHIRT']);
    expect(await names('&itemName=Chaz%20Kangeroo%20Hoodie')).toEqual(['SWEATSHIRT']);
    expect(await names('&keywords=luggage')).toEqual([]);
  });

  it('refuses keywords with a title, and a request without marketplace', async () => {
    expect((await seller.get(`${TYPES}?marketplaceIds=${US}&keywords=a&itemName=b`)).status).toBe(400);
    expect((await seller.get(TYPES)).status).toBe(400);
  });
});

describeWithAmazonModels('a product type definition', () => {
  it('links its schema with a checksum of the bytes behind the link', async () => {
    const { schema, metaSchema } = await definition();
    for (const { link, checksum } of [schema, metaSchema]) {
      expect(link.verb).toBe('GET');
      const bytes = Buffer.from(await (await fetch(link.resource)).arrayBuffer());
      expect(createHash('md5').update(bytes).digest('base64')).toBe(checksum);
    }
  });

  it('speaks the 2019-09 vocabulary of Amazon', async () => {
    const schema = await schemaOf(await definition());
    expect(schema.$schema).toBe('https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1');
    expect(schema.properties.item_name?.selectors).toEqual(['marketplace_id', 'language_tag']);
    expect(schema.required).toEqual(['item_name', 'brand', 'product_description']);
    expect(JSON.stringify(schema.allOf)).toContain('"if"');
    const watch = await schemaOf(await definition('', 'WATCH'));
    expect(watch.required).toEqual([...schema.required, 'condition_type', 'fulfillment_availability']);
  });

  it('shrinks with its requirements set and drops what is required when not enforced', async () => {
    const offerOnly = await schemaOf(await definition('&requirements=LISTING_OFFER_ONLY'));
    expect(Object.keys(offerOnly.properties).sort()).toEqual([
      'condition_type',
      'fulfillment_availability',
      'merchant_shipping_group',
      'purchasable_offer',
    ]);
    const productOnly = await definition('&requirements=LISTING_PRODUCT_ONLY');
    expect(productOnly.propertyGroups).not.toHaveProperty('offer');
    expect((await schemaOf(productOnly)).properties).not.toHaveProperty('purchasable_offer');
    const loose = await schemaOf(await definition('&requirementsEnforced=NOT_ENFORCED'));
    expect(loose.required).toEqual([]);
    expect(loose.allOf).toBeUndefined();
  });

  it('is labelled in the locale asked for', async () => {
    const spanish = await definition('&locale=es_ES');
    expect(spanish).toMatchObject({ locale: 'es_ES', displayName: 'Camisa' });
    expect((await schemaOf(spanish)).properties.item_name?.title).toBe('Título');
    expect(await definition()).toMatchObject({ locale: 'en_US', displayName: 'Shirt' });
  });

  it('is not found for an unknown type, and refused for two marketplaces or an unknown locale', async () => {
    expect((await seller.get(`${TYPES}/UNICORN?marketplaceIds=${US}`)).status).toBe(404);
    expect((await seller.get(`${TYPES}/SHIRT?marketplaceIds=${US},${US}`)).status).toBe(400);
    expect((await seller.get(`${TYPES}/SHIRT?marketplaceIds=${US}&locale=xx_XX`)).status).toBe(400);
    expect((await seller.get(`${TYPES}/SHIRT?marketplaceIds=${US}&requirements=ALL`)).status).toBe(400);
  });

  it('refuses the access token at the link, a bent link, and the link after seven days', async () => {
    const { resource } = (await definition()).schema.link;
    expect((await fetch(resource, { headers: { 'x-amz-access-token': seller.accessToken } })).status).toBe(400);
    expect((await fetch(resource.replace('/SHIRT/', '/COAT/'))).status).toBe(403);
    await sandbox().control('POST', 'clock', { advanceSeconds: 7 * 24 * 3600 });
    expect((await fetch(resource)).status).toBe(404);
    seller = await sandbox().seller(seller.world);
  });
});
