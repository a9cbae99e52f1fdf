import { z } from 'zod';
import { moneyFromDecimal, type Money } from '../../domain/money';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/listings/{sku}/approve-price';

const price = z
  .strictObject({
    amount: z
      .union([z.string(), z.number()], { error: 'Write the amount as a decimal, such as "52.50".' })
      .describe('As heldBackPrice of the listing shows it'),
    currency: z.string().regex(/^[A-Z]{3}$/, 'Write the currency with three capital letters: USD.'),
  })
  .transform(({ amount, currency }, ctx): Money => {
    const money = moneyFromDecimal(amount, currency);
    if (money) return money;
    ctx.addIssue({
      code: 'custom',
      path: ['amount'],
      message: 'Write the amount as the heldBackPrice of the listing shows it.',
      params: { code: 'decimal' },
    });
    return z.NEVER;
  });

const body = z
  .strictObject({ price: price.describe('The price that is approved. Another one that waits by now is not') })
  .meta({ id: 'PriceApproval' });

export const postApprovePrice = endpoint<z.ZodObject, z.infer<typeof body>>({
  method: 'post',
  path,
  tag: 'Listings',
  summary: 'Approve a price that waits',
  description:
    'B12. A price that is further from the last one than offer.price.largestChangePercent allows waits, and heldBackPrice of the listing shows it. Once approved, it is sent by a sync of this SKU. An approval ends when Amazon has accepted a new price.',
  role: 'operator',
  body: { schema: body, example: { price: { amount: '52.50', currency: 'USD' } } },
  answers: {
    202: {
      description: 'The price is approved, and a sync of the SKU has begun',
      schema: z.object({ id: z.string().describe('The sync that sends it') }).meta({ id: 'ApprovedPrice' }),
      headers: { Location: 'The path of the sync' },
    },
  },
  problems: ['not_found', 'price_not_waiting', 'not_active', 'sync_running', 'workflows_unavailable'],
  handle: async (services, { params, body: { price: approved }, actor, requestId }) => {
    const by = { actor, requestId };
    const sync = await services.listings.approvePrice(params.connectorId!, params.sku!, approved, by);
    return { status: 202, body: sync, headers: { Location: `/v1/syncs/${sync.id}` } };
  },
});
