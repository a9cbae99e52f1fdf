import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAmazon } from '../adapters/amazon';
import { requireMarketplace } from '../domain/marketplaces';
import type { AmazonAccount, ProductTypes } from '../domain/ports/amazon';
import type { JsonSchema } from '../domain/product-type-schema';

const ACCOUNT: AmazonAccount = {
  connectorId: 'con_bench',
  clientId: 'amzn1.application-oa2-client.bench',
  sellerId: 'A1BENCH00000',
  marketplace: requireMarketplace('US'),
  issueLocale: 'en_US',
};

/** Amazon as far as one definition goes: a token, the description with its link, and what is behind the link. */
export class DefinitionHost {
  private constructor(
    private readonly server: Server,
    private readonly productTypes: ProductTypes
  ) {}

  static async start(document: string): Promise<DefinitionHost> {
    let url = '';
    const checksum = createHash('md5').update(document).digest('base64');
    const server = createServer((request, response) => {
      request.resume();
      response.setHeader('content-type', 'application/json');
      if (request.url?.startsWith('/schema')) return void response.end(document);
      if (request.url?.startsWith('/token'))
        return void response.end(JSON.stringify({ access_token: 'Atza|bench', expires_in: 3600 }));
      response.end(
        JSON.stringify({
          schema: { link: { resource: `${url}/schema`, verb: 'GET' }, checksum },
          productType: 'LARGE',
          displayName: 'Large',
          productTypeVersion: { version: '1' },
          propertyGroups: {},
        })
      );
    });
    // A compilation may keep this process busy for longer than connections are kept by default.
    server.keepAliveTimeout = 120_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { productTypes } = createAmazon({
      lwaUrl: `${url}/token`,
      spApiUrl: () => url,
      // What is measured is not Amazon's limit.
      limiter: {
        acquire: () => Promise.resolve(),
        observe: () => undefined,
        outlook: () => Promise.resolve({ ratePerSecond: Infinity, waiting: [], nextInSeconds: 0 }),
      },
      credentials: () => Promise.resolve({ clientId: ACCOUNT.clientId, clientSecret: 'bench', refreshToken: 'bench' }),
      timeoutMs: 30_000,
    });
    return new DefinitionHost(server, productTypes);
  }

  /** The definition, as the service fetches it. */
  async fetch(): Promise<JsonSchema> {
    const answer = await this.productTypes.definition(
      ACCOUNT,
      { productType: 'LARGE', requirements: 'LISTING', locale: 'en_US', enforcement: 'ENFORCED' },
      undefined,
      new AbortController().signal
    );
    if (answer.kind === 'unknown' || !answer.schema) throw new Error('the host gave no schema');
    return answer.schema;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}
