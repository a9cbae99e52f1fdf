import { z } from 'zod';
import { LABEL_LOCALES } from '../../domain/marketplaces';
import { productTypeFieldsView } from '../contracts/product-type-view';
import { endpoint } from '../endpoint';

const path = '/v1/product-types/{productType}/fields';

const query = z.strictObject({
  connector: z.string().min(1).describe('Id of a connector; Amazon is asked with its credential, in its marketplace'),
  requirements: z
    .enum(['LISTING', 'LISTING_PRODUCT_ONLY', 'LISTING_OFFER_ONLY'])
    .optional()
    .describe("Which groups of fields; the connector's own unless given"),
  locale: z
    .enum(LABEL_LOCALES)
    .optional()
    .describe("Of titles, help and labels, never of values; the connector's fieldLocale unless given"),
});

export const getProductTypeFields = endpoint({
  method: 'get',
  path,
  tag: 'Product types',
  summary: 'See the fields of a product type',
  description:
    'What Amazon wants to know of an item of this type: required or when, allowed values, limits. Kept for a day; then Amazon is asked whether there is a newer version, and what it changed is shown.',
  role: 'viewer',
  query,
  answers: { 200: { description: 'The fields, in the order in which Amazon has them', schema: productTypeFieldsView } },
  problems: ['not_found', 'amazon_refused', 'amazon_unavailable'],
  handle: async (services, call) => ({
    status: 200,
    body: await services.productTypes.fields(call.params.productType!, call.query),
  }),
});
