import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from '../errors';
import { moneyView } from './money-view';

const codes = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

/** RFC 9457 problem details, as every refusal is answered. */
export const problem = z
  .object({
    type: z.string().describe('urn:longshore:problem:<code>'),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().describe('What is wrong and what to do, for people'),
    code: z.enum(codes).describe('Stable, for programs; see docs/errors.md'),
    requestId: z.string(),
    errors: z
      .array(
        z.object({
          field: z.string().describe('Dotted path in the body, or query.<name>; empty for the body itself'),
          code: z.string(),
          message: z.string(),
        })
      )
      .optional()
      .describe('Every value that is not right'),
    missing: z
      .array(z.object({ name: z.string(), detail: z.string() }))
      .optional()
      .describe('With not_ready: what activation waits for'),
    syncId: z.string().optional().describe('With sync_running: the run in progress'),
    heldBackPrice: moneyView
      .nullish()
      .describe('With price_not_waiting: the price that waits now; null when none does'),
  })
  .meta({ id: 'Problem' });
