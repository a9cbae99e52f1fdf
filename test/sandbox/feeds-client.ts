import { gunzipSync, gzipSync } from 'node:zlib';
import { wrongWithDocument, wrongWithFeedsExchange } from './feeds-models';
import { US, type ErrorBody, type Reply, type SandboxClient, type WorldAnswer } from './sandbox-client';

export const JSON_UTF8 = 'application/json; charset=UTF-8';
const FEEDS = '/feeds/2021-06-30';

export interface FeedView {
  feedId: string;
  processingStatus: string;
  processingStartTime?: string;
  processingEndTime?: string;
  resultFeedDocumentId?: string;
}
interface Link {
  feedDocumentId: string;
  url: string;
  compressionAlgorithm?: string;
}
interface Report {
  header: { feedId: string; sellerId: string };
  issues: {
    messageId?: number;
    sku?: string;
    code?: string;
    severity: string;
    message: string;
    attributeName?: string;
  }[];
  summary: Record<string, number>;
}

/** A seller's Feeds API, every exchange held against Amazon's model. */
export class FeedsClient {
  private constructor(
    private readonly box: SandboxClient,
    readonly world: WorldAnswer,
    private readonly token: string
  ) {}

  static async open(name: string, box: SandboxClient): Promise<FeedsClient> {
    const world = await box.world(name);
    return new FeedsClient(box, world, (await box.token(world)).body.access_token);
  }

  async call<T = never>(
    operationId: string,
    method: string,
    path: string,
    body?: object
  ): Promise<Reply<T & ErrorBody>> {
    const headers = { 'x-amz-access-token': this.token };
    const reply = await this.box.send<T & ErrorBody>(method, FEEDS + path, { body, headers });
    expect(wrongWithFeedsExchange(operationId, reply.status, reply.text === '' ? undefined : reply.body)).toEqual([]);
    expect(reply.headers.get('x-amzn-requestid')).not.toBeNull();
    return reply;
  }

  createDocument(contentType = JSON_UTF8) {
    return this.call<Link>('createFeedDocument', 'POST', '/documents', { contentType });
  }

  create(inputFeedDocumentId: string, feedType = 'JSON_LISTINGS_FEED', marketplaceIds = [US]) {
    return this.call<{ feedId: string }>('createFeed', 'POST', '/feeds', {
      feedType,
      marketplaceIds,
      inputFeedDocumentId,
    });
  }

  get(feedId: string) {
    return this.call<FeedView>('getFeed', 'GET', `/feeds/${feedId}`);
  }

  cancel(feedId: string) {
    return this.call('cancelFeed', 'DELETE', `/feeds/${feedId}`);
  }

  document(id: string, query = '') {
    return this.call<Link>('getFeedDocument', 'GET', `/documents/${id}${query}`);
  }

  /** Uploads and submits a document. @returns the feed's id */
  async submit(document: unknown, options: { gzip?: boolean } = {}): Promise<string> {
    const { url, feedDocumentId } = (await this.createDocument()).body;
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    expect((await uploadTo(url, options.gzip ? gzipSync(text) : text)).status).toBe(200);
    const reply = await this.create(feedDocumentId);
    expect(reply.status).toBe(202);
    return reply.body.feedId;
  }

  messages(...messages: object[]): object {
    const header = { sellerId: this.world.amazon.sellerId, version: '2.0', issueLocale: 'en_US' };
    return { header, messages: messages.map((message, index) => ({ messageId: index + 1, ...message })) };
  }

  async report(feedId: string): Promise<Report> {
    const { resultFeedDocumentId } = (await this.get(feedId)).body;
    const { url, compressionAlgorithm } = (await this.document(resultFeedDocumentId ?? 'none')).body;
    expect(compressionAlgorithm).toBe('GZIP');
    const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
    const report = JSON.parse(gunzipSync(bytes).toString()) as Report;
    expect(wrongWithDocument('listings-feed-processing-report-schema-v2', report)).toEqual([]);
    return report;
  }

  async book(sku: string): Promise<Record<string, unknown> | undefined> {
    type Books = { amazon: Record<string, Record<string, Record<string, unknown>>> };
    const books = await this.box.control<Books>('GET', 'books');
    return books.body.amazon[this.world.amazon.sellerId]?.[sku];
  }

  amazon(change: object) {
    return this.box.control('POST', `worlds/${this.world.name}/amazon`, change);
  }
}

export function uploadTo(url: string, body: string | Buffer, contentType = JSON_UTF8, headers = {}): Promise<Response> {
  return fetch(url, {
    method: 'PUT',
    body: new Uint8Array(Buffer.from(body)),
    headers: { 'content-type': contentType, ...headers },
  });
}
