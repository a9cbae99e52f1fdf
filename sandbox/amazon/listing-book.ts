import { createHash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AmazonMood } from '../catalog';
import type { SandboxClock } from '../clock';
import type { Journal } from '../journal';
import { applyPatches, type AttributePatch } from './attribute-patches';
import type { Requirements } from './product-types';
import { suppressed, type Attributes, type Issue } from './schema-issues';
import { parentageOf, relationIssue } from './variations';

/** How much longer than usual a `refuse-late` SKU takes to be refused. */
const LATE_FACTOR = 5;

export type SubmissionContent =
  | { kind: 'put'; productType: string; requirements: Requirements; attributes: Attributes }
  | { kind: 'patch'; patches: AttributePatch[] }
  | { kind: 'delete' };

/** An accepted submission; `mood` is how Amazon took the SKU when it was accepted. */
export type Submission = SubmissionContent & { id: string; dueAt: number; mood: AmazonMood | null };

/** One seller SKU in one marketplace. */
export interface Listing {
  sku: string;
  marketplaceId: string;
  asin: string;
  /** Accepted and not processed yet, oldest first. */
  queue: Submission[];
  /** What the last processed submission became; undefined: none was processed yet. */
  outcome: 'live' | 'refused' | 'hidden' | undefined;
  /** Whether any content ever came through; a refusal after that leaves it unharmed. */
  hasContent: boolean;
  productType: string;
  requirements: Requirements;
  attributes: Attributes;
  /** Complaints found while processing. */
  issues: Issue[];
  /** Epoch ms; undefined: not to be seen yet. */
  createdAt: number | undefined;
  updatedAt: number;
  puts: number;
  patches: number;
  /** Accepted submissions of any kind. */
  submissions: number;
  /** Those of them that changed nothing of what had been accepted before. */
  repeats: number;
}

interface ListingBookOptions {
  worldName: string;
  sellerId: string;
  journal: Journal;
  clock: SandboxClock;
  /** Milliseconds from ACCEPTED to live or refused. */
  visibleAfterMs: number;
  moodOf: (sku: string) => AmazonMood | null;
}

/**
 * A seller's listings. What was accepted takes effect once its time has come; nothing runs in between: every reading first
 * processes what is due on the sandbox's clock.
 */
export class ListingBook {
  private readonly listings = new Map<string, Listing>();
  /** Keys of the listings that wait for something. */
  private readonly waiting = new Set<string>();
  /** By the key of a parent: the keys of all that ever named it. */
  private readonly claims = new Map<string, Set<string>>();

  constructor(private readonly options: ListingBookOptions) {}

  get keyPrefix(): string {
    return `listing/${this.options.worldName}/`;
  }

  /** Puts back a listing that the journal kept. */
  restore(listing: Listing): void {
    const key = keyOf(listing.marketplaceId, listing.sku);
    // One that an older sandbox has kept was not counted.
    listing.repeats ??= 0;
    this.listings.set(key, listing);
    if (listing.queue.length > 0) this.waiting.add(key);
    this.noteParent(listing);
  }

  find(marketplaceId: string, sku: string): Listing | undefined {
    this.process(keyOf(marketplaceId, sku));
    return this.listings.get(keyOf(marketplaceId, sku));
  }

  /** Every listing, also those that no buyer or seller can see yet. */
  all(): Listing[] {
    for (const key of [...this.waiting]) this.process(key);
    return [...this.listings.values()];
  }

  /** Those of a parent's children whose relation came through, by SKU. */
  childrenOf(parent: Listing): Listing[] {
    const { marketplaceId } = parent;
    for (const key of [...this.waiting]) this.process(key);
    const claims = [...(this.claims.get(keyOf(marketplaceId, parent.sku)) ?? [])].sort();
    return claims
      .flatMap((key) => this.listings.get(key) ?? [])
      .filter((each) => each.hasContent && parentageOf(each.attributes).parentSku === parent.sku);
  }

  /** The content that a PATCH builds on: what is live, and on it what was accepted and waits; undefined: there is none. */
  prospect(
    marketplaceId: string,
    sku: string
  ): Pick<Listing, 'productType' | 'requirements' | 'attributes'> | undefined {
    const listing = this.find(marketplaceId, sku);
    if (!listing) return undefined;
    let content = listing.hasContent || listing.outcome ? pickContent(listing) : undefined;
    for (const submission of listing.queue) content = contentAfter(content, submission);
    return content;
  }

  /** Counts and queues an accepted submission. @returns its id */
  accept(marketplaceId: string, sku: string, content: SubmissionContent): string {
    const { clock, visibleAfterMs } = this.options;
    const key = keyOf(marketplaceId, sku);
    this.process(key);
    const listing = this.listings.get(key) ?? this.blank(marketplaceId, sku);
    const mood = this.options.moodOf(sku);
    const delay = mood === 'refuse-late' ? visibleAfterMs * LATE_FACTOR : visibleAfterMs;
    const submission = { ...content, id: randomUUID(), dueAt: clock.now() + delay, mood };
    if (changesNothing(this.prospect(marketplaceId, sku), submission)) listing.repeats += 1;
    listing.queue.push(submission);
    listing.submissions += 1;
    if (content.kind === 'put') listing.puts += 1;
    if (content.kind === 'patch') listing.patches += 1;
    this.listings.set(key, listing);
    this.waiting.add(key);
    this.save(listing);
    if (delay <= 0) this.process(key);
    return submission.id;
  }

  clear(): void {
    this.listings.clear();
    this.waiting.clear();
    this.claims.clear();
    this.options.journal.deleteAll(this.keyPrefix);
  }

  private process(key: string, until = this.options.clock.now()): void {
    if (!this.waiting.has(key)) return;
    const listing = this.listings.get(key);
    if (!listing || (listing.queue[0]?.dueAt ?? Infinity) > until) return;
    while (listing.queue[0] && listing.queue[0].dueAt <= until) {
      const submission = listing.queue.shift() as Submission;
      if (submission.kind === 'delete') {
        this.remove(key, listing);
        continue;
      }
      this.settle(listing, submission);
    }
    if (listing.queue.length === 0) this.waiting.delete(key);
    if (this.listings.has(key)) this.save(listing);
  }

  private settle(listing: Listing, submission: Submission): void {
    const { mood } = submission;
    listing.updatedAt = submission.dueAt;
    const content = contentAfter(pickContent(listing), submission) ?? pickContent(listing);
    if (mood === 'never-visible') {
      listing.outcome = 'hidden';
      if (!listing.hasContent) Object.assign(listing, content);
      return;
    }
    listing.createdAt ??= submission.dueAt;
    const complaint =
      mood === 'refuse' || mood === 'refuse-late'
        ? refusal(mood, listing.marketplaceId)
        : this.relationIssue(listing, content.attributes, submission.dueAt);
    if (complaint) {
      listing.outcome = 'refused';
      listing.issues = [complaint];
      if (!listing.hasContent) Object.assign(listing, content);
      return;
    }
    listing.outcome = 'live';
    listing.hasContent = true;
    listing.issues = [];
    Object.assign(listing, content);
    this.noteParent(listing);
  }

  /** Holds a child against its parent as the parent was when the child's turn came. */
  private relationIssue({ sku, marketplaceId }: Listing, attributes: Attributes, at: number): Issue | undefined {
    const { parentSku } = parentageOf(attributes);
    if (parentSku === undefined) return undefined;
    const key = keyOf(marketplaceId, parentSku);
    if (parentSku !== sku) this.process(key, at);
    const parent = this.listings.get(key);
    return relationIssue({ sku, attributes }, parent?.hasContent ? parent : undefined, marketplaceId);
  }

  private noteParent({ marketplaceId, sku, attributes }: Listing): void {
    const { parentSku } = parentageOf(attributes);
    if (parentSku === undefined) return;
    const parent = keyOf(marketplaceId, parentSku);
    this.claims.set(parent, (this.claims.get(parent) ?? new Set<string>()).add(keyOf(marketplaceId, sku)));
  }

  /** A deletion takes the listing away; what was accepted after it starts from nothing. */
  private remove(key: string, listing: Listing): void {
    if (listing.queue.length === 0) {
      this.listings.delete(key);
      this.options.journal.delete(this.keyPrefix + key);
      return;
    }
    const { queue, puts, patches, submissions, repeats } = listing;
    const counts = { puts, patches, submissions, repeats };
    Object.assign(listing, this.blank(listing.marketplaceId, listing.sku), { queue, ...counts });
  }

  private blank(marketplaceId: string, sku: string): Listing {
    return {
      sku,
      marketplaceId,
      asin: asinOf(this.options.sellerId, sku),
      queue: [],
      outcome: undefined,
      hasContent: false,
      productType: '',
      requirements: 'LISTING',
      attributes: {},
      issues: [],
      createdAt: undefined,
      updatedAt: this.options.clock.now(),
      puts: 0,
      patches: 0,
      submissions: 0,
      repeats: 0,
    };
  }

  private save(listing: Listing): void {
    this.options.journal.put(this.keyPrefix + keyOf(listing.marketplaceId, listing.sku), listing);
  }
}

function keyOf(marketplaceId: string, sku: string): string {
  return `${marketplaceId}/${sku}`;
}

type Content = Pick<Listing, 'productType' | 'requirements' | 'attributes'>;

function pickContent({ productType, requirements, attributes }: Listing): Content {
  return { productType, requirements, attributes };
}

function contentAfter(content: Content | undefined, submission: Submission): Content | undefined {
  switch (submission.kind) {
    case 'put':
      return {
        productType: submission.productType,
        requirements: submission.requirements,
        attributes: submission.attributes,
      };
    case 'patch':
      return content && { ...content, attributes: applyPatches(content.attributes, submission.patches) };
    case 'delete':
      return undefined;
  }
}

function changesNothing(before: Content | undefined, submission: Submission): boolean {
  if (!before || submission.kind === 'delete') return false;
  return isDeepStrictEqual(contentAfter(before, submission), before);
}

function refusal(mood: 'refuse' | 'refuse-late', marketplaceId: string): Issue {
  if (mood === 'refuse-late') {
    return {
      code: '18742',
      message: 'Restricted Products Policy Violation',
      severity: 'ERROR',
      categories: ['QUALIFICATION_REQUIRED'],
      marketplaceIds: [marketplaceId],
      enforcements: suppressed('CATALOG_ITEM_REMOVED'),
    };
  }
  return {
    code: '18027',
    message:
      'We believe the main image has text, logo, graphic, or watermark that is not permitted for this product type. Submit a compliant image to lift the suppression.',
    severity: 'ERROR',
    attributeNames: ['main_product_image_locator'],
    categories: ['INVALID_IMAGE'],
    marketplaceIds: [marketplaceId],
    enforcements: suppressed('LISTING_SUPPRESSED'),
  };
}

function asinOf(sellerId: string, sku: string): string {
  const number = createHash('sha256').update(`${sellerId}:${sku}`).digest().readBigUInt64BE();
  return `B0${number.toString(36).toUpperCase().padStart(8, '0').slice(-8)}`;
}
