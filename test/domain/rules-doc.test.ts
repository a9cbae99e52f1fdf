import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CatalogItem, KitComponent, SourceStock } from '../../domain/catalog-item';
import { parseConnector, type ContractResult } from '../../domain/connector-contract';
import {
  afterAnswer,
  afterCollect,
  afterRemoval,
  knownPriceOf,
  priceOf,
  quantityOf,
  type LedgerChange,
  type LedgerEntry,
} from '../../domain/ledger';
import type { ListingHashes, WantedListing } from '../../domain/listing';
import { laneFor, offerPatches } from '../../domain/listing-changes';
import { hashesOf } from '../../domain/listing-hashes';
import { judge, overLimit, ruleSettingsOf, type Judgement } from '../../domain/listing-rules';
import { moneyFromDecimal, shownMoney, type Money } from '../../domain/money';
import type { KnownPrice } from '../../domain/price-rules';
import { listing } from '../api/samples';
import { anItem } from './items';

/** A row of a table of docs/rules.md: what its cells say, under the names of their columns. */
interface Row {
  section: string;
  line: number;
  cells: Record<string, string>;
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  let section = '';
  let columns: string[] | undefined;
  text.split('\n').forEach((line, index) => {
    if (line.startsWith('#')) section = line.replace(/^#+ /, '');
    if (!line.startsWith('|')) return void (columns = undefined);
    if (!columns) return void (columns = cellsOf(line));
    if (/^[|\s-]+$/.test(line)) return;
    const cells = cellsOf(line);
    if (cells.length !== columns.length) throw new Error(`docs/rules.md:${index + 1} has ${cells.length} cells`);
    const names = columns;
    rows.push({ section, line: index + 1, cells: Object.fromEntries(cells.map((cell, at) => [names[at]!, cell])) });
  });
  return rows;
}

const ROWS = rowsOf(readFileSync(join(__dirname, '../../docs/rules.md'), 'utf8'));

/** `a.b = 1; c = text` as pairs. */
function assignments(cell: string): [string, string][] {
  if (cell === '') return [];
  return cell.split('; ').map((each) => {
    const at = each.indexOf(' = ');
    if (at < 0) throw new Error(`'${each}' sets nothing`);
    return [each.slice(0, at), each.slice(at + 3)];
  });
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A configuration with only what is required, and what the cell sets. */
function configured(cell: string): ContractResult {
  const input: Record<string, unknown> = {
    name: 'Shop',
    source: {
      type: 'vtex',
      account: 'shop',
      appKey: 'key',
      appToken: 'a-token-of-the-store',
      salesChannel: '1',
      affiliateId: 'MZN',
      affiliateEmail: 'amazon@shop.example',
    },
    amazon: {
      country: 'US',
      sellerId: 'A2EXAMPLE1234',
      clientId: 'amzn1.application-oa2-client.0123456789abcdef',
      clientSecret: 'a-secret-of-the-application',
      refreshToken: 'Atzr|refresh-token-secret',
    },
    listing: { sendKits: false },
    offer: { minimumStock: 0 },
  };
  for (const [path, value] of assignments(cell)) {
    const keys = path.split('.');
    const last = keys.pop()!;
    let at = input;
    for (const key of keys) at = (at[key] ??= {}) as Record<string, unknown>;
    at[last] = path === 'source.salesChannel' ? value : valueOf(value);
  }
  return parseConnector(input);
}

function settingsOf(cell: string) {
  const result = configured(cell);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return ruleSettingsOf(result.config);
}

function money(text: string): Money | undefined {
  if (text === 'none') return undefined;
  const [amount = '', currency = ''] = text.split(' ');
  return moneyFromDecimal(amount, currency);
}

function stock(text: string): SourceStock {
  return text === 'unlimited' ? { kind: 'unlimited' } : { kind: 'units', units: Number(text) };
}

/** `9 of A, 2 each + unlimited of B, 1 each` */
function parts(text: string): KitComponent[] {
  return text.split(' + ').map((each) => {
    const [, there, sourceId, units] = /^(\S+) of (\w+), (\d+) each$/.exec(each) ?? [];
    if (!there || !sourceId) throw new Error(`'${each}' is no part`);
    return { sourceId, units: Number(units), stock: stock(there) };
  });
}

const plain = (text: string): string => (text === 'none' ? '' : text);

const ITEM_FIELDS: Record<string, (value: string) => Partial<CatalogItem>> = {
  stock: (value) => ({ stock: stock(value) }),
  price: (value) => ({ price: money(value) }),
  status: (value) => ({ status: plain(value) }),
  kit: (value) => ({ isKit: value === 'true' }),
  parts: (value) => ({ components: parts(value) }),
  brand: (value) => ({ brand: plain(value) }),
  title: (value) => ({ title: plain(value) }),
  description: (value) => ({ descriptionHtml: plain(value) }),
  categories: (value) => ({ categories: [value] }),
};

function itemOf(cell: string): CatalogItem {
  const changes = assignments(cell).map(([field, value]) => {
    const change = ITEM_FIELDS[field];
    if (!change) throw new Error(`an item has no '${field}'`);
    return change(value);
  });
  return anItem(Object.assign({}, ...changes) as Partial<CatalogItem>);
}

function knownOf(cell: string): KnownPrice {
  const given = Object.fromEntries(assignments(cell));
  return {
    ...(given['last price'] && { lastPrice: money(given['last price']) }),
    ...(given.approved && { approvedPrice: money(given.approved) }),
  };
}

const wantedOf = (verdict: Judgement): WantedListing | null => (verdict.kind === 'block' ? null : verdict.wanted);

function atAmazon(verdict: Judgement): string {
  if (verdict.kind !== 'block') return '';
  if (verdict.ifSent === 'stop-selling') return 'set to 0';
  return verdict.quantityIfSent === undefined ? 'stays' : `stays; quantity follows: ${verdict.quantityIfSent}`;
}

function sends(wanted: WantedListing | null): string {
  const groups = {
    'product facts': wanted?.details.item_name,
    'offer terms': wanted?.details.condition_type,
    price: wanted?.price,
    quantity: wanted?.quantity,
  };
  return Object.entries(groups)
    .filter(([, values]) => values !== undefined)
    .map(([name]) => name)
    .join(', ');
}

/** What a verdict says under each column. */
function answersOf(verdict: Judgement): Record<string, string> {
  const wanted = wantedOf(verdict);
  const offer = wanted?.price?.purchasable_offer?.[0];
  return {
    verdict: verdict.kind === 'block' ? `block: ${verdict.reason}` : verdict.kind,
    quantity: String(quantityOf(wanted) ?? '—'),
    price: offer ? `${priceOf(wanted)} ${offer.currency as string}` : '—',
    'shipping template': String(wanted?.details.merchant_shipping_group?.[0]?.value ?? '—'),
    'at Amazon': atAmazon(verdict),
    sends: sends(wanted),
  };
}

const QUESTIONS = new Set(['settings', 'item', 'before', 'limit', 'says']);

/** Every stated cell is what the verdict says, and the sentence is among its own. */
function expectVerdict(verdict: Judgement, cells: Record<string, string>): void {
  const answers = answersOf(verdict);
  const stated = Object.entries(cells).filter(([column, cell]) => !QUESTIONS.has(column) && cell !== '');
  expect(Object.fromEntries(stated.map(([column]) => [column, answers[column]]))).toEqual(Object.fromEntries(stated));
  expect(stated.length).toBeGreaterThan(0);
  const said = [...verdict.reasons, ...(verdict.problems ?? []).map(({ message }) => message)];
  if (cells.says) expect(said).toContain(cells.says);
  expect(verdict.reasons.length).toBeGreaterThan(0);
}

const context = { connectorId: 'con_1', syncId: 'syn_2', fingerprint: 'f', hashesOf, laneFor, now: new Date() };

function collected(entry: LedgerEntry | undefined, item: CatalogItem, settings = ''): LedgerChange {
  const verdict = judge(item, settingsOf(settings));
  return afterCollect(entry, item, verdict, verdict.kind !== 'block', context);
}

/** What a SKU is sold for, what waits, and what stays approved, once it was read and Amazon has accepted what is queued. */
function accepted(before: LedgerEntry, item: CatalogItem, settings: string): string[] {
  const verdict = judge(item, settingsOf(settings), knownPriceOf(before));
  const read = { ...before, ...afterCollect(before, item, verdict, verdict.kind !== 'block', context) };
  const sent = { operation: 'patch', lane: read.lane ?? 'offer', payload: null } as const;
  const answer = { status: 'ACCEPTED' as const, submissionId: 's', problems: [] };
  const entry =
    read.verdict.kind === 'block' ? read : { ...read, ...afterAnswer(read, sent, answer, [60], new Date()) };
  const shown = (amount: Money | null): string => (amount ? shownMoney(amount) : '');
  return [
    entry.verdict.kind === 'block' ? '' : shown(entry.sentPrice),
    shown(entry.heldBackPrice),
    shown(entry.approvedPrice),
  ];
}

/** The entry once Amazon has accepted and shown what is queued. */
function shown(change: LedgerChange, state: LedgerEntry['state']): LedgerEntry {
  return listing('con_1', 'MH01', { ...change, state, lane: null, sentHashes: change.wantedHashes ?? null });
}

const ENTRIES: Record<string, () => LedgerEntry> = {
  live: () => shown(collected(undefined, anItem()), 'live'),
  paused: () => shown(collected(undefined, itemOf('stock = 0'), 'offer.minimumStock = 1'), 'paused'),
  removed: () => {
    const live = ENTRIES.live!();
    return shown({ ...live, ...afterRemoval(live, context) }, 'removed');
  },
  'sent, not answered': () =>
    listing('con_1', 'MH01', { ...collected(undefined, anItem()), sentHashes: null, attempts: [] }),
  'held back and never sent': () =>
    listing('con_1', 'MH01', {
      wanted: null,
      wantedHashes: null,
      sentHashes: null,
      ...collected(undefined, itemOf('status = inactive')),
    }),
};

const READINGS: Record<string, (entry: LedgerEntry) => LedgerChange> = {
  'lists it no more': (entry) => afterRemoval(entry, context),
  'lists it again': (entry) => collected(entry, anItem()),
  'lists it inactive': (entry) => collected(entry, itemOf('status = inactive')),
};

function sentBy(entry: LedgerEntry, change: LedgerChange): string {
  const { lane, wanted } = { ...entry, ...change };
  if (lane === null) return 'nothing';
  return lane === 'details' ? 'everything' : `quantity ${quantityOf(wanted)}`;
}

const PATCHED: Record<string, string> = {
  '/attributes/purchasable_offer': 'price',
  '/attributes/fulfillment_availability': 'quantity',
};

/** What is sent of a plain item when these parts of it are not what Amazon accepted last. */
function sentOf(changed: string): string {
  const settings = settingsOf(changed === 'no price wanted' ? 'listing.sendPrice = false' : '');
  const wanted = wantedOf(judge(anItem(), settings))!;
  const hashes = hashesOf(wanted);
  const sent: ListingHashes = { price: 'of the price before', ...hashes };
  for (const part of ['details', 'price', 'quantity'] as const)
    if (changed.split(', ').includes(part)) sent[part] = 'another';
  const lane = laneFor(hashes, sent);
  if (lane === null) return 'nothing';
  if (lane === 'details') return 'everything';
  return offerPatches(wanted, hashes, sent)
    .map(({ path }) => PATCHED[path])
    .join(', ');
}

/** How a row is checked, by the first column of its table. */
const CHECKS: Record<string, (cells: Record<string, string>) => void> = {
  settings: (cells) => {
    const verdict = judge(itemOf(cells.item!), settingsOf(cells.settings!), knownOf(cells.before ?? ''));
    expectVerdict(verdict, cells);
  },

  'refused setting': (cells) => {
    const result = configured(cells['refused setting']!);
    const problems = result.ok ? [] : result.problems.map(({ field, code }) => [field, code]);
    expect(problems).toEqual([[cells.field, cells.code]]);
  },

  limit: (cells) => expectVerdict(overLimit(Number(cells.limit)), cells),

  changed: (cells) => expect(sentOf(cells.changed!)).toBe(cells.sent),

  'last price': (cells) => {
    const found = accepted(
      listing('con_1', 'MH01', {
        sentPrice: money(cells['last price']!) ?? null,
        approvedPrice: money(cells.approved!) ?? null,
      }),
      itemOf(`price = ${cells['the source says']}`),
      'offer.price.largestChangePercent = 20'
    );
    expect(found).toEqual([cells.sent, cells.waits, cells['approved then']]);
  },

  'at Amazon before': (cells) => {
    const entry = ENTRIES[cells['at Amazon before']!]!();
    const change = READINGS[cells['the source']!]!(entry);
    expect(sentBy(entry, change)).toBe(cells.sent);
    if (cells.state) expect(change.state).toBe(cells.state);
    if (cells.says) expect(change.reason).toBe(cells.says);
  },
};

test.each(ROWS.map((row) => [`${row.section}, line ${row.line}`, row.cells] as const))('%s', (_where, cells) => {
  const [first = ''] = Object.keys(cells);
  const check = CHECKS[first];
  if (!check) throw new Error(`no table begins with the column '${first}'`);
  check(cells);
});

test.each(['V3', 'V6', 'V7', 'V11', 'V12', 'V13', 'S2', 'S7', 'S8', 'S9', 'B12'])('%s has a table', (rule) => {
  expect(ROWS.filter(({ section }) => section.includes(rule)).length).toBeGreaterThan(1);
});
