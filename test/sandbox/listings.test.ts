import fc from 'fast-check';
import { applyPatches } from '../../sandbox/amazon/attribute-patches';
import { describeWithAmazonModels } from './amazon-models';
import { offer, shirt, US, useSandbox, type ErrorBody, type SellerClient, type Submission } from './sandbox-client';

const VISIBLE_AFTER_SECONDS = 60;
const sandbox = useSandbox({ rateFactor: 1000, visibleAfterMs: VISIBLE_AFTER_SECONDS * 1000 });

const MOODY = [
  { skuId: 1, refId: 'plain', name: 'Plain', price: 10, quantity: 1 },
  { skuId: 2, refId: 'refused', name: 'Refused', price: 10, quantity: 1, sandbox: { amazon: 'refuse' } },
  { skuId: 3, refId: 'late', name: 'Late', price: 10, quantity: 1, sandbox: { amazon: 'refuse-late' } },
  { skuId: 4, refId: 'ghost', name: 'Ghost', price: 10, quantity: 1, sandbox: { amazon: 'never-visible' } },
  { skuId: 5, refId: 'sour', name: 'Sour', price: 10, quantity: 1, sandbox: { amazon: 'invalid' } },
];

async function moodyWorld(name: string): Promise<SellerClient> {
  const line = JSON.stringify({ productId: 1, name: 'Moody', skus: MOODY });
  const headers = { 'content-type': 'application/x-ndjson' };
  await sandbox().send('PUT', `/__sandbox/worlds/${name}`, { body: line, headers });
  return sandbox().seller(await sandbox().world(name, {}));
}

async function advance(seconds = VISIBLE_AFTER_SECONDS): Promise<void> {
  await sandbox().control('POST', 'clock', { advanceSeconds: seconds });
}

describeWithAmazonModels('a submission', () => {
  let seller: SellerClient;
  beforeEach(async () => {
    seller = await moodyWorld('listings');
  });

  it('is ACCEPTED first and live only after its time', async () => {
    const put = await seller.put('T-1', shirt());
    expect(put.body).toMatchObject({ status: 'ACCEPTED', issues: [] });
    expect((await seller.item('T-1')).status).toBe(404);
    await advance();
    const item = (await seller.item('T-1')).body;
    expect(item.summaries[0]).toMatchObject({
      status: ['BUYABLE', 'DISCOVERABLE'],
      itemName: 'Harbour Tee',
      asin: expect.stringMatching(/^B0[A-Z0-9]{8}$/),
    });
    expect(item.offers[0]?.price).toEqual({ amount: '19.90', currencyCode: 'USD' });
    expect(item.fulfillmentAvailability).toEqual([{ fulfillmentChannelCode: 'DEFAULT', quantity: 7 }]);
  });

  it('shows only summaries when nothing else is asked for', async () => {
    await seller.put('T-2', shirt());
    await advance();
    const reply = await seller.get<object>(`${seller.path('T-2')}?marketplaceIds=${US}`);
    expect(Object.keys(reply.body)).toEqual(['sku', 'summaries']);
  });

  it('is not BUYABLE without stock or without a price', async () => {
    await seller.put(
      'T-3',
      shirt({ fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 0 }] })
    );
    await seller.put('T-4', shirt({ purchasable_offer: undefined }));
    await advance();
    expect((await seller.item('T-3')).body.summaries[0]?.status).toEqual(['DISCOVERABLE']);
    const unpriced = (await seller.item('T-4')).body;
    expect(unpriced.summaries[0]?.status).toEqual(['DISCOVERABLE']);
    expect(unpriced.issues).toMatchObject([{ severity: 'WARNING', categories: ['MISSING_PRICE'] }]);
  });

  it('replaces all attributes by PUT', async () => {
    await seller.put('T-5', shirt({ color: [{ value: 'Blue', language_tag: 'en_US', marketplace_id: US }] }));
    await seller.put('T-5', shirt({ purchasable_offer: undefined }));
    await advance();
    const { attributes } = (await seller.item('T-5')).body;
    expect(attributes).not.toHaveProperty('color');
    expect(attributes).not.toHaveProperty('purchasable_offer');
  });

  it('keeps a SKU whole that must be percent-encoded', async () => {
    const sku = 'A/B c%+ü?';
    expect((await seller.put(sku, shirt())).body.sku).toBe(sku);
    await advance();
    expect((await seller.item(sku)).body.sku).toBe(sku);
  });

  it('carries its identifiers when asked and known', async () => {
    await seller.put('T-6', shirt());
    await advance();
    const again = await seller.put('T-6', shirt(), { query: '&includedData=identifiers,issues' });
    expect(again.body.identifiers).toEqual([{ marketplaceId: US, asin: expect.any(String) }]);
  });

  it.each([
    ['a missing required attribute', { brand: undefined }, '90220', 'brand', 'MISSING_ATTRIBUTE'],
    ['an attribute nobody knows', { fake_attribute: [{ value: 1 }] }, '90000900', 'fake_attribute', undefined],
    [
      'a title of more than 200 bytes',
      { item_name: [{ value: 'é'.repeat(101), language_tag: 'en_US', marketplace_id: US }] },
      '99022',
      'item_name',
      'INVALID_ATTRIBUTE',
    ],
    ['a price of nothing', { purchasable_offer: [offer(0)] }, '99022', 'purchasable_offer', 'INVALID_ATTRIBUTE'],
    [
      'another currency',
      { purchasable_offer: [{ ...offer(1), currency: 'EUR' }] },
      '99022',
      'purchasable_offer',
      'INVALID_ATTRIBUTE',
    ],
    [
      'a negative quantity',
      { fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: -1 }] },
      '99022',
      'fulfillment_availability',
      'INVALID_ATTRIBUTE',
    ],
    ['a selector left out', { condition_type: [{ value: 'new_new' }] }, '99022', 'condition_type', 'INVALID_ATTRIBUTE'],
    ['a value that is no array', { brand: 'Northpier' }, '99022', 'brand', 'INVALID_ATTRIBUTE'],
    [
      'two values for one combination of selectors',
      {
        condition_type: [
          { value: 'new_new', marketplace_id: US },
          { value: 'used_good', marketplace_id: US },
        ],
      },
      '99022',
      'condition_type',
      'INVALID_ATTRIBUTE',
    ],
    [
      'an image without an address',
      { main_product_image_locator: [{ media_location: '/tee.jpg', marketplace_id: US }] },
      '99022',
      'main_product_image_locator',
      'INVALID_IMAGE',
    ],
    [
      'neither an identifier nor the exemption',
      { supplier_declared_has_product_identifier_exemption: undefined },
      '90220',
      'externally_assigned_product_identifier',
      'MISSING_ATTRIBUTE',
    ],
  ])('is INVALID at HTTP 200 for %s', async (_, overrides, code, attributeName, category) => {
    const reply = await seller.put('T-7', shirt(overrides));
    expect(reply.status).toBe(200);
    expect(reply.body.status).toBe('INVALID');
    const issue = reply.body.issues.find((candidate) => candidate.code === code);
    expect(issue?.attributeNames).toEqual([attributeName]);
    if (category) expect(issue?.categories).toContain(category);
    await advance();
    expect((await seller.item('T-7')).status).toBe(404);
  });

  it('is INVALID for a product type that does not exist', async () => {
    expect((await seller.put('T-8', shirt(), { productType: 'UNICORN' })).body.status).toBe('INVALID');
  });

  it('asks for the attributes of its requirements set only', async () => {
    const only = {
      condition_type: [{ value: 'new_new', marketplace_id: US }],
      fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 1 }],
    };
    expect((await seller.put('T-9', only, { requirements: 'LISTING_OFFER_ONLY' })).body.status).toBe('ACCEPTED');
    const mixed = await seller.put('T-10', shirt(), { requirements: 'LISTING_PRODUCT_ONLY' });
    expect(mixed.body.issues.map((issue) => issue.attributeNames?.[0]).sort()).toEqual([
      'condition_type',
      'fulfillment_availability',
      'purchasable_offer',
    ]);
  });

  it('changes nothing as VALIDATION_PREVIEW', async () => {
    const query = '&mode=VALIDATION_PREVIEW';
    expect((await seller.put('T-11', shirt(), { query })).body.status).toBe('VALID');
    expect((await seller.put('T-11', shirt({ brand: undefined }), { query })).body.status).toBe('INVALID');
    await advance();
    expect((await seller.item('T-11')).status).toBe(404);
  });

  it('is taken away by DELETE after its time, and DELETE knows no 404', async () => {
    await seller.put('T-12', shirt());
    await advance();
    expect((await seller.remove('T-12')).body.status).toBe('ACCEPTED');
    expect((await seller.item('T-12')).status).toBe(200);
    await advance();
    expect((await seller.item('T-12')).status).toBe(404);
    expect((await seller.remove('T-12')).status).toBe(200);
  });
});

describeWithAmazonModels('a PATCH', () => {
  let seller: SellerClient;
  beforeEach(async () => {
    seller = await moodyWorld('patches');
    await seller.put('P-1', shirt());
    await advance();
  });

  const quantity = (value: number) => [
    {
      op: 'merge',
      path: '/attributes/fulfillment_availability',
      value: [{ fulfillment_channel_code: 'DEFAULT', quantity: value }],
    },
  ];

  it('changes one attribute and leaves the others', async () => {
    expect((await seller.patch('P-1', quantity(3))).body.status).toBe('ACCEPTED');
    await advance();
    const item = (await seller.item('P-1')).body;
    expect(item.fulfillmentAvailability[0]?.quantity).toBe(3);
    expect(item.attributes.brand).toHaveLength(1);
  });

  it('builds on a PUT that still waits', async () => {
    await seller.put('P-2', shirt());
    expect((await seller.patch('P-2', quantity(9))).body.status).toBe('ACCEPTED');
    await advance();
    expect((await seller.item('P-2')).body.fulfillmentAvailability[0]?.quantity).toBe(9);
  });

  it('is INVALID for a SKU that does not exist, and has no 404', async () => {
    const reply = await seller.patch('P-unknown', quantity(1));
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ status: 'INVALID', issues: [{ severity: 'ERROR' }] });
  });

  it('is INVALID when it takes away what is required, or brings what is not known', async () => {
    const removal = [
      { op: 'delete', path: '/attributes/brand', value: [{ language_tag: 'en_US', marketplace_id: US }] },
    ];
    expect((await seller.patch('P-1', removal)).body.issues).toMatchObject([
      { code: '90220', attributeNames: ['brand'] },
    ]);
    const stranger = [{ op: 'add', path: '/attributes/fake_attribute', value: [{ value: 1 }] }];
    expect((await seller.patch('P-1', stranger)).body.issues).toMatchObject([{ code: '90000900' }]);
  });

  it('deletes by selectors, and nothing without any', async () => {
    const bullets = {
      bullet_point: [
        { value: 'Light', language_tag: 'en_US', marketplace_id: US },
        { value: 'Ligero', language_tag: 'es_US', marketplace_id: US },
      ],
    };
    await seller.put('P-3', shirt(bullets));
    const remove = (value: object[]) =>
      seller.patch('P-3', [{ op: 'delete', path: '/attributes/bullet_point', value }]);
    await remove([{ value: 'Light' }]);
    await advance();
    expect((await seller.item('P-3')).body.attributes.bullet_point).toHaveLength(2);
    await remove([{ language_tag: 'es_US', marketplace_id: US }]);
    await advance();
    expect((await seller.item('P-3')).body.attributes.bullet_point).toEqual([bullets.bullet_point[0]]);
  });

  it.each([
    ['no product type', { patches: quantity(1) }],
    ['no patches', { productType: 'SHIRT', patches: [] }],
    [
      'a nested path',
      {
        productType: 'SHIRT',
        patches: [{ op: 'replace', path: '/attributes/purchasable_offer/0/our_price', value: [{}] }],
      },
    ],
    [
      'a path outside the attributes',
      { productType: 'SHIRT', patches: [{ op: 'replace', path: '/productType', value: [{}] }] },
    ],
    [
      'an operation of RFC 6902 that Amazon lacks',
      { productType: 'SHIRT', patches: [{ op: 'move', path: '/attributes/brand', value: [{}] }] },
    ],
    [
      'a value that is no array of objects',
      { productType: 'SHIRT', patches: [{ op: 'replace', path: '/attributes/brand', value: 'x' }] },
    ],
    ['a deletion without selectors', { productType: 'SHIRT', patches: [{ op: 'delete', path: '/attributes/brand' }] }],
  ])('is refused with 400 for %s', async (_, body) => {
    const reply = await seller.write<ErrorBody>('PATCH', 'P-1', body);
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0]?.code).toBe('BAD_REQUEST');
  });

  it('merges and replaces any two instances without touching other attributes', () => {
    const instance = fc.record({ marketplace_id: fc.constantFrom('US', 'CA'), value: fc.integer() });
    fc.assert(
      fc.property(fc.array(instance), fc.array(instance, { minLength: 1 }), (present, value) => {
        const before = { condition_type: present, brand: [{ value: 'kept' }] };
        const merged = applyPatches(before, [{ op: 'merge', name: 'condition_type', value }]);
        const replaced = applyPatches(before, [{ op: 'replace', name: 'condition_type', value }]);
        expect(merged.brand).toEqual(before.brand);
        expect(before.condition_type).toEqual(present);
        expect(replaced.condition_type).toEqual(value);
        for (const { marketplace_id } of value)
          expect(merged.condition_type?.some((one) => one.marketplace_id === marketplace_id)).toBe(true);
      })
    );
  });
});

describeWithAmazonModels('a moody SKU', () => {
  let seller: SellerClient;
  beforeEach(async () => {
    await sandbox().control('POST', 'reset');
    seller = await moodyWorld('moods');
  });

  it('is refused at once when its mood is invalid', async () => {
    expect((await seller.put('sour', shirt())).body).toMatchObject({
      status: 'INVALID',
      issues: [{ severity: 'ERROR' }],
    });
  });

  it('is accepted and refused later, and is never BUYABLE', async () => {
    expect((await seller.put('refused', shirt())).body.status).toBe('ACCEPTED');
    await advance();
    const item = (await seller.item('refused')).body;
    expect(item.summaries[0]).toMatchObject({ status: [] });
    expect(item.summaries[0]).not.toHaveProperty('asin');
    expect(item.issues).toMatchObject([{ severity: 'ERROR', categories: ['INVALID_IMAGE'] }]);
  });

  it('is refused five times later when its mood is refuse-late', async () => {
    await seller.put('late', shirt());
    await advance();
    expect((await seller.item('late')).status).toBe(404);
    await advance(4 * VISIBLE_AFTER_SECONDS);
    expect((await seller.item('late')).body.issues).toMatchObject([{ code: '18742', severity: 'ERROR' }]);
  });

  it('never shows when its mood is never-visible', async () => {
    await seller.put('ghost', shirt());
    await advance(50 * VISIBLE_AFTER_SECONDS);
    expect((await seller.item('ghost')).status).toBe(404);
    const books = await sandbox().control<{ amazon: Record<string, Record<string, { state: string }>> }>(
      'GET',
      'books'
    );
    expect(books.body.amazon[seller.world.amazon.sellerId]?.ghost?.state).toBe('hidden');
  });

  it('leaves what is live unharmed when a later submission is refused', async () => {
    await seller.put('plain', shirt());
    await advance();
    await sandbox().control('POST', 'worlds/moods/skus/plain', { amazon: 'refuse' });
    await seller.put('plain', shirt({ item_name: [{ value: 'Worse', language_tag: 'en_US', marketplace_id: US }] }));
    await advance();
    const item = (await seller.item('plain')).body;
    expect(item.summaries[0]).toMatchObject({ itemName: 'Harbour Tee', status: ['BUYABLE', 'DISCOVERABLE'] });
    expect(item.issues).toHaveLength(1);
  });

  it('goes live once its mood is lifted and it is sent again', async () => {
    await seller.put('refused', shirt());
    await advance();
    await sandbox().control('POST', 'worlds/moods/skus/refused', { amazon: null });
    await seller.put('refused', shirt());
    await advance();
    const item = (await seller.item('refused')).body;
    expect(item.summaries[0]?.status).toContain('BUYABLE');
    expect(item.issues).toEqual([]);
  });
});

describeWithAmazonModels('a listings request', () => {
  let seller: SellerClient;
  beforeAll(async () => {
    seller = await moodyWorld('strict');
  });
  const base = () => `/listings/2021-08-01/items/${seller.world.amazon.sellerId}`;

  it.each([
    ['no marketplace', () => `${base()}/S-1`],
    ['an unknown marketplace', () => `${base()}/S-1?marketplaceIds=NOWHERE`],
    ['the brackets that some clients put around arrays', () => `${base()}/S-1?marketplaceIds[]=${US}`],
    ['included data that does not exist', () => `${base()}/S-1?marketplaceIds=${US}&includedData=prices`],
    ['identifiers without their type', () => `${base()}?marketplaceIds=${US}&identifiers=S-1`],
    ['a type without identifiers', () => `${base()}?marketplaceIds=${US}&identifiersType=SKU`],
    [
      '21 identifiers',
      () => `${base()}?marketplaceIds=${US}&identifiersType=SKU&identifiers=${Array(21).fill('x').join(',')}`,
    ],
    [
      'identifiers and a parent',
      () => `${base()}?marketplaceIds=${US}&identifiersType=SKU&identifiers=x&variationParentSku=y`,
    ],
    ['a page of 21', () => `${base()}?marketplaceIds=${US}&pageSize=21`],
    ['a page token of its own making', () => `${base()}?marketplaceIds=${US}&pageToken=zzz`],
    ['a status that does not exist', () => `${base()}?marketplaceIds=${US}&withStatus=SOLD`],
    ['a date that is none', () => `${base()}?marketplaceIds=${US}&createdAfter=yesterday`],
  ])('is refused with 400 for %s', async (_, path) => {
    const reply = await seller.get<ErrorBody>(path());
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0]).toMatchObject({ code: 'BAD_REQUEST', message: 'Invalid input' });
  });

  it.each([
    ['two marketplaces in a PUT', 'PUT', { productType: 'SHIRT', attributes: {} }, '&marketplaceIds=A2EUQ1WTGCTBG2'],
    ['no attributes', 'PUT', { productType: 'SHIRT' }, ''],
    ['attributes that are no object', 'PUT', { productType: 'SHIRT', attributes: [] }, ''],
    [
      'a requirements set that does not exist',
      'PUT',
      { productType: 'SHIRT', attributes: {}, requirements: 'ALL' },
      '',
    ],
    ['a mode that does not exist', 'PUT', { productType: 'SHIRT', attributes: {} }, '&mode=DRY_RUN'],
  ])('is refused for %s', async (_, method, body, query) => {
    const status = query.includes('A2EUQ') ? [400, 403] : [400];
    expect(status).toContain((await seller.write(method, 'S-2', body, query)).status);
  });

  it('is refused with 415 when it is not JSON and with 413 when it is huge', async () => {
    expect((await seller.write('PUT', 'S-3', 'a=b', '', { 'content-type': 'text/plain' })).status).toBe(415);
    expect(
      (await seller.write('PUT', 'S-3', { productType: 'SHIRT', attributes: { x: 'y'.repeat(1_100_000) } })).status
    ).toBe(413);
  });

  it('is refused with 400 when its JSON is broken', async () => {
    expect((await seller.write('PUT', 'S-3', '{', '', { 'content-type': 'application/json' })).status).toBe(400);
  });

  it('is refused with 403 for another seller and for a marketplace without participation', async () => {
    const other = await sandbox().world('strict-other');
    expect(
      (await seller.get(`/listings/2021-08-01/items/${other.amazon.sellerId}/S-1?marketplaceIds=${US}`)).status
    ).toBe(403);
    expect((await seller.get(`${base()}/S-1?marketplaceIds=A2EUQ1WTGCTBG2`)).status).toBe(403);
  });

  it('says which SKU was not found where', async () => {
    const reply = await seller.get<ErrorBody>(`${base()}/S-404?marketplaceIds=${US}`);
    expect(reply.status).toBe(404);
    expect(reply.body.errors[0]).toMatchObject({
      code: 'NOT_FOUND',
      message: `SKU 'S-404' not found in marketplace ${US}`,
    });
  });

  it('has its unknown parameters ignored', async () => {
    await seller.put('S-5', shirt());
    await advance();
    const response = await fetch(`${sandbox().url}${base()}/S-5?marketplaceIds=${US}&colour=blue`, {
      headers: { 'x-amz-access-token': seller.accessToken },
    });
    expect(response.status).toBe(200);
  });
});

describeWithAmazonModels('a search', () => {
  let seller: SellerClient;
  beforeAll(async () => {
    await sandbox().control('POST', 'reset');
    seller = await moodyWorld('search');
    for (let index = 0; index < 25; index += 1) {
      const overrides =
        index < 5 ? { fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 0 }] } : {};
      await seller.put(`Q-${String(index).padStart(2, '0')}`, shirt(overrides));
    }
    await seller.put('refused', shirt());
    await advance();
  });

  it('finds up to 20 SKUs by name, silent about those it does not know', async () => {
    const reply = await seller.search(
      'identifiersType=SKU&identifiers=Q-00,Q-07,nothing&includedData=summaries,issues&pageSize=20'
    );
    expect(reply.body.items.map((item) => item.sku).sort()).toEqual(['Q-00', 'Q-07']);
  });

  it('pages through everything once', async () => {
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const reply = await seller.search(`sortBy=sku&sortOrder=ASC&pageSize=20${token ? `&pageToken=${token}` : ''}`);
      expect(reply.body.numberOfResults).toBe(26);
      seen.push(...reply.body.items.map((item) => item.sku));
      token = reply.body.pagination.nextToken;
    } while (token);
    expect(seen).toHaveLength(26);
    expect(new Set(seen).size).toBe(26);
    expect([...seen].sort()).toEqual(seen);
  });

  it('filters by status and by severity of issues', async () => {
    expect((await seller.search('withoutStatus=BUYABLE')).body.numberOfResults).toBe(6);
    expect((await seller.search('withStatus=BUYABLE')).body.numberOfResults).toBe(20);
    expect((await seller.search('withIssueSeverity=ERROR')).body.items.map((item) => item.sku)).toEqual(['refused']);
  });

  it('finds by ASIN', async () => {
    const { asin } = (await seller.item('Q-09')).body.summaries[0] ?? {};
    expect(
      (await seller.search(`identifiersType=ASIN&identifiers=${asin}`)).body.items.map((item) => item.sku)
    ).toEqual(['Q-09']);
  });

  it('reaches no further than the first 1,000', async () => {
    for (let index = 0; index < 1000; index += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, offset) => seller.put<Submission>(`M-${index + offset}`, shirt()))
      );
    }
    await advance();
    let token: string | undefined = Buffer.from('page:980').toString('base64url');
    const reply = await seller.search(`pageSize=20&pageToken=${token}`);
    token = reply.body.pagination.nextToken;
    expect(reply.body.numberOfResults).toBe(1026);
    expect(reply.body.items).toHaveLength(20);
    expect(token).toBeUndefined();
  });
});
