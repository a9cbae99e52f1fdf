import type { SandboxClock } from '../clock';
import type { World } from '../world';
import { contentOf, type Feed } from './feeds-book';
import { applyMessage, type FeedIssue, type FeedMessage } from './feeds-messages';

const LISTINGS_FEED = 'JSON_LISTINGS_FEED';
const MAX_MESSAGES = 25_000;
const MAX_BYTES = 10 * 1024 * 1024;
const REPORT_TYPE = 'application/json; charset=UTF-8';

/**
 * Brings a seller's feeds to where they are by now on the sandbox's clock. Nothing runs in between: whoever reads or writes a
 * seller's listings calls this first, so that what a feed changed lies before what comes after it. What it changed counts as
 * accepted at that moment, also when the feed was due before.
 */
export function processFeeds(world: World, clock: SandboxClock): void {
  const now = clock.now();
  for (const feed of world.feeds.open()) {
    if (now < feed.startsAt) continue;
    if (feed.status === 'IN_QUEUE') feed.status = 'IN_PROGRESS';
    if (feed.endsAt !== undefined && now >= feed.endsAt) end(feed, feed.endsAt, world);
    world.feeds.save(feed);
  }
}

function end(feed: Feed, at: number, world: World): void {
  feed.endedAt = at;
  if (feed.mood === 'cancelled') {
    feed.status = 'CANCELLED';
    return;
  }
  const content = readDocument(feed, world);
  if (feed.mood === 'fatal') {
    if ('messages' in content) for (const message of firstHalf(content.messages)) applyMessage(world, feed, message);
    feed.status = 'FATAL';
    return;
  }
  feed.status = 'messages' in content ? 'DONE' : 'FATAL';
  const report = 'messages' in content ? processed(feed, content.messages, world) : reportOf([content.complaint], 0, 0);
  const header = { sellerId: world.identity.sellerId, version: '2.0', feedId: feed.id };
  feed.resultDocumentId = world.feeds.addDocument(REPORT_TYPE, Buffer.from(JSON.stringify({ header, ...report }))).id;
}

function firstHalf<T>(list: T[]): T[] {
  return list.slice(0, Math.ceil(list.length / 2));
}

/** The messages of a feed, or what is wrong with the whole document. */
function readDocument(feed: Feed, world: World): { messages: FeedMessage[] } | { complaint: FeedIssue } {
  const complain = (message: string) => ({ complaint: { severity: 'ERROR' as const, message } });
  if (feed.type !== LISTINGS_FEED) return complain(`The feed type ${feed.type} is no longer supported.`);
  const document = world.feeds.document(feed.inputDocumentId);
  let text: string;
  try {
    const content = document ? contentOf(document) : Buffer.alloc(0);
    if (content.length > MAX_BYTES)
      return complain(`The feed has ${content.length} bytes; at most ${MAX_BYTES} are allowed.`);
    text = content.toString('utf8');
  } catch {
    return complain('The feed cannot be decompressed.');
  }
  let feedBody: { header?: { sellerId?: unknown; version?: unknown }; messages?: unknown } | null;
  try {
    feedBody = JSON.parse(text) as typeof feedBody;
  } catch {
    return complain('The feed is not valid JSON.');
  }
  const { header, messages } = feedBody ?? {};
  if (header?.version !== '2.0') return complain("'header.version' must be 2.0.");
  if (header.sellerId !== world.identity.sellerId)
    return complain("'header.sellerId' is not the selling partner of this feed.");
  if (!Array.isArray(messages) || messages.length === 0) return complain("'messages' must hold at least one message.");
  if (messages.length > MAX_MESSAGES)
    return complain(`The feed has ${messages.length} messages; at most ${MAX_MESSAGES} are allowed.`);
  return { messages: messages.map((each: unknown) => (typeof each === 'object' && each !== null ? each : {})) };
}

/** Applies each message and counts. Amazon's processing report lists issues alone: a message without any was accepted. */
function processed(feed: Feed, messages: FeedMessage[], world: World): object {
  const issues: FeedIssue[] = [];
  const seen = new Set<unknown>();
  let accepted = 0;
  for (const message of messages) {
    const isRepeated = message.messageId !== undefined && seen.has(message.messageId);
    const found = isRepeated
      ? [{ severity: 'ERROR' as const, message: `The messageId ${String(message.messageId)} is used more than once.` }]
      : applyMessage(world, feed, message);
    seen.add(message.messageId);
    for (const issue of found) issues.push(issue);
    if (!found.some(({ severity }) => severity === 'ERROR')) accepted += 1;
  }
  return reportOf(issues, messages.length, accepted);
}

function reportOf(issues: FeedIssue[], count: number, accepted: number): object {
  const ofSeverity = (severity: FeedIssue['severity']) => issues.filter((issue) => issue.severity === severity).length;
  return {
    issues,
    summary: {
      errors: ofSeverity('ERROR'),
      warnings: ofSeverity('WARNING'),
      messagesProcessed: count,
      messagesAccepted: accepted,
      messagesInvalid: count - accepted,
    },
  };
}
