import { randomUUID } from 'node:crypto';
import type { SandboxClock } from './clock';
import { seededRandom } from './random';

export const FAULT_KINDS = ['status', 'throttle', 'timeout', 'reset', 'slow', 'invalid'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultMatch {
  /** An operation's name, or `amazon.*` (SP-API), `vtex.*`, `saleslayer.*`, or `*`. Absent: every operation. */
  operation?: string;
  /** Seller SKUs; at VTEX also SKU ids. A call that concerns several SKUs matches by any of them. */
  skus?: string[];
  sellerId?: string;
  account?: string;
}

export interface FaultRequest {
  match: FaultMatch;
  kind: FaultKind;
  /** For `status`; HTTP 200–599, 500 when absent. */
  status?: number;
  /** For `status` and `invalid`: the answer's body instead of the usual one. */
  body?: unknown;
  /** For `slow` (1000 when absent) and `timeout` (600000: how long the connection is held open without an answer). */
  delayMs?: number;
  /** Befalls that part of the calls that it matches, above 0 to 1, at random; all unless given. */
  share?: number;
  /** Ends after that many calls. */
  times?: number;
  /** Befalls each SKU that many times. */
  timesPerSku?: number;
  /** Ends after that long on the sandbox's clock. */
  forSeconds?: number;
  /** With `status`, `timeout` and `reset`: the request is carried out first, and only its answer is lost. */
  after?: boolean;
}

export interface Fault extends FaultRequest {
  id: string;
  /** Calls it has befallen. */
  hits: number;
}

interface Registered extends Fault {
  until: number;
  hitsBySku: Map<string, number>;
}

/** What a call is about, as far as a fault can be bound to it. */
export interface CallSubject {
  operation: string;
  family: 'amazon' | 'lwa' | 'storage' | 'vtex' | 'saleslayer';
  skus: string[];
  sellerId?: string;
  account?: string;
}

/** Injected faults; the oldest that matches a call befalls it. One with a share draws for each call that no older one took. */
export class Faults {
  private registered: Registered[] = [];
  private readonly random = seededRandom(1);

  constructor(private readonly clock: SandboxClock) {}

  add(request: FaultRequest): string {
    const until = request.forSeconds === undefined ? Infinity : this.clock.now() + request.forSeconds * 1000;
    const fault = { ...request, id: randomUUID(), hits: 0, until, hitsBySku: new Map<string, number>() };
    this.registered.push(fault);
    return fault.id;
  }

  list(): Fault[] {
    this.dropEnded();
    return this.registered.map(({ until: _until, hitsBySku: _hitsBySku, ...fault }) => fault);
  }

  remove(id: string): boolean {
    const before = this.registered.length;
    this.registered = this.registered.filter((fault) => fault.id !== id);
    return this.registered.length < before;
  }

  clear(): void {
    this.registered = [];
  }

  /** The fault for this call, counted as used. */
  take(call: CallSubject): Fault | undefined {
    if (this.registered.length === 0) return undefined;
    this.dropEnded();
    const fault = this.registered.find(
      (candidate) => matches(candidate, call) && hasHitsLeft(candidate, call) && this.isDrawn(candidate)
    );
    if (!fault) return undefined;
    fault.hits += 1;
    for (const sku of subjectsOf(fault, call)) fault.hitsBySku.set(sku, (fault.hitsBySku.get(sku) ?? 0) + 1);
    return fault;
  }

  private isDrawn({ share }: Fault): boolean {
    return share === undefined || this.random() < share;
  }

  private dropEnded(): void {
    const now = this.clock.now();
    this.registered = this.registered.filter(
      (fault) => fault.until > now && (fault.times === undefined || fault.hits < fault.times)
    );
  }
}

function matches({ match }: Fault, call: CallSubject): boolean {
  return (
    isOperation(match.operation, call) &&
    (match.sellerId === undefined || match.sellerId === call.sellerId) &&
    (match.account === undefined || match.account === call.account) &&
    (match.skus === undefined || match.skus.some((sku) => call.skus.includes(sku)))
  );
}

function isOperation(pattern: string | undefined, call: CallSubject): boolean {
  if (pattern === undefined || pattern === '*') return true;
  if (pattern === 'amazon.*') return call.family === 'amazon';
  if (pattern === 'vtex.*') return call.family === 'vtex';
  if (pattern === 'saleslayer.*') return call.family === 'saleslayer';
  return pattern === call.operation;
}

function hasHitsLeft(fault: Registered, call: CallSubject): boolean {
  const { timesPerSku } = fault;
  if (timesPerSku === undefined) return true;
  return subjectsOf(fault, call).some((sku) => (fault.hitsBySku.get(sku) ?? 0) < timesPerSku);
}

/** The SKUs a hit is counted for; a call about no SKU counts as one nameless SKU. */
function subjectsOf({ match }: Fault, call: CallSubject): string[] {
  const skus = match.skus ? call.skus.filter((sku) => match.skus?.includes(sku)) : call.skus;
  return skus.length > 0 ? skus : [''];
}
