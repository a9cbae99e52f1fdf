import { bySku, FilesUnderTest, never } from './files-under-test';

describe('exports that are recognised', () => {
  const files = new FilesUnderTest();
  afterAll(() => files.remove());

  it('reads a product export of Shopify, whose variants stand under their product', async () => {
    const { items, unreadable } = await files.read(
      'shopify.csv',
      `Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Barcode,Image Src,Image Position,Variant Image,Status,Fabric (product.metafields.shopify.fabric)
tee,Basic Tee,"<p>Soft.</p>
<p>Warm.</p>",Acme,Apparel & Accessories > Clothing > Shirts & Tops,Tees,"summer, sale",true,Size,S,Color,Red,TEE-S,180,shopify,5,deny,19.90,'0123456789012,https://cdn.example/a.jpg,1,https://cdn.example/red.jpg,active,cotton; wool
tee,,,,,,,,,M,,Red,TEE-M,180,shopify,0,continue,19.90,,https://cdn.example/b.jpg,2,,,
tee,,,,,,,,,,,,,,,,,,,https://cdn.example/c.jpg,3,,,
mug,Mug,,Acme,,Cups,,true,Title,Default Title,,,MUG,0,,,deny,5,,,,,draft,
lost,,,,,,,,,L,,,LOST-L,1,shopify,1,deny,5,,,,,,
bag,Bag,,Acme,,Bags,,true,Title,Default Title,,,,10,shopify,1,deny,7,,,,,active,
`
    );
    const { 'TEE-S': small, 'TEE-M': medium, MUG: mug } = bySku(items);
    expect(small).toEqual({
      sku: 'TEE-S',
      sourceId: 'TEE-S',
      productId: 'tee',
      productReference: 'tee',
      productTitle: 'Basic Tee',
      title: 'Basic Tee - S - Red',
      brand: 'Acme',
      descriptionHtml: '<p>Soft.</p>\n<p>Warm.</p>',
      categories: ['Apparel & Accessories/Clothing/Shirts & Tops', 'Tees'],
      options: { size: 'S', color: 'Red' },
      attributes: { tags: ['summer', 'sale'], fabric: ['cotton', 'wool'] },
      images: [
        'https://cdn.example/red.jpg',
        'https://cdn.example/a.jpg',
        'https://cdn.example/b.jpg',
        'https://cdn.example/c.jpg',
      ],
      gtins: ['0123456789012'],
      weightGrams: 180,
      price: { minorUnits: 1990, currency: 'USD' },
      stock: { kind: 'units', units: 5 },
      status: 'active',
      isKit: false,
    });
    expect(medium).toMatchObject({ productId: 'tee', options: { size: 'M', color: 'Red' }, stock: { units: 0 } });
    expect(mug).toMatchObject({ title: 'Mug', options: {}, stock: { kind: 'unlimited' }, status: 'inactive' });
    expect(unreadable).toEqual([
      { sourceId: 'LOST-L', reason: 'line 7 of shopify.csv: The row with the Title of lost is not right above it.' },
      { sourceId: 'line 8 of shopify.csv', reason: 'line 8 of shopify.csv: It has no SKU.' },
    ]);
  });

  it('reads a product export of Magento, in whatever order its rows come', async () => {
    const { items, unreadable } = await files.read(
      'magento.csv',
      `sku,store_view_code,attribute_set_code,product_type,categories,name,description,weight,product_online,price,base_image,additional_images,additional_attributes,qty,is_in_stock,manage_stock,use_config_manage_stock,configurable_variations,bundle_values
T,,Top,configurable,"Default Category/Men/Tops,Default Category",Tee,<p>Soft</p>,,1,20,,,"manufacturer=Acme,material=Wool|Cotton,care=Wash cold, dry flat,has_options=1",0,1,1,1,"sku=T-S,size=S|sku=T-M,size=M",
T-S,,Top,simple,,Tee-S,,0.5,1,20,/t/s.jpg,"/t/s2.jpg,/t/s3.jpg","size=S,ean=4006381333931",5.0000,1,1,1,,
T-S,fr,,,,Maillot,,,,,,,,,,,,,
T-M,,Top,simple,,Tee-M,,,2,20,,,size=M,5,0,1,1,,
GIFT,,Top,virtual,Default Category/Gifts,Card,,,1,25,,,,0,1,0,0,,
KIT,,Top,bundle,Default Category/Sets,Set,,,1,,,,,0,1,1,1,,"name=Shirt,type=select,required=1,sku=T-M,default=0,default_qty=1|name=Shirt,type=select,required=1,sku=T-S,default=1,default_qty=2|name=Card,type=select,required=1,sku=GIFT,default=1,default_qty=1"
`,
      { imageBaseUrl: 'https://shop.example/media/catalog/product/' }
    );
    const { 'T-S': small, 'T-M': medium, GIFT: gift, KIT: kit } = bySku(items);
    expect(unreadable).toEqual([]);
    expect(items).toHaveLength(4);
    expect(small).toMatchObject({
      productId: 'T',
      productReference: 'T',
      productTitle: 'Tee',
      title: 'Tee-S',
      brand: 'Acme',
      descriptionHtml: '<p>Soft</p>',
      categories: ['Men/Tops'],
      options: { size: 'S' },
      attributes: { material: ['Wool', 'Cotton'], care: ['Wash cold, dry flat'], ean: ['4006381333931'] },
      images: ['s', 's2', 's3'].map((each) => `https://shop.example/media/catalog/product/t/${each}.jpg`),
      gtins: ['4006381333931'],
      weightGrams: 500,
      stock: { units: 5 },
    });
    expect(medium).toMatchObject({ status: 'inactive', stock: { units: 0 } });
    expect(gift).toMatchObject({ stock: { kind: 'unlimited' }, options: {} });
    expect(kit).toMatchObject({
      isKit: true,
      stock: { kind: 'units', units: 2 },
      components: [
        { sourceId: 'T-S', units: 2, stock: { kind: 'units', units: 5 } },
        { sourceId: 'GIFT', units: 1, stock: { kind: 'unlimited' } },
      ],
    });
    expect(kit?.productReference).toBeUndefined();
    expect(kit?.price).toBeUndefined();
  });

  it('reads a feed of Google Merchant Center, by its plain and by its prefixed names', async () => {
    const { items, unreadable } = await files.read(
      'feed.tsv',
      [
        [
          'g:id',
          'title',
          'description',
          'link',
          'image link',
          'additional image link',
          'availability',
          'price',
          'brand',
          'gtin',
          'item group id',
          'color',
          'size',
          'google product category',
          'product type',
          'shipping weight',
          'is bundle',
        ],
        [
          'G1',
          'Tee red',
          'Soft',
          'https://s.example/1',
          'https://s.example/1.jpg',
          'https://s.example/2.jpg,https://s.example/3.jpg',
          'in_stock',
          '12.00 USD',
          'Acme',
          '4006381333931',
          'G',
          'Red',
          'S',
          'Apparel > Shirts',
          'Home > Tees',
          '0.3 kg',
          'no',
        ],
        [
          'G2',
          'Tee blue',
          'Soft',
          'https://s.example/2',
          '',
          '',
          'out of stock',
          '15,50 EUR',
          'Acme',
          '',
          'G',
          'Blue',
          'S',
          '212',
          '',
          '',
          '',
        ],
        ['G3', 'Set', '', 'https://s.example/3', '', '', 'in stock', '', '', '', '', '', '', '', '', '', 'yes'],
      ]
        .map((cells) => cells.join('\t'))
        .join('\n'),
      { defaults: { stock: 4 } }
    );
    expect(unreadable).toEqual([]);
    expect(items[0]).toEqual({
      sku: 'G1',
      sourceId: 'G1',
      productId: 'G',
      productReference: 'G',
      title: 'Tee red',
      brand: 'Acme',
      descriptionHtml: 'Soft',
      categories: ['Apparel/Shirts', 'Home/Tees'],
      options: { size: 'S', color: 'Red' },
      attributes: {},
      images: ['https://s.example/1.jpg', 'https://s.example/2.jpg', 'https://s.example/3.jpg'],
      gtins: ['4006381333931'],
      weightGrams: 300,
      price: { minorUnits: 1200, currency: 'USD' },
      stock: { kind: 'units', units: 4 },
      status: 'active',
      isKit: false,
    });
    expect(items[1]).toMatchObject({
      price: { minorUnits: 1550, currency: 'EUR' },
      stock: { units: 0 },
      categories: [],
    });
    expect(items[2]).toMatchObject({ isKit: true, productId: 'G3', stock: { units: 4 } });
  });

  it('reads columns of any name by the mapping, and takes the others as attributes', async () => {
    const { items } = await files.read(
      'artikel.csv',
      'Artikelnummer;Bezeichnung;Preis;Lagerbestand;Größe;Pflege;Bilder\n4711;Hemd;1.299,00;7;L;kalt|lüften;/a.jpg, /b.jpg\n',
      {
        columns: {
          sku: 'Artikelnummer',
          title: 'Bezeichnung',
          price: 'Preis',
          stock: 'Lagerbestand',
          size: 'größe',
          images: 'Bilder',
        },
        defaults: { brand: 'Acme', category: 'Shirts' },
        imageBaseUrl: 'https://bilder.example',
        currency: 'EUR',
      }
    );
    expect(items[0]).toMatchObject({
      sku: '4711',
      title: 'Hemd',
      brand: 'Acme',
      categories: ['Shirts'],
      price: { minorUnits: 129_900, currency: 'EUR' },
      stock: { kind: 'units', units: 7 },
      options: { size: 'L' },
      attributes: { pflege: ['kalt', 'lüften'] },
      images: ['https://bilder.example/a.jpg', 'https://bilder.example/b.jpg'],
    });
  });

  it('takes columns whose name ends in a language for translations of the column before the ending', async () => {
    const { items } = await files.read(
      'languages.csv',
      [
        'sku,name,title_es,name:fr,description,Description (es-MX),price,color,color_es,material,material_es,material_xx,made_in,care_es,price_es',
        'A,Shirt,Camisa,Chemise,Soft,Suave,1,Red,Rojo,Wool|Silk,Lana|Seda,x,Spain,frío,2',
        'B,Cup,,,Hard,,1,,,,,,,,',
      ].join('\n')
    );
    expect(items[0]).toMatchObject({
      title: 'Shirt',
      options: { color: 'Red' },
      // What ends in a language and has no column before the ending, or none of texts, is an attribute as any other.
      attributes: {
        material: ['Wool', 'Silk'],
        material_xx: ['x'],
        made_in: ['Spain'],
        care_es: ['frío'],
        price_es: ['2'],
      },
      translations: {
        es: { title: 'Camisa', options: { color: 'Rojo' }, attributes: { material: ['Lana', 'Seda'] } },
        fr: { title: 'Chemise' },
        es_MX: { descriptionHtml: 'Suave' },
      },
    });
    expect(items[0]?.attributes).not.toHaveProperty('material_es');
    expect(items[1]).not.toHaveProperty('translations');
  });

  it('knows the languages of mapped columns too', async () => {
    const { items } = await files.read('mapped.csv', 'Nr;Bezeichnung;Bezeichnung_en;Preis\nA;Hemd;Shirt;1,50\n', {
      columns: { sku: 'Nr', title: 'Bezeichnung', price: 'Preis' },
    });
    expect(items[0]).toMatchObject({ title: 'Hemd', attributes: {}, translations: { en: { title: 'Shirt' } } });
  });

  it('says what it found and what is needed when the columns are not known', async () => {
    const path = files.write('unknown.csv', 'Artikelnummer;Preis\n1;2\n');
    await expect(files.source(path).look(never)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringMatching(
        /^The columns of unknown\.csv are not known: it has 'Artikelnummer', 'Preis'\. Name at least the columns of sku, title, price and stock in source\.columns, or give a product export of Shopify/
      ) as string,
    });
    await expect(files.source(path, { columns: { sku: 'Nummer' } }).look(never)).rejects.toThrow(
      "source.columns.sku names the column 'Nummer', which unknown.csv does not have; it has 'Artikelnummer', 'Preis'."
    );
    await expect(files.source(path, { columns: { sku: 'Artikelnummer' } }).look(never)).rejects.toThrow(
      'unknown.csv needs a column for the SKU and one for the title, the price or the stock'
    );
  });
});

describe('JSON lines', () => {
  const files = new FilesUnderTest();
  afterAll(() => files.remove());

  it('hold products with their SKUs, or one SKU a line', async () => {
    const product = {
      productId: 7,
      refId: 'TEE',
      name: 'Tee',
      brand: 'Acme',
      descriptionHtml: '<p>Soft</p>',
      categories: ['Men/Tees'],
      attributes: { material: ['Wool'], care: 'Cold' },
      skus: [
        {
          skuId: 70,
          refId: 'TEE-S',
          name: 'Tee S',
          options: { Size: 'S' },
          price: 12.5,
          quantity: 3,
          weightKg: 1.234,
          images: ['/s.jpg'],
        },
        { skuId: 71, refId: 'TEE-M', price: 1.299, quantity: 'unlimited', status: 'inactive' },
        { refId: 'TEE-L', price: { amount: 1 } },
        { name: 'no id' },
      ],
    };
    const kit = {
      refId: 'SET',
      name: 'Set',
      skus: [{ refId: 'SET', isKit: true, kitItems: [{ refId: 'TEE-S', quantity: 2 }, { refId: 'FLAT' }] }],
    };
    const flat = {
      sku: 'FLAT',
      title: 'Cup',
      price: 3,
      stock: 9,
      options: { Color: 'Red' },
      images: ['https://s.example/c.jpg'],
      ean: 4006381333931,
    };
    const { items, unreadable } = await files.read(
      'catalogue.jsonl',
      [
        JSON.stringify(product),
        '',
        '{"sku": "CUT',
        JSON.stringify(kit),
        JSON.stringify(flat),
        '[1]',
        '{"refId":"EMPTY","skus":[]}',
      ].join('\r\n'),
      { imageBaseUrl: 'https://img.example' }
    );
    const { 'TEE-S': small, 'TEE-M': medium, FLAT: cup, SET: set } = bySku(items);
    expect(small).toMatchObject({
      sku: 'TEE-S',
      sourceId: 'TEE-S',
      productId: 'TEE',
      options: { size: 'S' },
      attributes: { material: ['Wool'], care: ['Cold'] },
      images: ['https://img.example/s.jpg'],
      weightGrams: 1234,
      price: { minorUnits: 1250 },
      stock: { units: 3 },
    });
    expect(medium).toMatchObject({
      title: 'Tee',
      stock: { kind: 'unlimited' },
      status: 'inactive',
      price: { minorUnits: 130 },
    });
    expect(cup).toMatchObject({
      options: { color: 'Red' },
      stock: { units: 9 },
      gtins: ['4006381333931'],
      attributes: {},
    });
    expect(set).toMatchObject({
      isKit: true,
      stock: { kind: 'units', units: 1 },
      components: [
        { sourceId: 'TEE-S', units: 2, stock: { kind: 'units', units: 3 } },
        { sourceId: 'FLAT', units: 1, stock: { kind: 'units', units: 9 } },
      ],
    });
    expect(small).toMatchObject({ productReference: 'TEE', productTitle: 'Tee' });
    expect(set).not.toHaveProperty('productReference');
    expect(unreadable.map(({ sourceId, reason }) => `${sourceId} — ${reason}`)).toEqual([
      'TEE-L — line 1 of catalogue.jsonl: SKU TEE-L: Its field price does not have the form that is read here.',
      'line 1 of catalogue.jsonl — line 1 of catalogue.jsonl: It has no SKU.',
      'line 3 of catalogue.jsonl — line 3 of catalogue.jsonl: It is not valid JSON.',
      'line 6 of catalogue.jsonl — line 6 of catalogue.jsonl: It is not a JSON object; write one product a line.',
      'line 7 of catalogue.jsonl — line 7 of catalogue.jsonl: The product has no SKUs.',
    ]);
  });

  it('hold texts in further languages, of a product and of a SKU', async () => {
    const { items } = await files.read(
      'languages.jsonl',
      [
        JSON.stringify({
          refId: 'TEE',
          name: 'Tee',
          language: 'en',
          translations: {
            'es-mx': { name: 'Playera', descriptionHtml: 'Suave', attributes: { material: ['Lana'] } },
            fr: { name: '' },
          },
          skus: [
            { refId: 'TEE-S', name: 'Tee S', price: 1, translations: { es_MX: { options: { size: 'CH' } } } },
            { refId: 'TEE-M', price: 1, translations: { 'es-mx': { attributes: { care: 'Frío' } } } },
          ],
        }),
        JSON.stringify({ sku: 'CUP', title: 'Cup', title_es: 'Taza', translations: { de: { title: 'Tasse' } } }),
      ].join('\n')
    );
    const { 'TEE-S': small, 'TEE-M': medium, CUP: cup } = bySku(items);
    const product = { productTitle: 'Playera', descriptionHtml: 'Suave' };
    expect(small?.language).toBe('en');
    expect(small?.translations).toEqual({
      es_MX: { ...product, options: { size: 'CH' }, attributes: { material: ['Lana'] } },
    });
    // A SKU without a name of its own is called as its product is, in every language.
    expect(medium?.translations).toEqual({
      es_MX: { ...product, title: 'Playera', attributes: { material: ['Lana'], care: ['Frío'] } },
    });
    expect(cup?.translations).toEqual({ es: { title: 'Taza' }, de: { title: 'Tasse' } });
  });

  it('that cannot be read are reported under each of their SKUs, so that none is taken for removed', async () => {
    const product = {
      refId: 'P',
      name: 'Set',
      skus: [
        { refId: 'P-1', price: 1 },
        { refId: 'P-2', isKit: true },
      ],
    };
    const whole = JSON.stringify(product).replace('"isKit":true', '"kitItems":[{"refId":"PART"}],"isKit":true');
    const { items, unreadable } = await files.read(
      'broken.jsonl',
      [
        whole.slice(0, -1),
        whole.replaceAll('P-', 'Q-').replace('"Set"', '{"en":"Set"}'),
        '{"sku":"FLAT","price":}',
        '{"sku":4711,"title":{},"kitItems":1}',
      ].join('\n')
    );
    expect(items).toEqual([]);
    expect(unreadable.map(({ sourceId, reason }) => `${sourceId} — ${reason}`)).toEqual([
      'P-1 — line 1 of broken.jsonl: It is not valid JSON.',
      'P-2 — line 1 of broken.jsonl: It is not valid JSON.',
      'Q-1 — line 2 of broken.jsonl: Its field name does not have the form that is read here.',
      'Q-2 — line 2 of broken.jsonl: Its field name does not have the form that is read here.',
      'FLAT — line 3 of broken.jsonl: It is not valid JSON.',
      '4711 — line 4 of broken.jsonl: Its field kitItems does not have the form that is read here.',
    ]);
  });

  it('are told from an array', async () => {
    const path = files.write('array.json', '[{"sku":"A"}]');
    await expect(files.source(path).look(never)).rejects.toThrow(
      'array.json is one JSON array; write one product a line.'
    );
  });
});
