import type { FulfillmentStatus } from '../../sandbox/amazon/orders-book';
import type { ArrivedMail } from '../mail-server';
import type { OrderDocument } from '../../models/orders';
import type { StoreBook } from '../workflows/orders-under-test';
import { SHELF, type Units } from './orders-lives';
import type { PlayedOrder } from './orders-player';

/** A reservation of VTEX's that keeps its units from others: authorized or confirmed. */
const LIVE = [1, 2];

/** How an order stands at Amazon. */
export interface AmazonOrderBook {
  status: FulfillmentStatus;
  fulfilledBy: string;
  /** Units that are still to be shipped, by seller SKU. */
  open: Units;
}

/** What everybody's books tell of orders. */
export interface OrderBooks {
  store: StoreBook;
  /** By Amazon's order id. */
  amazon: Readonly<Record<string, AmazonOrderBook>>;
  /** What Longshore has kept of them, by Amazon's order id. */
  kept: ReadonlyMap<string, Pick<OrderDocument, 'stage' | 'reason' | 'json' | 'messages'>>;
}

/** An order of one shop: what is there for it, and what should be. */
interface Account {
  orderId: string;
  amazon: AmazonOrderBook;
  /** Units that it takes from the store, parts in place of kits. */
  units: Units;
  hasStranger: boolean;
  /** Live holds, by lockId. */
  holds: Record<string, Units>;
  stored: { state: string; units: Units } | undefined;
  /** Somebody let its stock go, and handles it by hand. */
  isReleased: boolean;
  /** There is not enough stock for it, and people were told. */
  isShort: boolean;
}

/**
 * What the books disagree in, in sentences: stock = start − sold − held; no hold without an open order, none doubled, none of other
 * units; no order in the store that Amazon has not; every paid order there once, every pending one held.
 *
 * @param affiliateId - orders and holds of the store are named after it
 */
export function disagreements(played: readonly PlayedOrder[], books: OrderBooks, affiliateId = 'MZN'): string[] {
  const accounts = played.map((order) => accountOf(order, books, affiliateId));
  const known = new Set(played.map(({ orderId }) => orderId));
  const strange = [...Object.keys(books.store.reservations), ...Object.keys(books.store.orders)].filter(
    (name) => !known.has(orderIdOf(name, affiliateId))
  );
  return [
    ...stockSentences(books.store),
    ...strange.map((name) => `${name} is in the store and at Amazon no order of that number`),
    ...accounts.flatMap((account) => sentencesAbout(account).map((sentence) => `${account.orderId}: ${sentence}`)),
  ];
}

/** Live holds beyond the one that an order may have. */
export function doubledHolds({ store }: OrderBooks, affiliateId = 'MZN'): number {
  const orders = liveHolds(store).map(([lockId]) => orderIdOf(lockId, affiliateId));
  return orders.length - new Set(orders).size;
}

/**
 * What is wrong with the mail about orders, in sentences: one for each order and problem that was told, and one more when it was over.
 * Every mail that arrived counts, also under a Message-ID that was there before. SMTP gives no more than at least once: a worker that
 * dies between the mail server's answer and its note sends that mail again, and no other.
 *
 * @param mayRepeat - how often a worker was ended meanwhile: so many mails may have come once more
 */
export function wrongMail(kept: OrderBooks['kept'], mails: readonly ArrivedMail[], mayRepeat = 0): string[] {
  const arrived = new Map<string, { count: number; ids: Set<string> }>();
  for (const { headers } of mails) {
    const subject = (headers.subject ?? '').replace('[Longshore] ', '');
    const before = arrived.get(subject);
    const ids = (before?.ids ?? new Set()).add(headers['message-id'] ?? '');
    arrived.set(subject, { count: (before?.count ?? 0) + 1, ids });
  }
  const wanted = [...kept].flatMap(([orderId, { messages }]) =>
    messages
      .filter(({ kind, state }) => kind === 'notify' || state === 'sent')
      .map(({ kind, problem }) => `Order ${orderId}: ${kind === 'recovered' ? 'solved: ' : ''}${problem}`)
  );
  const isWanted = new Set(wanted);
  const sent = [...arrived];
  const repeats = sent.reduce((sum, [, { count }]) => sum + count - 1, 0);
  const isTooMany = ({ count, ids }: { count: number; ids: Set<string> }): boolean =>
    ids.size > 1 || (count > 1 && repeats > mayRepeat);
  return [
    ...wanted.filter((subject) => !arrived.has(subject)).map((subject) => `no mail: ${subject}`),
    ...sent.filter(([, of]) => isTooMany(of)).map(([subject, { count }]) => `${count} mails: ${subject}`),
    ...sent.filter(([subject]) => !isWanted.has(subject)).map(([subject]) => `a mail about nothing: ${subject}`),
  ];
}

function stockSentences({ skus }: StoreBook): string[] {
  return Object.entries(skus).flatMap(([sku, { start, sold, held, available }]) => {
    // A kit has no stock of its own.
    if (SHELF[`SKU-${sku.padStart(4, '0')}`]?.[sku] === undefined) return [];
    if (available < 0) return [`${-available} units of ${sku} are sold twice`];
    return available === start - sold - held ? [] : [`${available} of ${sku} are left of ${start} − ${sold} − ${held}`];
  });
}

function sentencesAbout(account: Account): string[] {
  const { amazon, stored, holds, units } = account;
  const lockIds = Object.keys(holds);
  const isStored = stored !== undefined && stored.state !== 'canceled';
  const why = whyNoHold(account);
  return [
    ...(lockIds.length > 1 ? [`held ${lockIds.length} times: ${lockIds.join(', ')}`] : []),
    ...(lockIds.length > 0 && why ? [`held although ${why}`] : []),
    ...(why ? [] : Object.entries(holds).flatMap(([lockId, held]) => differing(lockId, held, units))),
    ...(mustBeHeld(account) && lockIds.length === 0 ? ['pending, and not held'] : []),
    ...(mustBeStored(account) && !isStored ? ['paid, and not in the store'] : []),
    ...(isStored && !mayBeStored(account) ? [`in the store, and ${amazon.status} at Amazon`] : []),
    ...(mustBeStored(account) && isStored && stored.state !== 'ready-for-handling'
      ? [`${stored.state} in the store`]
      : []),
  ];
}

function whyNoHold({ amazon: { status, fulfilledBy }, stored, isReleased }: Account): string | undefined {
  if (fulfilledBy === 'AMAZON') return 'Amazon ships it';
  if (status !== 'PENDING' && status !== 'UNSHIPPED' && status !== 'PARTIALLY_SHIPPED') return `it is ${status}`;
  if (stored && stored.state !== 'canceled') return 'the store has it';
  return isReleased ? 'it was let go' : undefined;
}

function mustBeHeld(account: Account): boolean {
  const { amazon, units, isShort } = account;
  if (amazon.status !== 'PENDING' || isShort || whyNoHold(account)) return false;
  return Object.keys(units).length > 0;
}

function mustBeStored({ amazon, units, hasStranger, isReleased, isShort }: Account): boolean {
  const isOurs = amazon.status === 'UNSHIPPED' && amazon.fulfilledBy === 'MERCHANT';
  return isOurs && !hasStranger && !isReleased && !isShort && Object.keys(units).length > 0;
}

/** What was shipped may have been placed before. */
function mayBeStored({ amazon: { status, fulfilledBy } }: Account): boolean {
  return (
    fulfilledBy === 'MERCHANT' && (status === 'UNSHIPPED' || status === 'SHIPPED' || status === 'PARTIALLY_SHIPPED')
  );
}

function differing(lockId: string, held: Units, wanted: Units): string[] {
  const skus = [...new Set([...Object.keys(held), ...Object.keys(wanted)])];
  const isSame = skus.every((sku) => (held[sku] ?? 0) === (wanted[sku] ?? 0));
  return isSame ? [] : [`${lockId} holds ${JSON.stringify(held)} in place of ${JSON.stringify(wanted)}`];
}

function accountOf({ orderId, life }: PlayedOrder, books: OrderBooks, affiliateId: string): Account {
  const amazon = books.amazon[orderId];
  if (!amazon) throw new Error(`Amazon has no order ${orderId}`);
  const kept = books.kept.get(orderId);
  const holds = liveHolds(books.store).filter(([lockId]) => orderIdOf(lockId, affiliateId) === orderId);
  const wasTold = kept?.messages.some(({ problem, kind }) => problem === 'no_stock' && kind === 'notify') === true;
  const units = unitsOf(amazon.open);
  const canHave = (sku: string): number =>
    (books.store.skus[sku]?.available ?? 0) + holds.reduce((sum, [, held]) => sum + (held[sku] ?? 0), 0);
  return {
    orderId,
    amazon,
    units,
    hasStranger: Object.entries(amazon.open).some(([sku, units]) => units > 0 && !SHELF[sku]),
    holds: Object.fromEntries(holds),
    stored: books.store.orders[`${affiliateId}-${orderId}`],
    isReleased: life.press?.kind === 'release' && kept?.stage === 'released',
    isShort: wasTold && Object.entries(units).some(([sku, wanted]) => canHave(sku) < wanted),
  };
}

function liveHolds({ reservations }: StoreBook): [lockId: string, units: Units][] {
  return Object.entries(reservations)
    .filter(([, { status }]) => LIVE.includes(status))
    .map(([lockId, { units }]) => [lockId, units]);
}

/** Amazon's number of the order that a hold or an order of the store is named after: 3-7-7 digits. */
function orderIdOf(name: string, affiliateId: string): string {
  return name
    .slice(affiliateId.length + 1)
    .split('-', 3)
    .join('-');
}

function unitsOf(open: Units): Units {
  const units: Record<string, number> = {};
  for (const [sku, count] of Object.entries(open))
    for (const [part, each] of Object.entries(SHELF[sku] ?? {}))
      if (count > 0) units[part] = (units[part] ?? 0) + count * each;
  return units;
}
