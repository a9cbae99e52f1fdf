import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { createAmazon, type Amazon } from '../../../adapters/amazon';
import { createInProcessLimiter } from '../../../adapters/limiter/in-process';
import { requireMarketplace } from '../../../domain/marketplaces';
import type { AmazonAccount } from '../../../domain/ports/amazon';
import { answerJson, startOddServer, type OddServer, type Seen } from '../odd-server';
import { failureOf, never, SandboxWorld } from '../sandbox-world';

const shirt = { productType: 'SHIRT', requirements: 'LISTING', enforcement: 'ENFORCED', locale: 'DEFAULT' } as const;

describe('Amazon product types, against the sandbox', () => {
  let world: SandboxWorld;
  let amazon: Amazon;

  beforeAll(async () => {
    world = await SandboxWorld.start();
  });
  afterAll(() => world.sandbox.close());
  beforeEach(async () => {
    await world.heal();
    amazon = world.amazon();
  });

  it('lists all product types, and finds them by keywords and by the title of an item', async () => {
    const names = async (query: object): Promise<string[]> =>
      (await amazon.productTypes.search(world.account, { locale: 'en_US', ...query }, never)).productTypes.map(
        ({ name }) => name
      );
    expect(await names({})).toEqual(expect.arrayContaining(['SHIRT', 'WATCH', 'SPORTING_GOODS']));
    expect(await names({ keywords: ['hoodie'] })).toEqual(['SWEATSHIRT']);
    expect(await names({ itemName: 'A fine leather watch' })).toEqual(['WATCH']);
  });

  it('names them in the label locale', async () => {
    const { productTypes } = await amazon.productTypes.search(
      world.account,
      { keywords: ['shirt'], locale: 'es_ES', searchLocale: 'en_US' },
      never
    );
    expect(productTypes).toContainEqual({ name: 'SHIRT', displayName: 'Camisa' });
  });

  it('fetches the schema by its link, which takes no token, and the vocabulary of its meta-schema', async () => {
    const answer = await amazon.productTypes.definition(world.account, shirt, undefined, never);
    if (answer.kind === 'unknown') throw new Error(answer.said);
    expect(answer.schema).toMatchObject({ type: 'object', properties: { item_name: { title: 'Title' } } });
    expect(answer.head).toMatchObject({ productType: 'SHIRT', displayName: 'Shirt' });
    expect(answer.head.groups).toContainEqual(expect.objectContaining({ name: 'offer', title: 'Offer' }));
    expect(answer.head.vocabulary).toEqual(expect.arrayContaining(['selectors', 'maxUtf8ByteLength']));
  });

  it('gives labels in the locale asked for', async () => {
    const answer = await amazon.productTypes.definition(world.account, { ...shirt, locale: 'es_ES' }, undefined, never);
    expect(answer).toMatchObject({ schema: { properties: { item_weight: { title: 'Peso' } } } });
  });

  it('has fewer attributes for an offer alone than for a listing', async () => {
    const of = async (requirements: 'LISTING' | 'LISTING_OFFER_ONLY' | 'LISTING_PRODUCT_ONLY'): Promise<string[]> => {
      const answer = await amazon.productTypes.definition(world.account, { ...shirt, requirements }, undefined, never);
      if (answer.kind === 'unknown') throw new Error(answer.said);
      return Object.keys(answer.schema?.properties as object);
    };
    expect(await of('LISTING_OFFER_ONLY')).not.toContain('product_description');
    expect(await of('LISTING_PRODUCT_ONLY')).not.toContain('purchasable_offer');
    expect(await of('LISTING')).toEqual(expect.arrayContaining(['product_description', 'purchasable_offer']));
  });

  it('does not fetch a schema whose checksum is known', async () => {
    const first = await amazon.productTypes.definition(world.account, shirt, undefined, never);
    if (first.kind === 'unknown') throw new Error(first.said);
    const again = await amazon.productTypes.definition(world.account, shirt, first.head.checksum, never);
    expect(again).toEqual({ kind: 'known', head: first.head });
  });

  it("says so, in Amazon's words, when there is no such type", async () => {
    const answer = await amazon.productTypes.definition(
      world.account,
      { ...shirt, productType: 'UFO' },
      undefined,
      never
    );
    expect(answer).toEqual({ kind: 'unknown', said: expect.stringContaining("'UFO' was not found") as string });
  });
});

describe('Amazon product types, when a download goes wrong', () => {
  const document = JSON.stringify({ type: 'object', properties: {} });
  const md5 = (encoding: 'base64' | 'hex'): string => createHash('md5').update(document).digest(encoding);
  let server: OddServer;
  let answers: { checksum: string; download: (response: ServerResponse, count: number) => void };
  let downloads: Seen[];
  let described: number;
  const account: AmazonAccount = {
    connectorId: 'con_1',
    clientId: 'client',
    sellerId: 'A1',
    marketplace: requireMarketplace('US'),
    issueLocale: 'en_US',
  };

  beforeEach(async () => {
    downloads = [];
    described = 0;
    server = await startOddServer((request, response) => {
      if (request.url === '/token') return answerJson(response, 200, { access_token: 'Atza|token', expires_in: 3600 });
      if (request.url.startsWith('/signed')) {
        downloads.push(request);
        return answers.download(response, downloads.length);
      }
      described += 1;
      answerJson(response, 200, {
        schema: { link: { resource: `${server.url}/signed?sig=a+b%2Fc&n=${described}` }, checksum: answers.checksum },
        productType: 'SHIRT',
        productTypeVersion: { version: 'v1' },
      });
    });
  });
  afterEach(() => server.close());

  const good = (response: ServerResponse): void => void response.writeHead(200).end(document);
  function define() {
    const amazon = createAmazon({
      lwaUrl: `${server.url}/token`,
      spApiUrl: () => server.url,
      limiter: createInProcessLimiter(),
      credentials: () => Promise.resolve({ clientId: 'c', clientSecret: 's', refreshToken: 'r' }),
      timeoutMs: 2_000,
    });
    return amazon.productTypes.definition(account, shirt, undefined, never);
  }

  it('takes a checksum in base64 and in hex, and sends the signed address as it is, without a token', async () => {
    for (const encoding of ['base64', 'hex'] as const) {
      answers = { checksum: md5(encoding), download: good };
      expect(await define()).toMatchObject({ kind: 'known', schema: { type: 'object' } });
    }
    for (const { url, headers } of downloads) {
      expect(url).toMatch(/^\/signed\?sig=a\+b%2Fc&n=\d$/);
      expect(headers).not.toHaveProperty('x-amz-access-token');
      expect(headers).not.toHaveProperty('authorization');
    }
  });

  it.each([403, 404])('asks for a new link when the one it has is answered with %d', async (status) => {
    answers = {
      checksum: md5('base64'),
      download: (response, count) => (count === 1 ? void response.writeHead(status).end('expired') : good(response)),
    };
    expect(await define()).toMatchObject({ kind: 'known', schema: { type: 'object' } });
    expect(described).toBe(2);
  });

  it('tries once more, and then fails for a passing reason, when a document does not fit its checksum', async () => {
    answers = { checksum: 'AAAAAAAAAAAAAAAAAAAAAA==', download: good };
    expect(await failureOf(define())).toMatchObject({
      code: 'transient',
      message: 'A product type schema does not fit its checksum.',
    });
    expect(downloads).toHaveLength(2);
  });

  it('fails for a passing reason when links stay dead or their store is away, and never shows the signature', async () => {
    for (const status of [403, 500]) {
      answers = { checksum: md5('base64'), download: (response) => void response.writeHead(status).end() };
      const failure = (await failureOf(define())) as Error;
      expect(failure).toMatchObject({ code: 'transient' });
      expect(failure.message).not.toMatch(/sig=|signed/);
    }
  });
});
