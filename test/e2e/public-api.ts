import { setTimeout as sleep } from 'node:timers/promises';
import type { ListingState, StateCounts } from '../../domain/listing';
import type { AmazonBook, World } from '../workflows/rig';

/** One answer, as it came. */
export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface SyncShown {
  id: string;
  phase: string;
  outcome: string | null;
  total: number;
  counts: StateCounts;
  waitingFor: { code: string; message: string } | null;
  endedAt: string | null;
}

export interface ListingShown {
  sku: string;
  state: ListingState;
  reason: string;
  quantity: number | null;
  problems: { code: string; message: string; severity: string }[];
}

export interface ListingExplained extends ListingShown {
  attempts: { at: string; operation: string; outcome: string; message: string | null }[];
}

interface ConnectorShown {
  id: string;
  state: string;
  currentSync: { id: string } | null;
  lastSync: { id: string } | null;
  activationChecklist: { name: string; done: boolean }[];
}

export interface ProblemShown {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
}

export interface StreamedEvent {
  event: string;
  id: string;
  data: SyncShown;
}

type Call = { method?: string; body?: unknown; headers?: Record<string, string>; key?: string };

/** How long a sync may take before a test gives it up, in seconds. */
const SYNC_BOUND = 100;

/** Longshore as its callers see it: HTTP, and nothing else. */
export class PublicApi {
  /** Every body that was answered, for a look at what they must not hold. */
  readonly answered: string[] = [];

  constructor(
    readonly url: string,
    private readonly adminKey: string,
    /** What the server has to say about a request that failed. */
    private readonly logged: () => string = () => ''
  ) {}

  /** One request; whatever is answered is given back. Rejects only when nothing is. */
  async call<T>(
    path: string,
    { method = 'GET', body, headers = {}, key = this.adminKey }: Call = {}
  ): Promise<Answer<T>> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await answer.text();
    this.answered.push(text);
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, body: (isJson ? JSON.parse(text) : text) as T };
  }

  /** A request that must succeed. */
  async ask<T>(path: string, call: Call = {}): Promise<T> {
    const { status, body } = await this.call<T>(path, call);
    if (status >= 300) {
      const logged = status >= 500 ? `\nlogged lately:\n${this.logged()}` : '';
      throw new Error(`${call.method ?? 'GET'} ${path}: ${status} ${JSON.stringify(body)}${logged}`);
    }
    return body;
  }

  /** Creates a connector for a world's store and seller and waits until it may be activated. */
  async onboard(world: World, change: Record<string, unknown> = {}): Promise<string> {
    const { id } = await this.ask<{ id: string }>('/v1/connectors', {
      method: 'POST',
      body: { ...connectorInput(world), ...change },
    });
    await this.whenOnboarded(id);
    return id;
  }

  async whenOnboarded(connectorId: string): Promise<void> {
    await this.patiently(
      async () => (await this.ask<{ state: string }>(`/v1/connectors/${connectorId}/onboarding`)).state === 'ready',
      'the onboarding to be through'
    );
  }

  async connector(connectorId: string): Promise<ConnectorShown> {
    return this.ask(`/v1/connectors/${connectorId}`);
  }

  /** Activates a connector; answers its first sync. */
  async activate(connectorId: string): Promise<string> {
    await this.ask(`/v1/connectors/${connectorId}/activate`, { method: 'POST' });
    const shown = await this.patiently(async () => {
      const { currentSync, lastSync } = await this.connector(connectorId);
      return currentSync ?? lastSync ?? undefined;
    }, 'the first sync to begin');
    return shown.id;
  }

  async startSync(connectorId: string, body: Record<string, unknown> = {}): Promise<string> {
    return (await this.ask<{ id: string }>(`/v1/connectors/${connectorId}/syncs`, { method: 'POST', body })).id;
  }

  async sync(syncId: string): Promise<SyncShown> {
    return this.ask(`/v1/syncs/${syncId}`);
  }

  /** Waits until a sync is in a phase, and has brought so many SKUs out of `pending`. Unanswered requests are repeated. */
  async whenIn(syncId: string, phase: string, settled = 0): Promise<SyncShown> {
    return this.patiently(async () => {
      const sync = await this.sync(syncId);
      if (sync.endedAt) throw new Error(`sync ${syncId} has ended before ${phase} was seen: ${JSON.stringify(sync)}`);
      const { pending } = sync.counts;
      return sync.phase === phase && sync.total - pending >= settled ? sync : undefined;
    }, `sync ${syncId} to be in ${phase} with ${settled} settled`);
  }

  /** Waits until a sync has ended. Unanswered requests are repeated: a server may be away meanwhile. */
  async ended(syncId: string, seconds = SYNC_BOUND): Promise<SyncShown> {
    const end = Date.now() + seconds * 1000;
    let seen: unknown;
    for (;;) {
      const sync = await this.sync(syncId).catch((error: unknown) => void (seen = error));
      if (sync?.endedAt) return sync;
      if (Date.now() > end)
        throw new Error(`sync ${syncId} has not ended within ${seconds} s: ${JSON.stringify(sync ?? String(seen))}`);
      await sleep(250);
    }
  }

  /** The whole ledger of a connector, page by page. */
  async listings(connectorId: string, query = ''): Promise<ListingShown[]> {
    const all: ListingShown[] = [];
    let cursor: string | null = null;
    do {
      const at: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await this.ask<{ items: ListingShown[]; nextCursor: string | null }>(
        `/v1/connectors/${connectorId}/listings?limit=200${query}${at}`
      );
      all.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return all;
  }

  async listing(connectorId: string, sku: string): Promise<ListingExplained> {
    return this.ask(`/v1/connectors/${connectorId}/listings/${encodeURIComponent(sku)}`);
  }

  /**
   * Follows a sync's server-sent events until `done`, the connection's end, or the consumer's.
   * @throws when the stream is refused or breaks off
   */
  async *events(syncId: string, lastEventId?: string): AsyncGenerator<StreamedEvent> {
    const answer = await fetch(`${this.url}/v1/syncs/${syncId}/events`, {
      headers: {
        authorization: `Bearer ${this.adminKey}`,
        ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      },
      signal: AbortSignal.timeout(SYNC_BOUND * 1000),
    });
    if (!answer.ok || !answer.body) throw new Error(`the stream was refused: ${answer.status}`);
    let text = '';
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, event] = /^event: (.*)$/m.exec(block) ?? [];
        const [, id] = /^id: (.*)$/m.exec(block) ?? [];
        const [, data] = /^data: (.*)$/m.exec(block) ?? [];
        if (event && id && data) yield { event, id, data: JSON.parse(data) as SyncShown };
      }
    }
  }

  /** Waits with a bound; an answer that does not come counts as not yet. */
  private async patiently<T>(look: () => Promise<T | undefined | false>, what: string, seconds = 60): Promise<T> {
    const end = Date.now() + seconds * 1000;
    let seen = '';
    for (;;) {
      try {
        const found = await look();
        if (found !== undefined && found !== false) return found;
      } catch (error) {
        seen = `; lately: ${String(error)}`;
      }
      if (Date.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}${seen}`);
      await sleep(100);
    }
  }
}

/** A connector as a merchant would describe it. */
export function connectorInput({ name, vtex, amazon }: World): Record<string, unknown> {
  const { clientId, clientSecret, refreshToken, sellerId } = amazon;
  return {
    name: `Store ${name}`,
    source: { type: 'vtex', ...vtex, affiliateId: 'MZN', affiliateEmail: 'ops@example.com' },
    amazon: { country: 'US', sellerId, clientId, clientSecret, refreshToken },
    listing: { sendKits: false },
    offer: { minimumStock: 1 },
    schedule: { everyMinutes: 60 },
  };
}

/** How many SKUs are in each state, with the states that none is in left out. */
export function countsOf(listings: readonly { state: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of listings) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** What the sandbox's books and the ledger tell differently, SKU by SKU, in sentences. */
export function disagreements(listings: readonly ListingShown[], books: Record<string, AmazonBook>): string[] {
  const found = listings.flatMap(({ sku, state, quantity, reason }) => {
    const book = books[sku];
    const atAmazon = book ? `${book.status.join('+') || 'nothing shown'}, quantity ${book.quantity}` : 'unknown';
    const fits = {
      live: book?.status.includes('BUYABLE') && book.quantity === quantity,
      paused: book !== undefined && book.quantity === 0,
      removed: book === undefined || book.quantity === 0,
      blocked: book === undefined || book.quantity === 0,
      rejected: !book?.status.includes('BUYABLE'),
      not_visible: book !== undefined && book.status.length === 0,
      // None of these is where a run may leave a SKU.
      pending: false,
      submitted: false,
      retrying: false,
    }[state];
    return [
      ...(fits ? [] : [`${sku} is ${state} (${quantity}), at Amazon ${atAmazon}`]),
      ...(reason === '' ? [`${sku} is ${state} without a reason`] : []),
    ];
  });
  const known = new Set(listings.map(({ sku }) => sku));
  const parents = new Set(Object.values(books).flatMap((book) => parentOf(book) ?? []));
  const isParent = (sku: string): boolean => parents.has(sku) && !books[sku]?.attributes.fulfillment_availability;
  return [
    ...found,
    ...Object.keys(books)
      .filter((sku) => !known.has(sku) && !isParent(sku))
      .map((sku) => `${sku} is only at Amazon`),
    ...[...parents].filter((sku) => !books[sku]).map((sku) => `the parent ${sku} is not at Amazon`),
  ];
}

/** The parent that a listing at Amazon names (V10). */
function parentOf({ attributes }: AmazonBook): string | undefined {
  const [relation] = (attributes.child_parent_sku_relationship ?? []) as { parent_sku?: string }[];
  return relation?.parent_sku;
}
