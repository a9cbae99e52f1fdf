import { isDeepStrictEqual } from 'node:util';
import type { ListingState } from '../../domain/listing';
import type { ListingShown } from '../../test/e2e/public-api';
import type { WholeBook } from '../../test/e2e/sandbox-control';
import type { World } from '../../test/workflows/rig';

/** How a sync has left a seller: Amazon's books, and the ledger beside them. */
export interface End {
  books: Record<string, WholeBook>;
  listings: readonly ListingShown[];
}

/** What the books tell of a SKU besides its attributes. Counts and what Amazon makes up by itself tell nothing. */
const FACTS = ['state', 'status', 'productType', 'requirements', 'quantity', 'price', 'parentSku'] as const;

/** Longest text of a value that a sentence shows. */
const SHOWN = 120;

/**
 * What differs between two ends of the same catalogue, in sentences by SKU; one that differs in nothing is left out.
 *
 * @param calm - what it is held against
 */
export function differences(calm: End, other: End): Map<string, string[]> {
  const [stateThen, stateNow] = [statesOf(calm), statesOf(other)];
  const skus = new Set([calm, other].flatMap((end) => [...Object.keys(end.books), ...statesOf(end).keys()]));
  const found = new Map<string, string[]>();
  for (const sku of [...skus].sort()) {
    const sentences = [
      ...told('in the ledger', stateThen.get(sku), stateNow.get(sku)),
      ...bookDifferences(calm.books[sku], other.books[sku]),
    ];
    if (sentences.length > 0) found.set(sku, sentences);
  }
  return found;
}

/** @returns the same books with what names a world's own store made alike, for two worlds to be compared */
export function withoutWorld(books: Record<string, WholeBook>, { vtex }: World): Record<string, WholeBook> {
  return JSON.parse(JSON.stringify(books).replaceAll(vtex.account, 'store')) as Record<string, WholeBook>;
}

function bookDifferences(then: WholeBook | undefined, now: WholeBook | undefined): string[] {
  if (!then || !now) return told('at Amazon', then && 'there', now && 'there');
  const names = [...new Set([...Object.keys(then.attributes), ...Object.keys(now.attributes)])].sort();
  return [
    ...FACTS.flatMap((fact) => told(fact, then[fact], now[fact])),
    ...told('issues', codesOf(then), codesOf(now)),
    ...names.flatMap((name) => told(name, then.attributes[name], now.attributes[name])),
  ];
}

function codesOf({ issues }: WholeBook): string[] {
  return issues.map(({ code }) => code).sort();
}

/** `quantity: 5 in the calm run, 4 here`, or nothing when they are the same. */
function told(what: string, then: unknown, now: unknown): string[] {
  if (isDeepStrictEqual(then, now)) return [];
  return [`${what}: ${shown(then)} in the calm run, ${shown(now)} here`];
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function statesOf({ listings }: End): Map<string, string> {
  return new Map(listings.map(({ sku, state }) => [sku, state]));
}

/** Whether a sync may leave a SKU in this state: nothing more is to happen to it by itself. */
const IS_END: Readonly<Record<ListingState, boolean>> = {
  live: true,
  paused: true,
  rejected: true,
  not_visible: true,
  blocked: true,
  removed: true,
  pending: false,
  submitted: false,
  retrying: false,
};

/** SKUs of which the ledger does not say how they have ended, or why, in sentences. */
export function withoutEnd(expected: End, { listings }: End): string[] {
  const known = new Set(listings.map(({ sku }) => sku));
  return [
    ...listings.filter(({ state }) => !IS_END[state]).map(({ sku, state }) => `${sku} is ${state}`),
    ...listings.filter(({ reason }) => reason === '').map(({ sku, state }) => `${sku} is ${state} without a reason`),
    ...expected.listings.filter(({ sku }) => !known.has(sku)).map(({ sku }) => `${sku} is not in the ledger`),
  ];
}

/** How often Amazon was sent what it had accepted already. */
export function repeatsIn(books: Record<string, WholeBook>): number {
  return Object.values(books).reduce((sum, { repeats }) => sum + repeats, 0);
}
