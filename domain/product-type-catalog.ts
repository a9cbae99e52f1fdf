import { OutsideError } from './errors';
import { DefinitionShape } from './mapping-definition';
import { AMAZON_KEYWORDS, PayloadValidators, type PayloadValidator } from './payload-validation';
import type { AmazonAccount, ProductTypeQuery, ProductTypes } from './ports/amazon';
import {
  SCHEMA_LOCALE,
  type DefinitionChanges,
  type DefinitionHead,
  type DefinitionKey,
  type KeptDefinition,
  type NoticedChange,
  type Requirements,
} from './product-type';
import { changesAnything, changesBetween } from './product-type-changes';
import { fieldsOf, type ProductTypeField } from './product-type-fields';
import type { JsonSchema } from './product-type-schema';
import { NO_VARIATIONS, variationRulesOf, type VariationRules } from './variation-theme';

/** Where definitions are kept between processes. Schemas and fields are large and kept apart, by checksum. */
export interface DefinitionStore {
  newest(key: DefinitionKey): Promise<KeptDefinition | undefined>;
  /** Every version that was seen, the newest first. */
  history(key: DefinitionKey): Promise<KeptDefinition[]>;
  /** Notes that Amazon was asked and nothing had changed. */
  looked(key: DefinitionKey, which: { version: string; checksum: string }, at: Date): Promise<void>;
  /** Safe to repeat; the change that was noted first stays. */
  keep(key: DefinitionKey, head: DefinitionHead, change: NoticedChange | null, at: Date): Promise<void>;
  schema(checksum: string): Promise<JsonSchema | undefined>;
  keepSchema(checksum: string, schema: JsonSchema): Promise<void>;
  fields(checksum: string, labels: string): Promise<ProductTypeField[] | undefined>;
  keepFields(checksum: string, labels: string, fields: ProductTypeField[]): Promise<void>;
  /** How many SKUs of the ledger a change touches, and how many have this product type at all. */
  touched(key: DefinitionKey, changes: DefinitionChanges): Promise<NoticedChange['skus']>;
}

/** A product type that Amazon does not have in this marketplace, in Amazon's words. */
export interface UnknownProductType {
  kind: 'unknown';
  said: string;
}

/** A product type, for people. */
export interface ProductTypeDescription {
  kind: 'known';
  definition: KeptDefinition;
  /** In the label locale. */
  displayName: string;
  fields: ProductTypeField[];
  /** Keywords of Amazon's vocabulary that are new to us: what they ask for only Amazon checks. */
  notChecked: string[];
  /** What later versions changed, the newest first. */
  changes: (NoticedChange & { version: string })[];
}

const HOUR_MS = 3_600_000;
/** How often Amazon is asked whether a definition has changed. */
const LOOK_AGAIN_MS = 24 * HOUR_MS;
/** How long what Amazon does not know, or cannot say just now, is not asked again. */
const ASK_AGAIN_MS = { unknown: HOUR_MS, away: HOUR_MS / 6 } as const;

type Current = { kind: 'known'; definition: KeptDefinition } | UnknownProductType;

/** What the catalogue is built from. */
export interface ProductTypeCatalogDependencies {
  amazon: ProductTypes;
  store: DefinitionStore;
  clock: () => Date;
}

/**
 * Product type definitions: from this process's memory, else from the store, else from Amazon. Amazon is asked again after a
 * day; a new version is noticed, compared with the one before and kept beside it with what it changes. While Amazon cannot
 * answer, what is kept goes on being used.
 */
export function productTypeCatalog({ amazon, store, clock }: ProductTypeCatalogDependencies) {
  const memory = new Map<string, { current: Current; until: number }>();
  const validators = new PayloadValidators();
  const variations = new WeakMap<JsonSchema, VariationRules>();

  function remember(key: DefinitionKey, current: Current, until: number): Current {
    memory.set(JSON.stringify(key), { current, until });
    return current;
  }

  async function currentOf(account: AmazonAccount, key: DefinitionKey, signal: AbortSignal): Promise<Current> {
    const now = clock();
    const remembered = memory.get(JSON.stringify(key));
    if (remembered && remembered.until > now.getTime()) return remembered.current;
    const kept = await store.newest(key);
    const freshUntil = kept ? kept.lookedAt.getTime() + LOOK_AGAIN_MS : 0;
    if (kept && freshUntil > now.getTime()) return remember(key, { kind: 'known', definition: kept }, freshUntil);
    try {
      return await lookAtAmazon(account, key, kept, signal);
    } catch (error) {
      if (signal.aborted || !kept || !(error instanceof OutsideError)) throw error;
      return remember(key, { kind: 'known', definition: kept }, now.getTime() + ASK_AGAIN_MS.away);
    }
  }

  async function lookAtAmazon(
    account: AmazonAccount,
    key: DefinitionKey,
    kept: KeptDefinition | undefined,
    signal: AbortSignal
  ): Promise<Current> {
    const answer = await amazon.definition(account, { ...key, enforcement: 'ENFORCED' }, kept?.checksum, signal);
    const at = clock();
    if (answer.kind === 'unknown') return remember(key, answer, at.getTime() + ASK_AGAIN_MS.unknown);
    const { head, schema } = answer;
    const until = at.getTime() + LOOK_AGAIN_MS;
    if (kept && kept.version === head.version && kept.checksum === head.checksum) {
      await store.looked(key, head, at);
      return remember(key, { kind: 'known', definition: { ...kept, lookedAt: at } }, until);
    }
    if (schema) await store.keepSchema(head.checksum, schema);
    const change = kept && schema ? await noticed(key, kept, schema, at) : null;
    await store.keep(key, head, change, at);
    return remember(
      key,
      { kind: 'known', definition: { ...key, ...head, firstSeenAt: at, lookedAt: at, change } },
      until
    );
  }

  /** What a new schema changes against the one before; null when it changes nothing but words. */
  async function noticed(
    key: DefinitionKey,
    kept: KeptDefinition,
    schema: JsonSchema,
    at: Date
  ): Promise<NoticedChange | null> {
    const before = key.locale === SCHEMA_LOCALE ? await store.schema(kept.checksum) : undefined;
    if (!before) return null;
    const changes = changesBetween(before, schema);
    if (!changesAnything(changes)) return null;
    return { ...changes, fromVersion: kept.version, at, skus: await store.touched(key, changes) };
  }

  /** The schema of a definition; fetched once more should the store have lost it. */
  async function schemaOf(
    account: AmazonAccount,
    definition: KeptDefinition,
    signal: AbortSignal
  ): Promise<JsonSchema> {
    const kept = await store.schema(definition.checksum);
    if (kept) return kept;
    const { productType, marketplaceId, requirements, locale } = definition;
    const key = { productType, marketplaceId, requirements, locale };
    const answer = await amazon.definition(account, { ...key, enforcement: 'ENFORCED' }, undefined, signal);
    if (answer.kind === 'unknown' || !answer.schema)
      throw new OutsideError('transient', `Amazon gives no schema of ${productType} any more.`, {
        system: 'amazon',
        operation: 'getDefinitionsProductType',
      });
    await store.keepSchema(answer.head.checksum, answer.schema);
    if (answer.head.checksum !== definition.checksum) await store.keep(key, answer.head, null, clock());
    return answer.schema;
  }

  function keyFor(
    account: AmazonAccount,
    productType: string,
    requirements: Requirements,
    locale: string
  ): DefinitionKey {
    return { productType, marketplaceId: account.marketplace.id, requirements, locale };
  }

  /**
   * What holds payloads of a product type against the marketplace's own schema, with that schema's checksum.
   *
   * @throws OutsideError when Amazon cannot give the definition and none is kept.
   */
  async function validatorFor(
    account: AmazonAccount,
    productType: string,
    requirements: Requirements,
    signal: AbortSignal
  ): Promise<{ kind: 'known'; validator: PayloadValidator; checksum: string } | UnknownProductType> {
    const current = await currentOf(account, keyFor(account, productType, requirements, SCHEMA_LOCALE), signal);
    if (current.kind === 'unknown') return current;
    const { checksum } = current.definition;
    const validator =
      validators.get(checksum) ??
      validators.add(checksum, await schemaOf(account, current.definition, signal), productType);
    return { kind: 'known', validator, checksum };
  }

  return {
    validatorFor,

    /**
     * What a mapping needs to know of a product type; undefined when Amazon has none of this name.
     *
     * @throws OutsideError when Amazon cannot give the definition and none is kept.
     */
    async shapeFor(...asked: Parameters<typeof validatorFor>): Promise<DefinitionShape | undefined> {
      const found = await validatorFor(...asked);
      return found.kind === 'known' ? new DefinitionShape(found.validator.root) : undefined;
    },

    /**
     * How a product type comes in variations; without themes when Amazon has none of this name.
     *
     * @throws OutsideError when Amazon cannot give the definition and none is kept.
     */
    async variationsFor(...asked: Parameters<typeof validatorFor>): Promise<VariationRules> {
      const found = await validatorFor(...asked);
      if (found.kind === 'unknown') return NO_VARIATIONS;
      const { root } = found.validator;
      const rules = variations.get(root) ?? variationRulesOf(root);
      variations.set(root, rules);
      return rules;
    },

    /**
     * A product type's fields for people, in the label locale; their values are the schema locale's own (S5).
     *
     * @throws OutsideError when Amazon cannot give the definition and none is kept.
     */
    async describe(
      account: AmazonAccount,
      productType: string,
      requirements: Requirements,
      locale: string,
      signal: AbortSignal
    ): Promise<ProductTypeDescription | UnknownProductType> {
      const key = keyFor(account, productType, requirements, SCHEMA_LOCALE);
      const own = await currentOf(account, key, signal);
      if (own.kind === 'unknown') return own;
      const isNative = locale === SCHEMA_LOCALE || locale === account.marketplace.nativeLocale;
      const labels = isNative ? own : await currentOf(account, { ...key, locale }, signal);
      if (labels.kind === 'unknown') return labels;
      const ids = [own.definition.checksum, labels.definition.checksum] as const;
      let fields = await store.fields(...ids);
      if (!fields) {
        const schema = await schemaOf(account, own.definition, signal);
        const named = isNative ? schema : await schemaOf(account, labels.definition, signal);
        fields = fieldsOf({ schema }, { schema: named, groups: labels.definition.groups });
        await store.keepFields(...ids, fields);
      }
      const changes = (await store.history(key)).flatMap(({ change, version }) =>
        change ? [{ ...change, version }] : []
      );
      return {
        kind: 'known',
        definition: own.definition,
        displayName: labels.definition.displayName,
        fields,
        notChecked: own.definition.vocabulary.filter((keyword) => !AMAZON_KEYWORDS.has(keyword)),
        changes,
      };
    },

    /** Product types by keywords or by an item's title; all of them by neither. Asked of Amazon each time. */
    search: (account: AmazonAccount, query: ProductTypeQuery, signal: AbortSignal) =>
      amazon.search(account, query, signal),
  };
}

export type ProductTypeCatalog = ReturnType<typeof productTypeCatalog>;
