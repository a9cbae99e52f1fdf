import { amazonAccount } from '../../domain/amazon-account';
import type { CatalogItem } from '../../domain/catalog-item';
import type { FieldProblem } from '../../domain/connector-rules';
import { builtInDetails } from '../../domain/default-mapping';
import { ruleSettingsOf } from '../../domain/listing-rules';
import { ATTRIBUTES_OF_SETTINGS, type Assignment, type Mapping } from '../../domain/mapping-contract';
import type { DefinitionShape } from '../../domain/mapping-definition';
import { mappingProblems } from '../../domain/mapping-problems';
import type { Requirements } from '../../domain/product-type';
import { productTypeCatalog } from '../../domain/product-type-catalog';
import type { ConnectorDocument } from '../../models/connectors';
import { productTypeStore } from '../../models/product-types';
import { notFound, Problem } from '../errors';
import { askAmazon } from './ask-amazon';
import type { ServiceDeps } from './index';

/** A connector, as far as Amazon's definitions for it go. */
type Seller = Pick<ConnectorDocument, '_id' | 'config'>;

/** Mappings and assignments in the light of Amazon's definitions. Everything here may throw `amazon_unavailable` and `amazon_refused`. */
export function mappingChecks({
  connection,
  productTypes,
  clock,
}: Pick<ServiceDeps, 'connection' | 'productTypes' | 'clock'>) {
  const catalog = productTypeCatalog({ amazon: productTypes, store: productTypeStore(connection), clock });

  /** Undefined when Amazon has no such type in the connector's marketplace. */
  async function describe({ _id, config }: Seller, productType: string, requirements: Requirements, locale: string) {
    const account = amazonAccount(_id, config);
    const found = await askAmazon((signal) => catalog.describe(account, productType, requirements, locale, signal));
    return found.kind === 'known' ? found : undefined;
  }

  function definitionOf(
    { _id, config }: Seller,
    productType: string,
    requirements: Requirements
  ): Promise<DefinitionShape | undefined> {
    return askAmazon((signal) => catalog.shapeFor(amazonAccount(_id, config), productType, requirements, signal));
  }

  /** Held against all attributes that Amazon has: which of them are sent (S7) may change without the mapping. */
  async function problemsOf(
    seller: Seller,
    productType: string,
    mapping: Mapping
  ): Promise<FieldProblem[] | undefined> {
    const definition = await definitionOf(seller, productType, 'LISTING');
    return definition && mappingProblems(mapping, definition);
  }

  /** Fields for people, in the connector's label locale. */
  function fieldsOf(seller: Seller, productType: string) {
    const { requirements, fieldLocale } = seller.config.listing;
    return describe(seller, productType, requirements, fieldLocale);
  }

  return {
    catalog,
    definitionOf,

    fieldsOf,

    /**
     * What is wrong with the mapping of a product type.
     *
     * @param base - put before the path of each problem.
     * @throws Problem `not_found` when Amazon has no such product type.
     */
    async mappingProblems(
      seller: Seller,
      productType: string,
      mapping: Mapping,
      base: string
    ): Promise<FieldProblem[]> {
      const found = await problemsOf(seller, productType, mapping);
      if (!found) throw notFound(`product type at Amazon ${seller.config.amazon.country}`);
      return under(base, found);
    },

    /** As {@link mappingProblems}, where a product type that Amazon lacks is one problem among others. */
    async importedProblems(
      seller: Seller,
      productType: string,
      mapping: Mapping,
      base: string
    ): Promise<FieldProblem[]> {
      const found = await problemsOf(seller, productType, mapping);
      return found ? under(`${base}.`, found) : [unknownType(base, productType, seller)];
    },

    /** Product types of assignments that Amazon lacks. */
    async assignmentProblems(
      seller: Seller,
      assignments: readonly Assignment[],
      base: string
    ): Promise<FieldProblem[]> {
      const types = [...new Set(assignments.map(({ productType }) => productType))];
      const known = await Promise.all(types.map((each) => definitionOf(seller, each, 'LISTING')));
      const unknown = new Set(types.filter((_, at) => !known[at]));
      return assignments.flatMap(({ productType }, at) =>
        unknown.has(productType) ? [unknownType(`${base}${at}.productType`, productType, seller)] : []
      );
    },

    /**
     * Attributes that Amazon always requires and that neither a rule nor the built-in mapping gives; null while Amazon cannot
     * tell, or when it has no such type.
     */
    async unmappedRequired(seller: Seller, productType: string, mapping: Mapping): Promise<string[] | null> {
      try {
        const found = await fieldsOf(seller, productType);
        if (!found) return null;
        const isGiven = givenBy(seller, mapping);
        return found.fields
          .filter(({ name, requirement }) => requirement === 'required' && !isGiven(name))
          .map(({ name }) => name);
      } catch (error) {
        if (error instanceof Problem) return null;
        throw error;
      }
    },
  };
}

export type MappingChecks = ReturnType<typeof mappingChecks>;

/**
 * Which attributes are sent, by a rule or by the built-in mapping.
 *
 * @param items - those of which the built-in mapping sends something; one that says everything about itself unless given.
 */
export function givenBy(
  { config }: Seller,
  mapping: Mapping,
  items: readonly CatalogItem[] = [COMPLETE_ITEM]
): (attribute: string) => boolean {
  const settings = ruleSettingsOf(config);
  const given = new Set([
    ...ATTRIBUTES_OF_SETTINGS.keys(),
    ...items.flatMap((item) => Object.keys(builtInDetails(item, settings))),
    ...Object.keys(mapping.attributes).map((target) => target.split('.')[0]!),
  ]);
  for (const [target, rule] of Object.entries(mapping.attributes)) if ('omit' in rule) given.delete(target);
  return (attribute) => given.has(attribute);
}

const COMPLETE_ITEM: CatalogItem = {
  sku: 'sku',
  sourceId: 'sku',
  productId: 'product',
  title: 'Title',
  brand: 'Brand',
  descriptionHtml: '<p>Description</p><ul><li>Bullet</li></ul>',
  categories: [],
  options: { color: 'Black', size: 'M' },
  attributes: { material: ['Wool'] },
  images: ['https://images.example/main.jpg'],
  gtins: ['4006381333931'],
  weightGrams: 1,
  stock: { kind: 'unlimited' },
  status: 'active',
  isKit: false,
};

function under(base: string, problems: readonly FieldProblem[]): FieldProblem[] {
  return problems.map((problem) => ({ ...problem, field: `${base}${problem.field}` }));
}

function unknownType(field: string, productType: string, { config }: Seller): FieldProblem {
  return {
    field,
    code: 'unknown_product_type',
    message: `Amazon ${config.amazon.country} has no product type ${productType}; GET /v1/product-types finds them.`,
  };
}
