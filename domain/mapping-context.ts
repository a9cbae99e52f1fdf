import type { CatalogItem, ItemTexts } from './catalog-item';
import { builtInDetails, type MappingSettings } from './default-mapping';
import type { AmazonAttributes, ListingProblem } from './listing';
import { applyMapping, type ItemInLanguages } from './mapping';
import { compileAssignments } from './mapping-assignments';
import { compileMapping, type CompiledMapping } from './mapping-compiled';
import type { Assignment, Mapping } from './mapping-contract';
import type { DefinitionShape } from './mapping-definition';
import { expressionInput } from './mapping-fields';
import { textsIn } from './mapping-languages';
import type { Evaluation, ExpressionResult, Expressions } from './ports/expressions';

/** What assignments and mappings make of one item: all that the rules need of them. */
export interface MappedItem {
  /** Undefined when no assignment fits and no category speaks of one, or `problems` say that it cannot be known. */
  productType: string | undefined;
  /** Everything but price and quantity; empty without a product type. */
  details: AmazonAttributes;
  /** What could not be mapped: `invalid` values, and `unmapped` where the product type cannot be known. */
  problems: ListingProblem[];
}

/** What items are mapped by. */
export interface ItemMapperDependencies {
  settings: MappingSettings;
  assignments: readonly Assignment[];
  /** By product type; types without one have the built-in mapping alone. */
  mappings: ReadonlyMap<string, Mapping>;
  /** The definition of a product type for these settings; undefined when Amazon has no such type. Asked once per type. */
  definitionOf: (productType: string, signal: AbortSignal) => Promise<DefinitionShape | undefined>;
  expressions: Pick<Expressions, 'evaluate'>;
}

/**
 * Maps pages of items, each with one batch of expressions for the assignments and one for the mappings, or none where there are no
 * expressions. The results are in the order of the items. Throws what `definitionOf` throws, and the signal's reason.
 */
export function itemMapper({ settings, assignments, mappings, definitionOf, expressions }: ItemMapperDependencies) {
  const assigning = compileAssignments(assignments);
  const compiled = new Map<string, CompiledMapping | undefined>();

  async function mappingFor(productType: string, signal: AbortSignal): Promise<CompiledMapping | undefined> {
    if (compiled.has(productType)) return compiled.get(productType);
    const mapping = mappings.get(productType);
    const definition = mapping && (await definitionOf(productType, signal));
    const made = mapping && definition && compileMapping(mapping, definition);
    compiled.set(productType, made);
    return made;
  }

  return async (items: readonly CatalogItem[], signal: AbortSignal): Promise<MappedItem[]> => {
    const answers = new Answers(expressions);
    for (const item of items) for (const text of assigning.expressions) answers.ask(text, item, item);
    await answers.fetch(signal);
    const typed: (ItemInLanguages & { mapping?: CompiledMapping; type: ReturnType<typeof assigning.typeOf> })[] = [];
    for (const item of items) {
      const type = assigning.typeOf(item, (text) => answers.of(text, item));
      const productType = 'productType' in type ? type.productType : undefined;
      const mapping = productType === undefined ? undefined : await mappingFor(productType, signal);
      typed.push({ item, texts: mapping ? textsByLocale(item, settings.valueLocales) : new Map(), mapping, type });
    }
    for (const { item, texts, mapping } of typed)
      for (const { text, perLanguage } of mapping?.expressions ?? [])
        for (const each of perLanguage ? new Set(texts.values()) : [...texts.values()].slice(0, 1))
          answers.ask(text, item, each);
    await answers.fetch(signal);
    return typed.map(({ mapping, type, ...subject }): MappedItem => {
      if ('problem' in type) return { productType: undefined, details: {}, problems: [type.problem] };
      const { productType } = type;
      if (productType === undefined) return { productType, details: {}, problems: [] };
      if (!mapping) return { productType, details: builtInDetails(subject.item, settings), problems: [] };
      return { productType, ...applyMapping(subject, mapping, settings, (text, texts) => answers.of(text, texts)) };
    });
  };
}

/** Locales that the same texts serve share them. */
function textsByLocale(item: CatalogItem, locales: readonly string[]): Map<string, ItemTexts> {
  const known = new Map<string, ItemTexts>();
  return new Map(
    locales.map((locale) => {
      const texts = textsIn(item, locale);
      const key = texts === item ? '' : JSON.stringify(texts);
      if (!known.has(key)) known.set(key, texts);
      return [locale, known.get(key)!];
    })
  );
}

/** Results of expressions over items, asked for in batches. */
class Answers {
  private readonly known = new Map<ItemTexts, Map<string, ExpressionResult>>();
  private readonly inputs = new Map<ItemTexts, unknown>();
  private waiting: (Evaluation & { texts: ItemTexts })[] = [];

  constructor(private readonly expressions: Pick<Expressions, 'evaluate'>) {}

  /** Notes a question, unless it was asked before. */
  ask(expression: string, item: CatalogItem, texts: ItemTexts): void {
    const results = this.known.get(texts) ?? new Map<string, ExpressionResult>();
    this.known.set(texts, results);
    if (results.has(expression)) return;
    results.set(expression, { value: undefined });
    const input = this.inputs.get(texts) ?? expressionInput(item, texts);
    this.inputs.set(texts, input);
    this.waiting.push({ expression, input, texts });
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const batch = this.waiting;
    this.waiting = [];
    if (batch.length === 0) return;
    const results = await this.expressions.evaluate(batch, signal);
    batch.forEach(({ expression, texts }, at) => this.known.get(texts)!.set(expression, results[at]!));
  }

  of(expression: string, texts: ItemTexts): ExpressionResult {
    const found = this.known.get(texts)?.get(expression);
    if (!found) throw new Error('An expression was looked up that was never asked for');
    return found;
  }
}
