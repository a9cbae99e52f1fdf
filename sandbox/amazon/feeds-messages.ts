import type { Request } from 'express';
import { AnswerError, type Answer } from '../answer';
import type { World } from '../world';
import type { SpApiCall } from './call';
import type { Feed } from './feeds-book';
import { deleteListing, patchListing, putListing } from './listings';
import type { Issue } from './schema-issues';

/** One message as it was sent: nothing about it is certain yet. */
export type FeedMessage = Partial<
  Record<'messageId' | 'sku' | 'operationType' | 'productType' | 'requirements' | 'attributes' | 'patches', unknown>
>;

/** An entry of the processing report. Its `attributeName` is singular, and one issue stands for one attribute. */
export interface FeedIssue {
  messageId?: number;
  sku?: string;
  code?: string;
  severity: Issue['severity'];
  message: string;
  attributeName?: string;
}

/** What each operation must have, and what it must not. */
const SHAPES: Record<string, { needs: (keyof FeedMessage)[]; bars: (keyof FeedMessage)[] }> = {
  UPDATE: { needs: ['productType', 'attributes'], bars: ['patches'] },
  PARTIAL_UPDATE: { needs: ['productType', 'attributes'], bars: ['requirements', 'patches'] },
  PATCH: { needs: ['productType', 'patches'], bars: ['requirements', 'attributes'] },
  DELETE: { needs: [], bars: ['productType', 'requirements', 'attributes', 'patches'] },
};

/**
 * Carries out one message in every marketplace of its feed, by the operations of the Listings Items API and into the same
 * books. A message with an ERROR has changed nothing in the marketplace that it was found in.
 */
export function applyMessage(world: World, feed: Feed, message: FeedMessage): FeedIssue[] {
  const about = {
    ...(isMessageId(message.messageId) ? { messageId: message.messageId } : {}),
    ...(typeof message.sku === 'string' && message.sku !== '' ? { sku: message.sku } : {}),
  };
  const complaint = shapeComplaint(message);
  if (complaint) return [{ ...about, severity: 'ERROR', message: complaint }];
  return feed.marketplaceIds.flatMap((marketplaceId) =>
    issuesOf(() => carriedOut(world, marketplaceId, message)).map((issue) => ({ ...about, ...issue }))
  );
}

function shapeComplaint(message: FeedMessage): string | undefined {
  if (!isMessageId(message.messageId)) return "'messageId' must be an integer of 1 or more.";
  if (typeof message.sku !== 'string' || message.sku === '') return "'sku' is required.";
  const shape = SHAPES[String(message.operationType)];
  if (!shape) return `'operationType' must be one of ${Object.keys(SHAPES).join(', ')}.`;
  const missing = shape.needs.find((name) => message[name] === undefined);
  if (missing) return `'${missing}' is required for ${String(message.operationType)}.`;
  const stranger = shape.bars.find((name) => message[name] !== undefined);
  return stranger && `'${stranger}' is not applicable to ${String(message.operationType)}.`;
}

function carriedOut(world: World, marketplaceId: string, message: FeedMessage): Answer {
  const { sku, productType, requirements, attributes, patches } = message;
  const call = (body?: object) => innerCall(world, marketplaceId, String(sku), body);
  switch (message.operationType) {
    case 'UPDATE':
      return putListing(call({ productType, requirements, attributes }));
    case 'PARTIAL_UPDATE':
      return patchListing(call({ productType, patches: replacing(attributes) }));
    case 'PATCH':
      return patchListing(call({ productType, patches }));
    default:
      return deleteListing(call());
  }
}

/** PARTIAL_UPDATE is PATCH with the operation `replace` for every attribute. */
function replacing(attributes: unknown): object[] {
  return Object.entries((attributes ?? {}) as object).map(([name, value]) => ({
    op: 'replace',
    path: `/attributes/${name}`,
    value: value as unknown,
  }));
}

/** The message as the request that would say the same. */
function innerCall(world: World, marketplaceId: string, sku: string, body?: object): SpApiCall {
  const request = {
    method: 'FEED',
    params: { sku },
    query: {},
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body ?? {})),
  };
  return { request: request as unknown as Request, world, marketplaceIds: [marketplaceId] };
}

/** A request that would be answered 400 or 500 is an error of its message here: the other messages are processed. */
function issuesOf(work: () => Answer): Omit<FeedIssue, 'messageId' | 'sku'>[] {
  try {
    const { issues = [] } = work().body as { issues?: Issue[] };
    return issues.flatMap(({ code, severity, message, attributeNames }) =>
      (attributeNames?.length ? attributeNames : [undefined]).map((attributeName) => ({
        code,
        severity,
        message,
        ...(attributeName ? { attributeName } : {}),
      }))
    );
  } catch (error) {
    if (!(error instanceof AnswerError)) return [{ severity: 'ERROR', message: 'The message cannot be processed.' }];
    const [first] = (error.answer.body as { errors?: { message: string; details?: string }[] }).errors ?? [];
    return [{ severity: 'ERROR', message: first?.details || first?.message || 'The message is invalid.' }];
  }
}

function isMessageId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1;
}
