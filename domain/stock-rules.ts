import type { CatalogItem, KitComponent, SourceStock } from './catalog-item';

/**
 * The most units that are ever offered; also what `unlimited` becomes. Sources write fillers such as 1000000 or 2147483647
 * for stock they do not count. This is more than a listing sells between two syncs, and bounds what a wrong filler can
 * oversell.
 */
export const MOST_UNITS_OFFERED = 9_999;

/** B12. What a connector keeps from sale. */
export interface StockRules {
  /** Units kept back of every SKU. */
  buffer?: number;
  /** Percent of what is there that is offered, 1 to 100. */
  percentage?: number;
  /** The most units offered, 1 to {@link MOST_UNITS_OFFERED}. */
  cap?: number;
}

/** How many units to offer, and whether they are enough to sell at all. */
export interface StockDecision {
  quantity: number;
  enough: boolean;
  /** A sentence: the number, and every rule that changed it. */
  reason: string;
}

type Stocked = Pick<CatalogItem, 'stock' | 'components'>;

/**
 * V6 and B12, in this order:
 *
 * 1. What the source has: whole units, nothing below zero.
 * 2. A kit sells no more than its parts make.
 * 3. Strictly below the minimum stock it is paused. The minimum is held against what there is, and not against what the next
 *    rules leave of it, so that it means the same with and without them, and the same as in the preview.
 * 4. The percentage is taken of what there is, then the buffer is kept back, so that the buffer is always kept whole.
 * 5. The cap comes last, because it limits what is seen and not what is there.
 *
 * What these rules leave as nothing is paused too. Without any rule, no stock under a minimum of 0 is offered as 0.
 */
export function decideStock(item: Stocked, minimumStock: number, rules: StockRules = {}): StockDecision {
  const { percentage = 100, buffer = 0, cap = MOST_UNITS_OFFERED } = rules;
  const units = availableUnits(item);
  const facts = factsOf(item);
  if (units < minimumStock) {
    const again = unitsToSell(minimumStock, rules);
    return paused(`${facts.join('; ')}, fewer than the minimum of ${minimumStock}. It sells again at ${again}.`);
  }
  const offered = units === Infinity ? units : Math.floor((units * percentage) / 100);
  const left = Math.max(0, offered - buffer);
  const quantity = Math.min(left, cap, MOST_UNITS_OFFERED);
  const changes = [
    ...(offered < units ? [`${percentage} % of them ${percentage === 1 ? 'is' : 'are'} offered`] : []),
    ...(left < offered ? [`${buffer} ${buffer === 1 ? 'is' : 'are'} kept back`] : []),
  ];
  const told = [...facts, ...changes].join('; ');
  if (quantity === 0 && takesAway(rules))
    return paused(`${told}. Nothing is left to offer. It sells again at ${unitsToSell(minimumStock, rules)}.`);
  if (quantity < left) return selling(quantity, `${told}, and at most ${quantity} ${are(quantity)} offered.`);
  if (changes.length > 0) return selling(quantity, `${told}.`);
  return selling(quantity, `${told}, not fewer than the minimum of ${minimumStock}.`);
}

/** What may be sold before any rule of the connector: whole units, or Infinity. What V6 compares. */
export function availableUnits({ stock, components }: Stocked): number {
  return Math.min(unitsOf(stock), kitsFromParts(components)?.kits ?? Infinity);
}

/** The stock from which on a SKU sells: the minimum, or what the rules need to leave one unit. */
export function unitsToSell(minimumStock: number, rules: StockRules = {}): number {
  if (!takesAway(rules)) return minimumStock;
  const { percentage = 100, buffer = 0 } = rules;
  return Math.max(minimumStock, Math.ceil((100 * (buffer + 1)) / percentage));
}

function takesAway({ percentage = 100, buffer = 0 }: StockRules): boolean {
  return percentage < 100 || buffer > 0;
}

/** Oversold stock is negative in some sources, and goods sold by weight come in fractions. */
function unitsOf(stock: SourceStock): number {
  if (stock.kind === 'unlimited') return Infinity;
  return Number.isNaN(stock.units) ? 0 : Math.max(0, Math.floor(stock.units));
}

interface KitLimit {
  kits: number;
  /** The part that runs out first. */
  part: Part;
}

interface Part {
  sourceId: string;
  units: number;
  stock: number;
}

/**
 * How many kits can be put together, and which part ends it; undefined when the parts are not known. A part that is listed
 * twice is one stock: its units add up, and the lower stock counts.
 */
function kitsFromParts(components: readonly KitComponent[] = []): KitLimit | undefined {
  const parts = new Map<string, Part>();
  for (const { sourceId, units, stock } of components) {
    const same = parts.get(sourceId);
    parts.set(sourceId, {
      sourceId,
      units: (same?.units ?? 0) + unitsPerKit(units),
      stock: Math.min(same?.stock ?? Infinity, unitsOf(stock)),
    });
  }
  let least: KitLimit | undefined;
  for (const part of parts.values()) {
    const kits = kitsOf(part);
    if (!least || kits < least.kits) least = { kits, part };
  }
  return least;
}

/** Of what one kit takes: at least one and whole; a number that is none lets no kit be made. */
function unitsPerKit(units: number): number {
  return Number.isFinite(units) ? Math.max(1, Math.ceil(units)) : Infinity;
}

function kitsOf({ stock, units }: Part): number {
  if (units === Infinity) return 0;
  return stock === Infinity ? Infinity : Math.floor(stock / units);
}

function factsOf(item: Stocked): string[] {
  const units = unitsOf(item.stock);
  const own = units === Infinity ? 'the source does not limit the stock' : `the source has ${counted(units)}`;
  const limit = kitsFromParts(item.components);
  if (!limit || limit.kits === Infinity) return [own];
  const { part, kits } = limit;
  const takes = part.units === Infinity ? 'an unknown number' : part.units;
  const parts = `its parts make ${kits === 1 ? '1 kit' : `${kits} kits`} (of part ${part.sourceId} there ${part.stock === 1 ? 'is' : 'are'} ${part.stock === Infinity ? 'any number' : part.stock}, and a kit takes ${takes})`;
  return units === Infinity ? [parts] : [own, parts];
}

function selling(quantity: number, told: string): StockDecision {
  return { quantity, enough: true, reason: `Quantity ${quantity}: ${told}` };
}

function paused(told: string): StockDecision {
  return { quantity: 0, enough: false, reason: `Quantity 0: ${told}` };
}

function counted(units: number): string {
  return units === 1 ? '1 unit' : `${units} units`;
}

function are(count: number): string {
  return count === 1 ? 'is' : 'are';
}
