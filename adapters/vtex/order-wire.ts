import { z } from 'zod';

/**
 * VTEX's answers about reservations and orders, with VTEX's own spellings; nothing outside this folder sees them. Optional
 * fields may be missing or null. Source: VTEX OpenAPI schemas (logistics, checkout, orders, external marketplace orders).
 */

const text = z.string().nullish();
const id = z.union([z.string(), z.number()]).transform(String);

/** `IsSucess: false` comes with HTTP 200. Statuses: 0 not committed, 1 authorized, 2 confirmed, 3 and 5 canceled, 4 expired. */
export const reservation = z.object({
  LockId: text,
  MaximumConfirmationDateUtc: text,
  Status: z.int(),
  SlaRequest: z
    .array(z.object({ item: z.object({ id, quantity: z.number(), kitItem: z.array(id.nullable()).nullish() }) }))
    .nullish(),
  Errors: z.array(text).nullish(),
  IsSucess: z.boolean().nullish(),
});
export type WireReservation = z.infer<typeof reservation>;

/** Of a simulation: where each item would come from, and how it would be delivered. */
export const deliverySimulation = z.object({
  items: z.array(z.object({ id, requestIndex: z.number().nullish(), availability: text, price: z.number().nullish() })),
  logisticsInfo: z
    .array(
      z.object({
        itemIndex: z.number(),
        stockBalance: z.number().nullish(),
        slas: z
          .array(
            z.object({
              id: text,
              name: text,
              deliveryChannel: text,
              shippingEstimate: text,
              lockTTL: text,
              price: z.number().nullish(),
              listPrice: z.number().nullish(),
              deliveryIds: z
                .array(z.object({ warehouseId: id, dockId: id.nullish(), quantity: z.number().nullish() }))
                .nullish(),
            })
          )
          .nullish(),
      })
    )
    .nullish(),
});
export type DeliverySimulation = z.infer<typeof deliverySimulation>;

export const warehouses = z.array(z.object({ id, warehouseDocks: z.array(z.object({ dockId: id })).nullish() }));

/** The contract of all answers and results of the order integration. */
export const integrationAnswer = z.object({
  code: z.string(),
  success: z.boolean().nullish(),
  message: text,
  errors: z.array(z.object({ source: text, code: text, description: text })).nullish(),
});

export const storeOrder = z.object({
  orderId: z.string(),
  status: z.string(),
  authorizedDate: text,
  items: z.array(z.object({ id })).nullish(),
  packageAttachment: z
    .object({
      packages: z
        .array(
          z.object({
            invoiceNumber: id.nullish(),
            courier: text,
            trackingNumber: text,
            issuanceDate: text,
            type: text,
            items: z.array(z.object({ itemIndex: z.int(), quantity: z.number() })).nullish(),
          })
        )
        .nullish(),
    })
    .nullish(),
});
export type WireStoreOrder = z.infer<typeof storeOrder>;
