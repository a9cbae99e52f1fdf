import { z } from 'zod';
import { failureCodeOf, OutsideError } from '../../domain/errors';
import { FEED_LIMITS, feedDocument } from '../../domain/feed-plan';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { AmazonFeeds } from '../../domain/ports/feeds';
import type { Limiter } from '../../domain/ports/limiter';
import { createFeedStore, FEED_CONTENT_TYPE } from './feeds-store';
import { readFeedReport } from './feeds-report';
import type { Transport } from './transport';

const BASE = '/feeds/2021-06-30';
const FEED_TYPE = 'JSON_LISTINGS_FEED';
/** A link lives five minutes. One that has died is replaced together with its document; more than one in a row is no accident. */
const LINKS_TRIED = 3;
const DOWNLOAD = 'download of a feed report';

const createdDocument = z.object({ feedDocumentId: z.string(), url: z.string() });
const createdFeed = z.object({ feedId: z.string() });
const foundDocument = z.object({ url: z.string(), compressionAlgorithm: z.string().nullish() });
const feed = z.object({
  processingStatus: z.enum(['IN_QUEUE', 'IN_PROGRESS', 'DONE', 'FATAL', 'CANCELLED']),
  createdTime: z.string(),
  processingStartTime: z.string().nullish(),
  processingEndTime: z.string().nullish(),
  // Amazon's description calls it resultDocumentId; its schema and its answers do not.
  resultFeedDocumentId: z.string().nullish(),
});

/** Feeds 2021-06-30. Documents go to and come from signed addresses, without a token. */
export function createAmazonFeeds(
  transport: Transport,
  { limiter, timeoutMs, userAgent }: { limiter: Pick<Limiter, 'outlook'>; timeoutMs: number; userAgent: string }
): AmazonFeeds {
  const store = createFeedStore({ timeoutMs, userAgent });

  const request = <T>(
    account: AmazonAccount,
    operation: string,
    answer: z.ZodType<T>,
    signal: AbortSignal,
    [method, path, data]: ['GET' | 'POST' | 'DELETE', string, object?],
    before: () => Promise<void> = async () => undefined
  ): Promise<T> =>
    transport.call({
      account,
      operation,
      about: 'account',
      answer,
      signal,
      send: async (options) => {
        await before();
        return transport.http.request({ ...options, method, url: `${transport.baseUrl(account)}${BASE}${path}`, data });
      },
    });

  async function uploaded(account: AmazonAccount, document: Buffer, signal: AbortSignal): Promise<string> {
    for (let tried = 1; tried <= LINKS_TRIED; tried++) {
      const contentType = FEED_CONTENT_TYPE;
      const created = await request(account, 'createFeedDocument', createdDocument, signal, [
        'POST',
        '/documents',
        { contentType },
      ]);
      if ((await store.upload(created.url, document, signal)) === 'done') return created.feedDocumentId;
    }
    throw deadLinks('upload of a feed');
  }

  return {
    async pace({ sellerId, clientId, connectorId }) {
      const [calls, feeds] = await Promise.all([
        limiter.outlook({ sellerId, clientId, operation: 'putListingsItem' }),
        limiter.outlook({ sellerId, clientId, operation: 'createFeed' }),
      ]);
      const others = calls.waiting.filter((each) => each !== connectorId);
      return {
        callsPerSecond: calls.ratePerSecond / (others.length + 1),
        nextFeedInSeconds: feeds.nextInSeconds,
      };
    },

    async submit(account, messages, signal, mayCreate) {
      const document = documentOf(account, messages);
      const inputFeedDocumentId = await uploaded(account, document, signal);
      const body = { feedType: FEED_TYPE, marketplaceIds: [account.marketplace.id], inputFeedDocumentId };
      const guard = guardOf(mayCreate);
      try {
        const { feedId } = await request(
          account,
          'createFeed',
          createdFeed,
          signal,
          ['POST', '/feeds', body],
          guard.pass
        );
        return { feedId };
      } catch (error) {
        throw guard.refusal ? guard.refusal.error : error;
      }
    },

    async status(account, feedId, signal) {
      try {
        const path = `/feeds/${encodeURIComponent(feedId)}`;
        const found = await request(account, 'getFeed', feed, signal, ['GET', path]);
        return {
          processingStatus: found.processingStatus,
          createdTime: found.createdTime,
          ...(found.processingStartTime && { processingStartTime: found.processingStartTime }),
          ...(found.processingEndTime && { processingEndTime: found.processingEndTime }),
          ...(found.resultFeedDocumentId && { reportDocumentId: found.resultFeedDocumentId }),
        };
      } catch (error) {
        if (wasAnswered(error, 404)) return undefined;
        throw error;
      }
    },

    async report(account, reportDocumentId, signal) {
      const path = `/documents/${encodeURIComponent(reportDocumentId)}`;
      for (let tried = 1; tried <= LINKS_TRIED; tried++) {
        const found = await request(account, 'getFeedDocument', foundDocument, signal, ['GET', path]).catch(
          (error: unknown) => {
            // It is the dead link that the turns were used up by: so it is no failure of the rate.
            throw tried > 1 && failureCodeOf(error) === 'throttled' ? deadLinks(DOWNLOAD) : error;
          }
        );
        const text = await store.download(found.url, found.compressionAlgorithm === 'GZIP', signal);
        if (text !== 'dead link') return readFeedReport(text.content);
      }
      throw deadLinks(DOWNLOAD);
    },

    async cancel(account, feedId, signal) {
      try {
        await request(account, 'cancelFeed', z.unknown(), signal, ['DELETE', `/feeds/${encodeURIComponent(feedId)}`]);
        return true;
      } catch (error) {
        if (wasAnswered(error, 400)) return false;
        throw error;
      }
    },
  };
}

/** @throws RangeError when one feed cannot hold them. */
function documentOf(account: AmazonAccount, messages: Parameters<AmazonFeeds['submit']>[1]): Buffer {
  if (messages.length === 0 || messages.length > FEED_LIMITS.messages)
    throw new RangeError(`A feed holds 1 to ${FEED_LIMITS.messages} messages, not ${messages.length}`);
  const document = Buffer.from(feedDocument(account, messages));
  if (document.length > FEED_LIMITS.bytes)
    throw new RangeError(`A feed holds at most ${FEED_LIMITS.bytes} bytes, not ${document.length}`);
  return document;
}

/** A question before a request. What it throws is kept, because a request that was not made is told as one without an answer. */
function guardOf(mayPass: () => Promise<void> = async () => undefined) {
  const guard = {
    refusal: undefined as { error: unknown } | undefined,
    async pass(): Promise<void> {
      await mayPass().catch((error: unknown) => {
        guard.refusal = { error };
        throw error;
      });
    },
  };
  return guard;
}

function wasAnswered(error: unknown, status: number): boolean {
  return error instanceof OutsideError && error.facts.status === status;
}

function deadLinks(operation: string): OutsideError {
  return new OutsideError('transient', `Amazon's links for the ${operation} are dead when they arrive.`, {
    system: 'amazon',
    operation,
    status: 403,
  });
}
