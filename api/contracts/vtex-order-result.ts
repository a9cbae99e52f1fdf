import { z } from 'zod';
import { problemsOf } from '../../domain/connector-contract';
import { keptWords } from '../../domain/orders/placement-words';
import type { PlacementResult } from '../../domain/ports/order-integration';
import type { Parsed } from '../endpoint';

/** A processing result of VTEX's order integration. Further fields are ignored. */
export const vtexOrderResult = z
  .object({
    marketplaceOrderId: z.string({ error: 'Name the order.' }).trim().min(1).max(64).describe("Amazon's order id"),
    code: z.string({ error: 'Say what came of it.' }).trim().min(1).max(64).describe('SOI001, EOI002, …'),
    message: z.string().nullish(),
    fields: z.object({ mainOrderId: z.string().nullish() }).nullish(),
    accountName: z.string().nullish(),
    flow: z.string().nullish(),
    success: z.boolean().nullish(),
  })
  .meta({ id: 'VtexOrderResult' });

export function parseOrderResult(input: unknown): Parsed<PlacementResult> {
  const parsed = vtexOrderResult.safeParse(input, { reportInput: true });
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const { marketplaceOrderId, code, message, fields } = parsed.data;
  const storeOrderId = fields?.mainOrderId;
  return {
    ok: true,
    value: { marketplaceOrderId, code, said: keptWords(code, message ?? ''), ...(storeOrderId && { storeOrderId }) },
  };
}
