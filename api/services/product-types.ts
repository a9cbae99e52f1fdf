import type { ConnectorConfig } from '../../domain/connector';
import { amazonAccount } from '../../domain/amazon-account';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { Requirements } from '../../domain/product-type';
import { productTypeCatalog, type ProductTypeDescription } from '../../domain/product-type-catalog';
import { connectorStore } from '../../models/connectors';
import { productTypeStore } from '../../models/product-types';
import type { ProductTypeFieldsView, ProductTypeListView } from '../contracts/product-type-view';
import { invalid, notFound } from '../errors';
import { askAmazon } from './ask-amazon';
import type { ServiceDeps } from './index';

interface SearchQuery {
  connector: string;
  marketplace?: string;
  q?: string;
  itemName?: string;
  locale?: string;
}

interface FieldsQuery {
  connector: string;
  requirements?: Requirements;
  locale?: string;
}

/** Amazon's product types and their fields, asked with the credential of a connector that sells in the marketplace. */
export function productTypeService(deps: Pick<ServiceDeps, 'connection' | 'productTypes' | 'clock'>) {
  const connectors = connectorStore(deps.connection);
  const catalog = productTypeCatalog({
    amazon: deps.productTypes,
    store: productTypeStore(deps.connection),
    clock: deps.clock,
  });

  async function connectorOf(id: string): Promise<{ config: ConnectorConfig; account: AmazonAccount }> {
    const connector = await connectors.get(id);
    if (!connector)
      throw invalid([
        {
          field: 'query.connector',
          code: 'unknown_connector',
          message: 'There is no such connector; name one that sells in the marketplace.',
        },
      ]);
    return { config: connector.config, account: amazonAccount(id, connector.config) };
  }

  return {
    /** @throws Problem `amazon_unavailable`, `amazon_refused`. */
    async search({ connector, marketplace, q, itemName, locale }: SearchQuery): Promise<ProductTypeListView> {
      const { config, account } = await connectorOf(connector);
      const { country } = account.marketplace;
      if (marketplace !== undefined && marketplace !== country)
        throw invalid([
          {
            field: 'query.marketplace',
            code: 'other_marketplace',
            message: `This connector sells in ${country}; name a connector of ${marketplace}.`,
          },
        ]);
      const labels = locale ?? config.listing.fieldLocale;
      const keywords = q?.split(/[\s,]+/).filter((word) => word !== '');
      const query = { keywords, itemName, locale: labels, searchLocale: labels };
      const found = await askAmazon((signal) => catalog.search(account, query, signal));
      const items = found.productTypes.toSorted((one, other) => (one.name < other.name ? -1 : 1));
      return { marketplace: country, locale: labels, version: found.version, items };
    },

    /** @throws Problem `not_found` for a type that Amazon does not have, `amazon_unavailable`, `amazon_refused`. */
    async fields(
      productType: string,
      { connector, requirements, locale }: FieldsQuery
    ): Promise<ProductTypeFieldsView> {
      const { config, account } = await connectorOf(connector);
      const labels = locale ?? config.listing.fieldLocale;
      const set = requirements ?? config.listing.requirements;
      const found = await askAmazon((signal) => catalog.describe(account, productType, set, labels, signal));
      if (found.kind === 'unknown') throw notFound(`product type at Amazon ${account.marketplace.country}`);
      return fieldsView(found, account, labels);
    },
  };
}

function fieldsView(
  { definition, displayName, fields, notChecked, changes }: ProductTypeDescription,
  account: AmazonAccount,
  locale: string
): ProductTypeFieldsView {
  return {
    productType: definition.productType,
    displayName,
    marketplace: account.marketplace.country,
    requirements: definition.requirements,
    locale,
    version: definition.version,
    firstSeenAt: definition.firstSeenAt.toISOString(),
    lookedAt: definition.lookedAt.toISOString(),
    changes: changes.map(({ at, skus, ...change }) => ({
      ...change,
      noticedAt: at.toISOString(),
      skusTouched: skus.touched,
      skusOfType: skus.ofType,
    })),
    notChecked,
    fields,
  };
}
