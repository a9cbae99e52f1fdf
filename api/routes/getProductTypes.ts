import { z } from 'zod';
import { LABEL_LOCALES, MARKETPLACES } from '../../domain/marketplaces';
import { productTypeListView } from '../contracts/product-type-view';
import { endpoint } from '../endpoint';

const path = '/v1/product-types';

const query = z
  .strictObject({
    connector: z.string().min(1).describe('Id of a connector; Amazon is asked with its credential, in its marketplace'),
    marketplace: z
      .enum(MARKETPLACES.map(({ country }) => country))
      .optional()
      .describe("Amazon's country code; refused when the connector sells elsewhere"),
    q: z.string().min(1).max(200).optional().describe('Keywords; all product types unless given'),
    itemName: z.string().min(1).max(500).optional().describe('The title of an item, for which Amazon proposes types'),
    locale: z
      .enum(LABEL_LOCALES)
      .optional()
      .describe("Of the names, and of what is looked for; the connector's fieldLocale unless given"),
  })
  .refine(({ q, itemName }) => q === undefined || itemName === undefined, {
    path: ['itemName'],
    error: 'Give q or itemName, not both.',
  });

export const getProductTypes = endpoint({
  method: 'get',
  path,
  tag: 'Product types',
  summary: "Find Amazon's product types",
  role: 'viewer',
  query,
  answers: { 200: { description: 'Product types, by name', schema: productTypeListView } },
  problems: ['amazon_refused', 'amazon_unavailable'],
  handle: async (services, call) => ({ status: 200, body: await services.productTypes.search(call.query) }),
});
