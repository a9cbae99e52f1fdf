import { randomInt, randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { SandboxClock } from '../clock';
import type { Journal } from '../journal';

/**
 * How Amazon takes feeds: `queued` never gets beyond IN_QUEUE, `stuck` never beyond IN_PROGRESS, `fatal` ends FATAL with the first half of its messages
 * applied and no report, `cancelled` is cancelled by Amazon in place of being processed, `dead-links` gives out links that have
 * died already.
 */
export const FEED_MOODS = ['queued', 'stuck', 'fatal', 'cancelled', 'dead-links'] as const;
export type FeedMood = (typeof FEED_MOODS)[number];

export const PROCESSING_STATUSES = ['CANCELLED', 'DONE', 'FATAL', 'IN_PROGRESS', 'IN_QUEUE'] as const;
export type ProcessingStatus = (typeof PROCESSING_STATUSES)[number];

/** A document with a link to upload it by, or to download it. */
export interface FeedDocument {
  id: string;
  /** As createFeedDocument was told; an upload must say the same. */
  contentType: string;
  /** Base64 of the gzipped content; absent until it is uploaded. */
  content?: string;
}

export interface Feed {
  id: string;
  type: string;
  marketplaceIds: string[];
  inputDocumentId: string;
  /** How Amazon took feeds when it was created. */
  mood: FeedMood | null;
  status: ProcessingStatus;
  /** Epoch ms, as all below. */
  createdAt: number;
  /** When it leaves the queue. */
  startsAt: number;
  /** When it is processed; absent: never. */
  endsAt?: number;
  /** Set once it has ended. */
  endedAt?: number;
  resultDocumentId?: string;
}

interface FeedBookOptions {
  worldName: string;
  journal: Journal;
  clock: SandboxClock;
  /** Milliseconds in the queue, and as many in progress. */
  stepMs: number;
  mood: () => FeedMood | null;
}

/** A seller's feeds and their documents. Feeds are processed one after the other, as Amazon does. */
export class FeedBook {
  private readonly feeds = new Map<string, Feed>();
  private readonly documents = new Map<string, FeedDocument>();

  constructor(private readonly options: FeedBookOptions) {}

  get keyPrefix(): string {
    return `feed/${this.options.worldName}/`;
  }

  /** Puts back what the journal kept. */
  restore(): void {
    for (const [key, value] of this.options.journal.entries(this.keyPrefix)) {
      if (key.startsWith(`${this.keyPrefix}document/`))
        this.documents.set((value as FeedDocument).id, value as FeedDocument);
      else this.feeds.set((value as Feed).id, value as Feed);
    }
  }

  /** The mood that governs what is asked for now. */
  get mood(): FeedMood | null {
    return this.options.mood();
  }

  addDocument(contentType: string, content?: Buffer): FeedDocument {
    const document: FeedDocument = { id: `amzn1.tortuga.4.na.${randomUUID()}`, contentType };
    this.documents.set(document.id, document);
    if (content) this.fill(document, content);
    else this.saveDocument(document);
    return document;
  }

  document(id: string): FeedDocument | undefined {
    return this.documents.get(id);
  }

  /** @param content - gzipped already, or not. */
  fill(document: FeedDocument, content: Buffer): void {
    document.content = (isGzip(content) ? content : gzipSync(content)).toString('base64');
    this.saveDocument(document);
  }

  add(type: string, marketplaceIds: string[], inputDocumentId: string): Feed {
    const { clock, stepMs } = this.options;
    const now = clock.now();
    const busyUntil = Math.max(...[...this.feeds.values()].map((each) => each.endedAt ?? each.endsAt ?? 0), 0);
    const mood = this.mood;
    const startsAt = mood === 'queued' ? Number.MAX_SAFE_INTEGER : Math.max(now + stepMs, busyUntil);
    const feed: Feed = {
      id: String(randomInt(10 ** 11, 10 ** 12)),
      type,
      marketplaceIds,
      inputDocumentId,
      mood,
      status: 'IN_QUEUE',
      createdAt: now,
      startsAt,
      ...(mood === 'stuck' || mood === 'queued' ? {} : { endsAt: startsAt + (mood === 'cancelled' ? 0 : stepMs) }),
    };
    this.feeds.set(feed.id, feed);
    this.save(feed);
    return feed;
  }

  find(id: string): Feed | undefined {
    return this.feeds.get(id);
  }

  /** Newest first. */
  all(): Feed[] {
    return [...this.feeds.values()].sort((one, other) => other.createdAt - one.createdAt);
  }

  /** Those that have not ended, in the order in which they are processed. */
  open(): Feed[] {
    return [...this.feeds.values()]
      .filter((feed) => feed.endedAt === undefined)
      .sort((a, b) => a.startsAt - b.startsAt);
  }

  /** To be called after every change of a feed. */
  save(feed: Feed): void {
    this.options.journal.put(`${this.keyPrefix}${feed.id}`, feed);
  }

  private saveDocument(document: FeedDocument): void {
    this.options.journal.put(`${this.keyPrefix}document/${document.id}`, document);
  }
}

/** A document's content as it was before it was gzipped. @throws when an upload was no real gzip */
export function contentOf(document: FeedDocument): Buffer {
  return gunzipSync(compressedContentOf(document));
}

export function compressedContentOf({ content = '' }: FeedDocument): Buffer {
  return Buffer.from(content, 'base64');
}

function isGzip(content: Buffer): boolean {
  return content[0] === 0x1f && content[1] === 0x8b;
}
