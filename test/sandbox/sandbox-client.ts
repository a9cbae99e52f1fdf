import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/index';
import { findOperation } from './amazon-models';

export const US = 'ATVPDKIKX0DER';
const RATED_STATUSES = [200, 201, 202, 204, 400, 404];

export interface Reply<T = never> {
  status: number;
  headers: Headers;
  /** Parsed JSON, or the text where it is none. */
  body: T;
  text: string;
}

export interface WorldAnswer {
  name: string;
  vtex: { account: string; appKey: string; appToken: string; salesChannel: string };
  amazon: { clientId: string; clientSecret: string; refreshToken: string; sellerId: string; marketplaceIds: string[] };
  catalog: { digest: string; products: number; skus: number };
}

export interface Issue {
  code: string;
  message: string;
  severity: string;
  categories: string[];
  attributeNames?: string[];
}

export interface Submission {
  sku: string;
  status: string;
  submissionId: string;
  issues: Issue[];
  identifiers?: { marketplaceId: string; asin: string }[];
}

export interface Item {
  sku: string;
  summaries: { status: string[]; asin?: string; itemName?: string }[];
  attributes: Record<string, Record<string, unknown>[]>;
  issues: Issue[];
  offers: { price: { amount: string; currencyCode: string } }[];
  fulfillmentAvailability: { fulfillmentChannelCode: string; quantity: number }[];
}

export interface ErrorBody {
  errors: { code: string; message: string; details: string }[];
}

/** Talks to a sandbox as a client would; every SP-API exchange is held against Amazon's own model. */
export class SandboxClient {
  constructor(readonly url: string) {}

  async send<T = never>(
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string> } = {}
  ): Promise<Reply<T>> {
    const isText = typeof options.body === 'string';
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(options.body === undefined || isText ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      body: options.body === undefined ? undefined : isText ? (options.body as string) : JSON.stringify(options.body),
    });
    const text = await response.text();
    const reply = { status: response.status, headers: response.headers, text, body: parsed(text) as T };
    holdAgainstModel(method, path, options.body, reply);
    return reply;
  }

  control<T = never>(method: string, path: string, body?: unknown): Promise<Reply<T>> {
    return this.send<T>(method, `/__sandbox/${path}`, { body });
  }

  async world(name: string, body: unknown = { generate: 12 }): Promise<WorldAnswer> {
    const reply = await this.control<WorldAnswer>('PUT', `worlds/${name}`, body);
    expect(reply.status).toBe(200);
    return reply.body;
  }

  token(world: WorldAnswer, overrides: Record<string, string | undefined> = {}) {
    const { clientId, clientSecret, refreshToken } = world.amazon;
    const fields = {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: clientId,
      client_secret: clientSecret,
      ...overrides,
    };
    const given = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return this.send<{
      access_token: string;
      expires_in: number;
      token_type: string;
      error: string;
      error_description: string;
    }>('POST', '/auth/o2/token', {
      body: new URLSearchParams(given).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  }

  async seller(world: WorldAnswer): Promise<SellerClient> {
    const reply = await this.token(world);
    return new SellerClient(this, world, reply.body.access_token);
  }
}

/** A seller's SP-API calls, with a token. */
export class SellerClient {
  constructor(
    private readonly client: SandboxClient,
    readonly world: WorldAnswer,
    public accessToken: string
  ) {}

  get<T = never>(path: string): Promise<Reply<T>> {
    return this.client.send<T>('GET', path, { headers: this.headers });
  }

  put<T = Submission>(
    sku: string,
    attributes: object,
    options: { query?: string; productType?: string; requirements?: string } = {}
  ) {
    const { query = '', productType = 'SHIRT', requirements } = options;
    return this.write<T>('PUT', sku, { productType, ...(requirements ? { requirements } : {}), attributes }, query);
  }

  patch<T = Submission>(sku: string, patches: object[], query = '') {
    return this.write<T>('PATCH', sku, { productType: 'SHIRT', patches }, query);
  }

  write<T = Submission>(method: string, sku: string, body: unknown, query = '', headers: Record<string, string> = {}) {
    return this.client.send<T>(method, `${this.path(sku)}?marketplaceIds=${US}${query}`, {
      body,
      headers: { ...this.headers, ...headers },
    });
  }

  remove(sku: string) {
    return this.write<Submission>('DELETE', sku, undefined);
  }

  item(
    sku: string,
    includedData = 'summaries,attributes,issues,offers,fulfillmentAvailability,productTypes,relationships,procurement'
  ) {
    return this.get<Item>(`${this.path(sku)}?marketplaceIds=${US}&includedData=${includedData}`);
  }

  search<T = { numberOfResults: number; items: Item[]; pagination: { nextToken?: string } }>(query: string) {
    return this.get<T>(`/listings/2021-08-01/items/${this.world.amazon.sellerId}?marketplaceIds=${US}&${query}`);
  }

  path(sku: string): string {
    return `/listings/2021-08-01/items/${this.world.amazon.sellerId}/${encodeURIComponent(sku)}`;
  }

  private get headers(): Record<string, string> {
    return { 'x-amz-access-token': this.accessToken };
  }
}

/** A sandbox for one test file, closed after it. */
export function useSandbox(options: SandboxOptions = {}): () => SandboxClient {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ visibleAfterMs: 60_000, ...options });
  });
  afterAll(() => sandbox.close());
  return () => new SandboxClient(sandbox.url);
}

/** What a listing of SHIRT needs, complete. */
export function shirt(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  const text = (value: string) => [{ value, language_tag: 'en_US', marketplace_id: US }];
  const attributes: Record<string, unknown> = {
    item_name: text('Harbour Tee'),
    brand: text('Northpier'),
    product_description: text('Made for long days outside.'),
    condition_type: [{ value: 'new_new', marketplace_id: US }],
    purchasable_offer: [offer(19.9)],
    fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 7 }],
    main_product_image_locator: [{ media_location: 'http://images.example.com/tee.jpg', marketplace_id: US }],
    supplier_declared_has_product_identifier_exemption: [{ value: true, marketplace_id: US }],
    ...overrides,
  };
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

export function offer(price: number): Record<string, unknown> {
  return {
    audience: 'ALL',
    currency: 'USD',
    marketplace_id: US,
    our_price: [{ schedule: [{ value_with_tax: price }] }],
  };
}

function holdAgainstModel(method: string, path: string, body: unknown, reply: Reply<unknown>): void {
  const [pathname = '', queryText = ''] = path.split('?');
  const operation = findOperation(method, pathname);
  if (!operation) return;
  const { model, operationId } = operation;
  expect(model.validateResponse(operationId, reply.status, reply.body)).toEqual([]);
  expect(reply.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  expect(reply.headers.has('x-amzn-ratelimit-limit')).toBe(RATED_STATUSES.includes(reply.status));
  expect(reply.headers.has('retry-after')).toBe(false);
  if (reply.status !== 200) return;
  const query = Object.fromEntries(new URLSearchParams(queryText));
  expect(model.validateRequest(operationId, { path: operation.path, query, body })).toEqual([]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
