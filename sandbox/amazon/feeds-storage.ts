import { createHmac } from 'node:crypto';
import type { Request, Router } from 'express';
import { AnswerError, plain, type Answer } from '../answer';
import { exchange, type ApiFamily, type ExchangeContext } from '../exchange';
import { headerText, pathParameter, queryText } from '../query';
import type { Worlds } from '../worlds';
import { compressedContentOf, type FeedDocument } from './feeds-book';
import type { SandboxClock } from '../clock';
import type { World } from '../world';

const ROOT = '/__feed-documents';
const LINK_LIFE_MS = 5 * 60 * 1000;
const SIGNING_KEY = 'longshore-sandbox-feeds';

type Verb = 'GET' | 'PUT';

/**
 * A link that lives five minutes, for one verb and one document.
 *
 * @param contentEncoding - what a download by it says of itself.
 */
export function linkTo(
  world: World,
  document: FeedDocument,
  verb: Verb,
  { request, clock, contentEncoding = 'identity' }: { request: Request; clock: SandboxClock; contentEncoding?: string }
): string {
  const path = `${ROOT}/${world.settings.name}/${document.id}`;
  const expires = clock.now() + (world.feeds.mood === 'dead-links' ? 0 : LINK_LIFE_MS);
  const query = new URLSearchParams({
    expires: String(expires),
    encoding: contentEncoding,
    signature: sign(verb, path, expires, contentEncoding),
  });
  return `${request.protocol}://${request.get('host')}${path}?${query.toString()}`;
}

/** The store of documents behind the links. It speaks as S3 does: XML, and a 403 for a link that has died. */
export function mountFeedStorage(router: Router, worlds: Worlds, context: ExchangeContext): void {
  const family: ApiFamily = {
    name: 'storage',
    subjectOf: (request) => ({ skus: [], sellerId: worlds.named(pathParameter(request, 'world'))?.identity.sellerId }),
    faultAnswer: (status) =>
      storeError(status, status === 403 ? 'AccessDenied' : 'InternalError', 'The request failed.'),
    finish: (answer, _request, requestId) => ({
      ...answer,
      headers: { 'x-amz-request-id': requestId, ...answer.headers },
    }),
  };
  const serve = (
    name: string,
    verb: Verb,
    handle: (request: Request, world: World, document: FeedDocument) => Answer
  ) =>
    exchange(context, family, name, (request) => {
      const { world, document } = opened(request, verb, worlds, context.clock);
      return handle(request, world, document);
    });

  router.put(`${ROOT}/:world/:document`, serve('uploadFeedDocument', 'PUT', upload));
  router.get(`${ROOT}/:world/:document`, serve('downloadFeedDocument', 'GET', download));
}

/** Takes what is sent, gzipped or not; the content type must be the one that the link was made for. */
function upload(request: Request, world: World, document: FeedDocument): Answer {
  if (headerText(request, 'content-type').toLowerCase() !== document.contentType.toLowerCase()) {
    throw refused(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check the content type.'
    );
  }
  world.feeds.fill(document, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
  return { status: 200 };
}

function download(request: Request, _world: World, document: FeedDocument): Answer {
  if (document.content === undefined)
    throw new AnswerError(storeError(404, 'NoSuchKey', 'The specified key does not exist.'));
  const encoding = queryText(request, 'encoding');
  return {
    status: 200,
    bytes: compressedContentOf(document),
    headers: {
      'content-type': document.contentType,
      ...(encoding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
    },
  };
}

function opened(
  request: Request,
  verb: Verb,
  worlds: Worlds,
  clock: SandboxClock
): { world: World; document: FeedDocument } {
  if (headerText(request, 'x-amz-access-token')) {
    throw new AnswerError(storeError(400, 'InvalidArgument', 'Only one auth mechanism allowed.'));
  }
  const expires = Number(queryText(request, 'expires'));
  const signature = sign(verb, decodeURIComponent(request.path), expires, queryText(request, 'encoding') ?? '');
  if (queryText(request, 'signature') !== signature) {
    throw refused('SignatureDoesNotMatch', 'The request signature we calculated does not match the one you provided.');
  }
  if (clock.now() >= expires) throw refused('AccessDenied', 'Request has expired');
  const world = worlds.named(pathParameter(request, 'world'));
  const document = world?.feeds.document(pathParameter(request, 'document'));
  if (!world || !document) throw new AnswerError(storeError(404, 'NoSuchKey', 'The specified key does not exist.'));
  return { world, document };
}

function refused(code: string, message: string): AnswerError {
  return new AnswerError(storeError(403, code, message));
}

function storeError(status: number, code: string, message: string): Answer {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return plain(status, xml, { 'content-type': 'application/xml' });
}

function sign(verb: Verb, path: string, expires: number, encoding: string): string {
  return createHmac('sha256', SIGNING_KEY).update([verb, path, expires, encoding].join('\n')).digest('hex');
}
