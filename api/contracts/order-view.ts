import { z } from 'zod';
import { ORDER_STATUSES } from '../../domain/orders/order';
import { ORDER_STAGES } from '../../domain/orders/order-view';

export const orderState = z.enum(ORDER_STAGES, {
  error: `Choose one of ${ORDER_STAGES.join(', ')}.`,
});

const summary = {
  sellerId: z.string(),
  amazonOrderId: z.string(),
  connectorId: z.string(),
  state: orderState.describe('Where the order is; see docs/orders.md'),
  reason: z.string().describe('Why, in a sentence'),
  deadline: z
    .object({ at: z.string(), what: z.string() })
    .nullable()
    .describe('What happens by itself, and when; null when nothing does'),
  amazonStatus: z.enum(ORDER_STATUSES).nullable().describe('What Amazon says; null while it has not'),
  orderedAt: z.string().nullable().describe('When the buyer ordered'),
  holds: z
    .array(
      z.object({
        lockId: z.string().describe('Its name in the store'),
        isCertain: z.boolean().describe('False while a request for it is not answered: it may exist'),
        units: z.array(z.object({ sourceId: z.string(), units: z.number().int() })).describe('Parts in place of kits'),
        expiresAt: z.string().nullable().describe('Null while it is not known, and for a hold without end'),
      })
    )
    .describe('Stock that is held for it'),
  storeOrderId: z.string().nullable().describe('The order in the store, once it is there'),
  firstSeenAt: z.string(),
  updatedAt: z.string(),
};

export const orderSummaryView = z.object(summary).meta({ id: 'OrderSummary' });
export type OrderSummaryView = z.infer<typeof orderSummaryView>;

export const orderView = z
  .object({
    ...summary,
    items: z.array(
      z.object({
        orderItemId: z.string(),
        sku: z.string().nullable().describe('Null where Amazon does not say'),
        ordered: z.number().int(),
        canceled: z.number().int(),
        shipped: z.number().int(),
      })
    ),
    store: z
      .object({
        phase: z.enum(['none', 'awaiting', 'created', 'approving', 'approved', 'canceled', 'kept']),
        attempts: z.number().int().describe('Requests to place it that were sent, or may have been'),
        refusal: z.object({ code: z.string(), said: z.string() }).nullable().describe('What the store refused last'),
      })
      .describe('How far it is in the store'),
    parcels: z
      .array(
        z.object({
          reference: z.number().int().describe("Amazon's number of it in the order"),
          invoiceNumber: z.string(),
          carrier: z.string().nullable().describe("In the store's words"),
          trackingNumber: z.string().nullable().describe('Null until the store has it'),
          shippedAt: z.string(),
          items: z.array(z.object({ orderItemId: z.string(), units: z.number().int() })),
          state: z.enum(['waiting', 'confirmed', 'refused']).describe('Whether Amazon knows of it'),
          refusal: z.string().nullable().describe('What Amazon refused last'),
        })
      )
      .describe('What the store has sent (B20)'),
    transitions: z
      .array(z.object({ at: z.string(), state: orderState, reason: z.string() }))
      .describe('The newest 200, the oldest first'),
    messages: z
      .array(
        z.object({
          problem: z.string(),
          kind: z.enum(['notify', 'recovered']),
          message: z.string(),
          said: z.string().nullable(),
          action: z.string().nullable(),
          state: z.enum(['waiting', 'sent', 'not_sent']),
          note: z.string().nullable().describe('Why it was not sent, or whom it did not reach'),
          at: z.string(),
          sentAt: z.string().nullable(),
        })
      )
      .describe('What people were told by mail (V14), the oldest first'),
  })
  .meta({ id: 'Order', description: 'Holds nothing of the buyer beyond the order’s number' });
export type OrderView = z.infer<typeof orderView>;
