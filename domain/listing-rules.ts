import type { CatalogItem } from './catalog-item';
import type { ConnectorConfig } from './connector';
import {
  mapItem,
  productTypeOf,
  requiredTexts,
  sellablePrice,
  TEXT_LIMITS,
  usableGtin,
  usableImages,
  type MappingSettings,
} from './default-mapping';
import type { MappedItem } from './mapping-context';
import {
  BLOCK_REASONS,
  KIT_NOT_SENT,
  type BlockReason,
  type ListingProblem,
  type Verdict,
  type WantedListing,
} from './listing';
import { requireMarketplace } from './marketplaces';
import { isSellableAmount, shownMoney, type Money } from './money';
import type { PayloadProblem } from './payload-validation';
import { toPlainLine, toPlainText, utf8Length } from './plain-text';
import { decidePrice, priceRulesOf, type KnownPrice, type PriceDecision, type PriceRules } from './price-rules';
import { decideStock, type StockDecision, type StockRules } from './stock-rules';

/** What the rules need to know of a connector. */
export interface RuleSettings extends MappingSettings {
  /** The country whose marketplace it is, as Amazon writes it, and its currency. */
  country: string;
  currency: string;
  /** S8. */
  appliedRequirements: ConnectorConfig['listing']['appliedRequirements'];
  /** S1. Empty means every product type. */
  productTypes: readonly string[];
  /** S9. */
  statuses: readonly string[];
  /** V12. */
  sendKits: boolean;
  /** V6. */
  minimumStock: number;
  /** B12. */
  stockRules?: StockRules;
  priceRules?: PriceRules;
  /** Where a price comes from, for people: `sales channel 1`. */
  priceList: string;
}

type Block = Extract<Verdict, { kind: 'block' }>;

/** What the rules may know of an item besides what its source says. */
export interface KnownItem extends KnownPrice {
  /** What the connector's mappings make of it; the built-in one where they are not given. */
  mapped?: MappedItem;
}

/** A verdict, with what a person should know of a SKU that is sold or paused all the same. */
export type Judgement = Verdict & {
  problems?: ListingProblem[];
  /** The price that waits for a person; `wanted` has the last one that was sent (B12). */
  heldBackPrice?: Money;
};

/** The part of a configuration that the rules look at. The configuration has passed its contract. */
export function ruleSettingsOf(config: ConnectorConfig): RuleSettings {
  const { source, amazon, listing, offer } = config;
  const marketplace = requireMarketplace(amazon.country);
  const priceRules = priceRulesOf(offer.price, marketplace.currency);
  return {
    marketplaceId: marketplace.id,
    country: marketplace.country,
    currency: marketplace.currency,
    // Amazon refuses two values in one language.
    valueLocales: [...new Set(listing.valueLocales)],
    requirements: listing.requirements,
    appliedRequirements: listing.appliedRequirements,
    productTypes: listing.productTypes,
    statuses: listing.statuses,
    sendKits: listing.sendKits,
    sendPrice: listing.sendPrice,
    minimumStock: offer.minimumStock,
    ...(offer.stock && { stockRules: offer.stock }),
    ...(priceRules && { priceRules }),
    ...(offer.shippingTemplate !== undefined && { shippingTemplate: offer.shippingTemplate }),
    priceList: source.type === 'vtex' ? `sales channel ${source.salesChannel}` : PRICE_LISTS[source.type],
  };
}

const PRICE_LISTS = { saleslayer: 'Sales Layer', file: 'the file' };

/**
 * What is to happen with one SKU, by every rule but the SKU limit, which needs to know of the others ({@link overLimit}).
 *
 * 1. A setting that holds the SKU back: its status (S9), then kits (V12, V13). Its data is not looked at.
 * 2. Data that holds it back: the product type, then required values (S8) and a price in the wrong currency.
 * 3. Stock strictly below the minimum pauses the offer (V6), and so does what the stock rules leave as nothing (B12).
 * 4. A price too far from the last one is not sent (B12): the SKU keeps the last one, with a problem that says so.
 *
 * All problems of a step are reported at once; the first of them gives the verdict its reason. Never throws.
 */
export function judge(item: CatalogItem, settings: RuleSettings, known: KnownItem = {}): Judgement {
  const { mapped } = known;
  const status = statusProblems(item, settings);
  const heldBack = [...status, ...kitProblems(item, settings)];
  // V13: a setting about kits changes nothing of what was sent before.
  if (heldBack.length > 0) return block(heldBack, status.length > 0 ? stopSelling(settings) : 'leave');

  const stock = stockOf(item, settings);
  const price = priceOf(item, settings, known);
  const type = productTypeProblems(item, settings, mapped);
  const values = valueProblems(item, settings, price, stock.enough, mapped);
  const enforced = settings.appliedRequirements === 'ENFORCED';
  const problems = [...type.problems, ...invalidOf(mapped), ...values.wrong, ...(enforced ? values.missing : [])];
  if (type.productType === undefined || problems.length > 0)
    return type.belongsElsewhere
      ? block(problems, 'leave')
      : toBeMended(problems, stock.enough ? 'sell' : 'pause', stock.quantity, settings);

  const wanted = mapItem(withPrice(item, price), type.productType, settings, stock.quantity, mapped?.details);
  const reasons = [
    stock.reason,
    priceReason(item, price, settings),
    ...values.missing.map(({ message }) => `${message} Sent all the same: required values are not enforced.`),
    ...remarks(item, settings),
  ];
  const told = { wanted, reasons, ...waitingPrice(price, settings) };
  return stock.enough ? { kind: 'sell', quantity: stock.quantity, ...told } : { kind: 'pause', quantity: 0, ...told };
}

/** What would be sent of an item that the rules hold back for its data; undefined without a product type. */
export function draftOf(
  item: CatalogItem,
  settings: RuleSettings,
  { mapped, ...known }: KnownItem = {}
): WantedListing | undefined {
  const productType = mapped ? mapped.productType : productTypeOf(item);
  if (!productType) return undefined;
  const priced = withPrice(item, priceOf(item, settings, known));
  return mapItem(priced, productType, settings, stockOf(item, settings).quantity, mapped?.details);
}

/**
 * The verdict once its payload was held against Amazon's definition (S8): a problem there holds the SKU back, beside those
 * that the rules found themselves. What was sent before stays as it is (S11), unless it is out of stock.
 */
export function withPayloadProblems(
  verdict: Judgement,
  found: readonly PayloadProblem[],
  settings: RuleSettings
): Judgement {
  // V11: a price that is left to Amazon is not missed here.
  const problems = settings.sendPrice ? found : found.filter((each) => !asksForPrice(each));
  if (verdict.kind !== 'block')
    return problems.length === 0 ? verdict : toBeMended([...problems], verdict.kind, verdict.quantity, settings);
  const told = new Set(verdict.problems.flatMap(({ attributes = [] }) => attributes));
  const news = problems.filter(({ attributes }) => !attributes.some((name) => told.has(name)));
  return {
    ...verdict,
    problems: [...verdict.problems, ...news],
    reasons: [...verdict.reasons, ...news.map(({ message }) => message)],
  };
}

/** V16. The verdict on a child whose parent cannot be sent. What was sent of it stays, and its quantity follows the stock. */
export function waitsForParent(verdict: Exclude<Judgement, Block>, why: string, settings: RuleSettings): Judgement {
  const problem = { code: 'parent', message: why, severity: 'error', owner: 'merchant' } as const;
  const held = toBeMended([problem], verdict.kind, verdict.quantity, settings);
  return { ...held, reasons: [why, ...verdict.reasons] };
}

/** The verdict on a SKU whose product type Amazon does not have in the marketplace. */
export function withUnknownProductType(
  verdict: Verdict,
  unknown: { productType: string; said: string },
  settings: RuleSettings
): Verdict {
  const message = `Amazon ${settings.country} has no product type ${unknown.productType}: ${unknown.said} Put the item in another category, or choose another product type for it.`;
  const problem = { code: 'unmapped', message, severity: 'error', owner: 'merchant' } as const;
  if (verdict.kind !== 'block') return toBeMended([problem], verdict.kind, verdict.quantity, settings);
  return { ...verdict, problems: [...verdict.problems, problem], reasons: [...verdict.reasons, message] };
}

/**
 * A SKU whose data waits to be mended: what was sent of it stays, but its quantity follows the stock, and what is not in stock
 * does not go on selling.
 */
function toBeMended(problems: RuleProblem[], kind: 'sell' | 'pause', quantity: number, settings: RuleSettings): Block {
  if (kind === 'pause') return block(problems, stopSelling(settings));
  const sendsQuantity = settings.requirements !== 'LISTING_PRODUCT_ONLY';
  return { ...block(problems, 'leave'), ...(sendsQuantity && { quantityIfSent: quantity }) };
}

function asksForPrice({ rule, attributes }: PayloadProblem): boolean {
  return rule === 'required' && attributes.length === 1 && attributes[0] === 'purchasable_offer';
}

/** S2. For SKUs that would sell if there were a place for them. One that was sent has a place, unless it has lost it. */
export function overLimit(limit: number): Verdict {
  const message = `Over the limit of ${limit.toLocaleString('en-US')} ${limit === 1 ? 'SKU' : 'SKUs'} of this connector; an admin can raise it.`;
  return {
    kind: 'block',
    reason: 'over_limit',
    problems: [{ code: 'over_limit', message, severity: 'error', owner: 'longshore' }],
    ifSent: 'stop-selling',
    reasons: [message],
  };
}

type RuleProblem = ListingProblem & { code: BlockReason };

/** The verdict on a SKU with at least one problem. */
function block(problems: RuleProblem[], ifSent: Block['ifSent']): Block {
  return {
    kind: 'block',
    reason: problems[0]!.code,
    problems,
    ifSent,
    reasons: problems.map(({ message }) => message),
  };
}

/** Takes off sale what was sent, where this connector owns the quantity at all. */
function stopSelling({ requirements }: RuleSettings): Block['ifSent'] {
  return requirements === 'LISTING_PRODUCT_ONLY' ? 'leave' : 'stop-selling';
}

/** S9. A status that is chosen sells, whatever its name; of the others, `inactive` has a reason of its own. */
function statusProblems({ status }: CatalogItem, settings: RuleSettings): RuleProblem[] {
  const given = status.trim().toLowerCase();
  if (settings.statuses.some((chosen) => chosen.toLowerCase() === given)) return [];
  const shared = { severity: 'info', owner: 'merchant' } as const;
  if (given === 'inactive')
    return [
      {
        code: 'inactive',
        message: 'It is inactive in the source; activate it there to sell it.',
        ...shared,
      },
    ];
  return [
    {
      code: 'status',
      message: `${given ? `Its status in the source is '${status.trim()}'` : 'It has no status in the source'}, and this connector exports only ${settings.statuses.join(', ')}. Change its status, or choose more statuses in the connector.`,
      ...shared,
    },
  ];
}

/** V12, V13. */
function kitProblems(item: CatalogItem, settings: RuleSettings): RuleProblem[] {
  if (!item.isKit || settings.sendKits) return [];
  return [{ code: 'kit', message: KIT_NOT_SENT, severity: 'warning', owner: 'merchant' }];
}

function productTypeProblems(
  item: CatalogItem,
  { productTypes }: RuleSettings,
  mapped: MappedItem | undefined
): { productType?: string; problems: RuleProblem[]; belongsElsewhere: boolean } {
  const productType = mapped ? mapped.productType : productTypeOf(item);
  const unknown = (mapped?.problems ?? []).filter(isOfRules).filter(({ code }) => code === 'unmapped');
  if (!productType) return { problems: unknown.length > 0 ? unknown : [noProductType(item)], belongsElsewhere: false };
  if (productTypes.length === 0 || productTypes.includes(productType))
    return { productType, problems: [], belongsElsewhere: false };
  const message = `Its product type is ${productType}, and this connector sends only ${productTypes.join(', ')}. Add ${productType} to the connector's product types, or leave it to another connector.`;
  return {
    productType,
    problems: [{ code: 'unmapped', message, severity: 'info', owner: 'merchant' }],
    belongsElsewhere: true,
  };
}

/** Values that a mapping could not give the form that Amazon wants. */
function invalidOf(mapped: MappedItem | undefined): RuleProblem[] {
  return (mapped?.problems ?? []).filter(isOfRules).filter(({ code }) => code === 'invalid');
}

function isOfRules(problem: ListingProblem): problem is RuleProblem {
  return (BLOCK_REASONS as readonly string[]).includes(problem.code);
}

function noProductType({ categories }: CatalogItem): RuleProblem {
  const found = categories.map(toPlainLine).filter((category) => category !== '');
  const message =
    found.length > 0
      ? `No Amazon product type fits its categories (${found.slice(0, 3).join('; ')}). Put it in a category that says what it is, such as Shirts or Watches.`
      : 'It has no category, so no Amazon product type can be chosen. Put it in a category that says what it is, such as Shirts or Watches.';
  return { code: 'unmapped', message, severity: 'error', owner: 'merchant' };
}

const TEXT_PROBLEMS = {
  item_name: 'It has no title; give it one in the source.',
  brand: 'It has no brand; give it one in the source.',
  product_description: 'It has no description; write one in the source.',
} as const;

/** Required values that are missing, which S8 may let pass, and values that are wrong, which it may not. */
function valueProblems(
  item: CatalogItem,
  settings: RuleSettings,
  price: PriceDecision | undefined,
  sells: boolean,
  mapped: MappedItem | undefined
): { missing: RuleProblem[]; wrong: RuleProblem[] } {
  const invalid = (attribute: string, message: string): RuleProblem => ({
    code: 'invalid',
    message,
    severity: 'error',
    owner: 'merchant',
    attributes: [attribute],
  });
  const missing: RuleProblem[] = [];
  const wrong: RuleProblem[] = [];
  if (settings.requirements !== 'LISTING_OFFER_ONLY') {
    const texts = requiredTexts(item);
    for (const name of ['item_name', 'brand', 'product_description'] as const)
      if (texts[name] === '' && !(mapped && Object.hasOwn(mapped.details, name)))
        missing.push(invalid(name, TEXT_PROBLEMS[name]));
  }
  if (!sendsPrice(settings)) return { missing, wrong };
  // A paused offer sells nothing, and sources often price only what is in stock.
  if (!isSellable(price) && sells) missing.push(invalid('purchasable_offer', noPriceMessage(item, settings, price)));
  if (price && price.price.currency !== settings.currency)
    wrong.push(
      invalid(
        'purchasable_offer',
        `Its price in ${settings.priceList} is in ${price.price.currency}, and Amazon ${settings.country} sells in ${settings.currency}. Use a price list in ${settings.currency}, or switch the sending of prices off.`
      )
    );
  return { missing, wrong };
}

function noPriceMessage(item: CatalogItem, { priceList }: RuleSettings, decided?: PriceDecision): string {
  if (decided && item.price)
    return `Its price in ${priceList} is ${shownMoney(item.price)}, of which the price rules make ${shownMoney(decided.price)}: nothing can be sold for that. Correct the rules, or set a ${decided.price.minorUnits > 0 ? 'ceiling' : 'floor'}.`;
  return item.price
    ? `Its price in ${priceList} is ${shownMoney(item.price)}, which nothing can be sold for; correct it in the source.`
    : `It has no price in ${priceList}; give it one in the source, or switch the sending of prices off.`;
}

export function sendsPrice({ sendPrice, requirements }: Pick<RuleSettings, 'sendPrice' | 'requirements'>): boolean {
  return sendPrice && requirements !== 'LISTING_PRODUCT_ONLY';
}

/** V6, B12. Without the quantity in its hands a connector pauses nothing. */
function stockOf(item: CatalogItem, { minimumStock, stockRules, requirements }: RuleSettings): StockDecision {
  const decided = decideStock(item, requirements === 'LISTING_PRODUCT_ONLY' ? 0 : minimumStock, stockRules);
  return requirements === 'LISTING_PRODUCT_ONLY'
    ? { ...decided, enough: true, reason: 'No quantity is sent: this connector sends product facts only.' }
    : decided;
}

/** B12. Undefined when none is sent or none can be used. A price in another currency is left as it is. */
function priceOf(item: CatalogItem, settings: RuleSettings, known?: KnownPrice): PriceDecision | undefined {
  const price = sendsPrice(settings) ? sellablePrice(item) : undefined;
  return price && decidePrice(price, price.currency === settings.currency ? settings.priceRules : undefined, known);
}

function isSellable(decided: PriceDecision | undefined): decided is PriceDecision {
  return decided !== undefined && isSellableAmount(decided.price);
}

/** The item with the price that is to be sent. */
function withPrice(item: CatalogItem, decided: PriceDecision | undefined): CatalogItem {
  return decided ? { ...item, price: decided.price } : item;
}

function priceReason(item: CatalogItem, decided: PriceDecision | undefined, settings: RuleSettings): string {
  const { requirements, priceList } = settings;
  if (requirements === 'LISTING_PRODUCT_ONLY') return 'No price is sent: this connector sends product facts only.';
  if (!settings.sendPrice) return 'No price is sent: this connector leaves prices to Amazon.';
  if (!decided || !item.price) return `No price is sent: it has none in ${priceList}.`;
  if (!isSellable(decided)) return `No price is sent: the price rules leave none of its ${shownMoney(item.price)}.`;
  const { price, changes, heldBack } = decided;
  const source = `its price in ${priceList}`;
  const made = changes.length > 0 ? `${source} is ${shownMoney(item.price)}; ${changes.join('; ')}` : source;
  if (!heldBack) return `Price ${shownMoney(price)}: ${made}.`;
  return `Price ${shownMoney(price)}: the last one that was sent. ${shownMoney(heldBack)} waits for approval: ${made}.`;
}

/** B12. The problem of a SKU whose new price waits for a person. */
function waitingPrice(
  decided: PriceDecision | undefined,
  { priceRules }: RuleSettings
): Pick<Judgement, 'problems' | 'heldBackPrice'> {
  if (!decided?.heldBack) return {};
  const [last, next] = [shownMoney(decided.price), shownMoney(decided.heldBack)];
  const message = `Its price would change from ${last} to ${next}, by more than ${priceRules?.largestChangePercent} %. It keeps ${last} until the new price is approved, or until the connector's offer.price.largestChangePercent is raised.`;
  return {
    heldBackPrice: decided.heldBack,
    problems: [
      { code: 'price_change', message, severity: 'warning', owner: 'merchant', attributes: ['purchasable_offer'] },
    ],
  };
}

/** What a person should know although it stops nothing. */
function remarks(item: CatalogItem, { requirements }: RuleSettings): string[] {
  if (requirements === 'LISTING_OFFER_ONLY') return [];
  const found: string[] = [];
  if (usableImages(item).length === 0)
    found.push('It has no image; Amazon may hide it from search until the source has one.');
  if (item.gtins.length > 0 && !usableGtin(item))
    found.push(`None of its GTINs has a right check digit (${item.gtins.join(', ')}); it is sent as having none.`);
  const cut: string[] = [];
  if (utf8Length(toPlainLine(item.title)) > TEXT_LIMITS.item_name) cut.push('title');
  if (utf8Length(toPlainText(item.descriptionHtml)) > TEXT_LIMITS.product_description) cut.push('description');
  for (const name of cut) found.push(`Its ${name} is longer than Amazon takes and is cut at a word.`);
  return found;
}
