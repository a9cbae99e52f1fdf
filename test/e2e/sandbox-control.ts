import type { AmazonBook, World } from '../workflows/rig';

export interface SandboxCall {
  at: string;
  operation: string;
  status: number;
  sellerId?: string;
  sku?: string;
  /** `VALIDATION_PREVIEW`, where nothing was to change. */
  mode?: string;
}

/** Everything of {@link AmazonBook}, and what else tells two listings apart. */
export interface WholeBook extends AmazonBook {
  productType: string;
  requirements: string;
  parentSku: string | null;
  issues: { code: string }[];
  /** Submissions that changed nothing of what Amazon had accepted before. */
  repeats: number;
}

/** An injected fault, and how many calls it has befallen. */
interface SandboxFault {
  after?: boolean;
  hits: number;
}

/** The sandbox's control API, over the network as people use it. */
export class SandboxControl {
  constructor(readonly url: string) {}

  async ask<T>(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<T> {
    const answer = await fetch(`${this.url}/__sandbox/${path}`, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': contentType },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  /** Makes a world of product lines, as objects or as NDJSON. */
  async world(name: string, lines: readonly unknown[] | string): Promise<World> {
    const text = typeof lines === 'string' ? lines : lines.map((line) => JSON.stringify(line)).join('\n');
    return this.ask('PUT', `worlds/${name}`, text, 'application/x-ndjson');
  }

  /** Worlds that an earlier stack on the same data has made. */
  async worlds(): Promise<World[]> {
    const answer = await this.ask<World[] | { worlds: World[] }>('GET', 'worlds');
    return Array.isArray(answer) ? answer : answer.worlds;
  }

  async fault(fault: Record<string, unknown>): Promise<void> {
    await this.ask('POST', 'faults', fault);
  }

  async faults(): Promise<SandboxFault[]> {
    return this.ask('GET', 'faults');
  }

  async liftFaults(): Promise<void> {
    await this.ask('DELETE', 'faults');
  }

  /** What a real Amazon would now hold of a seller, by SKU. */
  async amazonBooks({ amazon }: World): Promise<Record<string, WholeBook>> {
    const books = await this.ask<{ amazon: Record<string, Record<string, WholeBook>> }>(
      'GET',
      `books?seller=${amazon.sellerId}`
    );
    return books.amazon[amazon.sellerId] ?? {};
  }

  /** The affiliates that a store now holds. */
  async affiliates({ vtex }: World): Promise<string[]> {
    const books = await this.ask<{ vtex: Record<string, { affiliates: Record<string, unknown> }> }>(
      'GET',
      `books?account=${vtex.account}`
    );
    return Object.keys(books.vtex[vtex.account]?.affiliates ?? {});
  }

  async calls(operation: string): Promise<SandboxCall[]> {
    return this.ask('GET', `calls?operation=${operation}&limit=50000`);
  }

  /** Calls of any operation from a moment on, in milliseconds since 1970. */
  async callsSince(from: number): Promise<SandboxCall[]> {
    return this.ask('GET', `calls?since=${new Date(from).toISOString()}&limit=50000`);
  }

  /** Requests that have reached Amazon so far. */
  async amazonRequests(): Promise<number> {
    return (await this.ask<{ amazon: number }>('GET', 'calls/summary')).amazon;
  }
}

/** How often more than once SKUs were sent, all of them together. */
export function sentAgain(books: Record<string, AmazonBook>): number {
  return Object.values(books).reduce((sum, { puts, patches }) => sum + Math.max(0, puts + patches - 1), 0);
}
