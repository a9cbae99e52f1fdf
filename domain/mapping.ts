import type { CatalogItem, ItemTexts } from './catalog-item';
import { builtInDetails, type MappingSettings } from './default-mapping';
import type { AmazonAttributes, ListingProblem } from './listing';
import type { CompiledMapping, LeafNode, ListNode, MappingNode, ObjectNode } from './mapping-compiled';
import { SERVICE_PARTS, type AttributeShape } from './mapping-definition';
import { coerce } from './mapping-values';
import { shown } from './payload-validation-words';
import type { ExpressionResult } from './ports/expressions';

/** An item with its texts in each of the languages that are sent. */
export interface ItemInLanguages {
  item: CatalogItem;
  texts: ReadonlyMap<string, ItemTexts>;
}

/** The result of an expression over the texts of one language. Every expression of the mapping has one. */
export type Evaluated = (expression: string, texts: ItemTexts) => ExpressionResult;

/** What a mapping makes of one item: everything but price and quantity. */
export interface MappedDetails {
  details: AmazonAttributes;
  /** Values that could not be had; they are missing in the details. */
  problems: ListingProblem[];
}

/**
 * The attributes of one item: those of the built-in mapping, changed place by place as the mapping says. A value that its
 * place cannot take is a problem and is not sent. Never throws for what an item holds.
 */
export function applyMapping(
  subject: ItemInLanguages,
  mapping: CompiledMapping,
  settings: MappingSettings,
  evaluated: Evaluated
): MappedDetails {
  const details = builtInDetails(subject.item, settings);
  const problems = new Map<string, ListingProblem>();
  for (const name of mapping.omitted) delete details[name];
  for (const { attribute, node } of mapping.attributes) {
    const { name } = attribute;
    const builder = new ValueBuilder(subject, settings, evaluated, (complaint) => {
      const problem = problemOf(attribute, complaint);
      problems.set(problem.message, problem);
    });
    const values = builder.attribute(node, Object.hasOwn(details, name) ? details[name] : undefined);
    if (values.length > 0) details[name] = values;
    else delete details[name];
  }
  // Amazon takes an identifier or the declaration that there is none; the built-in mapping saw no identifier.
  if (details.externally_assigned_product_identifier && !mapping.named.has(EXEMPTION)) delete details[EXEMPTION];
  return { details, problems: [...problems.values()] };
}

const EXEMPTION = 'supplier_declared_has_product_identifier_exemption';

/** What is wrong in one place, and what to do, each a clause without its full stop. */
interface Complaint {
  place: string;
  rule: string;
  what: string;
  todo: string;
  value?: unknown;
}

function problemOf({ name, title }: AttributeShape, { place, rule, what, todo, value }: Complaint): ListingProblem {
  return {
    code: 'invalid',
    message: `${title} (${name}):${place} ${what}. ${todo}.`,
    severity: 'error',
    owner: 'merchant',
    attributes: [name],
    rule,
    ...(value !== undefined && { value: shown(value) }),
  };
}

/** The values of one place. */
interface Built {
  values: unknown[];
  /** Whether any rule in it looks at the item, and whether such a rule gave a value: constants only accompany one. */
  asks: boolean;
  given: boolean;
}

/** Builds the values of one attribute of one item. */
class ValueBuilder {
  private readonly locales: readonly string[];

  constructor(
    private readonly subject: ItemInLanguages,
    private readonly settings: MappingSettings,
    private readonly evaluated: Evaluated,
    private readonly complain: (complaint: Complaint) => void
  ) {
    this.locales = settings.valueLocales;
  }

  /** @param before - what the built-in mapping has, whose parts stay where no rule speaks of them. */
  attribute(node: MappingNode, before: AmazonAttributes[string] | undefined): Record<string, unknown>[] {
    const { values } = this.build(node, this.locales[0]!, before ? [before] : []);
    const found = node.kind === 'list' ? (values[0] as unknown[] | undefined) : values;
    return (found ?? []).filter(isObject);
  }

  private build(node: MappingNode, locale: string, before: readonly unknown[]): Built {
    switch (node.kind) {
      case 'leaf':
        return this.leaf(node, locale);
      case 'object':
        return this.object(node, locale, before);
      case 'list':
        return this.list(node, locale, before);
    }
  }

  private leaf(node: LeafNode, locale: string): Built {
    const asks = node.source.kind === 'field' || node.source.kind === 'expression';
    const values = this.raw(node, locale).flatMap((raw) => {
      if (raw === undefined || raw === null || raw === '') return [];
      const found = coerce(raw, node.leaf);
      if ('value' in found) return [found.value];
      this.complain({ place: node.place, ...found.fault, value: raw });
      return [];
    });
    return { values, asks, given: asks && values.length > 0 };
  }

  private raw(node: LeafNode, locale: string): unknown[] {
    const { source } = node;
    const texts = this.subject.texts.get(locale) ?? this.subject.item;
    if (source.kind === 'omit') return [];
    if (source.kind === 'constant') return [source.value];
    if (source.kind === 'field') return source.read(this.subject.item, texts);
    const result = this.evaluated(source.text, texts);
    if ('value' in result) return Array.isArray(result.value) ? (result.value as unknown[]) : [result.value];
    const what = `its expression failed: ${result.error.message}`;
    this.complain({ place: node.place, rule: 'expression', what, todo: 'Correct the expression in the mapping' });
    return [];
  }

  private object(node: ObjectNode, locale: string, before: readonly unknown[]): Built {
    const known = before.filter(isObject);
    const built = node.parts.map(([name, part]) => {
      const inner = known.flatMap((each) => (Object.hasOwn(each, name) ? [each[name]] : []));
      return [name, this.build(part, locale, inner)] as const;
    });
    const asks = built.some(([, part]) => part.asks);
    const given = built.some(([, part]) => part.given);
    if (asks && !given) return { values: [], asks, given };
    const count = Math.max(1, ...built.map(([, { values }]) => values.length));
    const values = Array.from({ length: count }, (_, at) => {
      const value: Record<string, unknown> = { ...(known[at] ?? known[0]) };
      for (const [name, { values: found }] of built) {
        const own = found.length === 1 ? found[0] : found[at];
        if (own === undefined) delete value[name];
        else value[name] = own;
      }
      return this.completed(value, node, locale);
    });
    return { values: values.filter((each) => each !== undefined), asks, given };
  }

  /** With the parts that are the same for every item; undefined when constants alone stand around a missing value. */
  private completed(value: Record<string, unknown>, node: ObjectNode, locale: string): object | undefined {
    const { parts, required } = node.shape;
    if (Object.keys(value).every((name) => SERVICE_PARTS.has(name))) return undefined;
    if (required.includes('value') && value.value === undefined && !node.parts.some(([name]) => name === 'value'))
      return undefined;
    for (const [name, only] of node.certain) value[name] ??= only;
    if (parts.has('language_tag')) value.language_tag = locale;
    if (parts.has('marketplace_id')) value.marketplace_id = this.settings.marketplaceId;
    return value;
  }

  private list(node: ListNode, locale: string, before: readonly unknown[]): Built {
    const known = before.flatMap((each) => (Array.isArray(each) ? (each as unknown[]) : []));
    const found = (node.isLocalized ? this.locales : [locale]).map((own) => {
      const inLocale = node.isLocalized ? known.filter((each) => isObject(each) && each.language_tag === own) : known;
      return this.build(node.item, own, inLocale);
    });
    const { most, countsPerLanguage } = node.shape;
    const limited = found.map(({ values }) => this.limited(values, most));
    const values = limited.flat().slice(0, most === null || countsPerLanguage ? undefined : most);
    return {
      values: values.length > 0 ? [values] : [],
      asks: found.some(({ asks }) => asks),
      given: found.some(({ given }) => given),
    };
  }

  /** Of several values the first ones; where only one may be, which one it is cannot be known. */
  private limited(values: readonly unknown[], most: number | null): readonly unknown[] {
    if (most === null || values.length <= most) return values;
    if (most !== 1) return values.slice(0, most);
    const list = values.map((each) => (isObject(each) && 'value' in each ? each.value : each));
    this.complain({
      place: '',
      rule: 'maxUniqueItems',
      what: `it has ${values.length} values (${list.map((each) => shown(each)).join('; ')}), and Amazon takes one`,
      todo: 'Leave one in the source, or choose one with an expression such as attributes.material[0]',
      value: list,
    });
    return [];
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
