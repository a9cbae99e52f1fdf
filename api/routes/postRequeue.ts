import { z } from 'zod';
import { problemsOf } from '../../domain/connector-contract';
import { listingFilter } from '../contracts/listing-filter';
import { endpoint, type Parsed } from '../endpoint';

const path = '/v1/connectors/{connectorId}/requeue';

const body = z
  .strictObject({
    ...listingFilter,
    skus: z.array(z.string().min(1).max(200)).min(1).max(1000).optional().describe('Only these'),
  })
  .meta({ id: 'RequeueRequest' });

type Filter = z.infer<typeof body>;

function parse(input: unknown): Parsed<Filter> {
  const parsed = body.safeParse(input, { reportInput: true });
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  if (Object.values(parsed.data).every((value) => value === undefined))
    return {
      ok: false,
      problems: [
        {
          field: '',
          code: 'filter_empty',
          message: 'Say which SKUs: by state, by problem or by skus. A full sync sends what has changed.',
        },
      ],
    };
  return { ok: true, value: parsed.data };
}

export const postRequeue = endpoint({
  method: 'post',
  path,
  tag: 'Listings',
  summary: 'Send SKUs again, chosen by state, problem or name',
  description:
    'All given conditions must hold. SKUs that a rule holds back are left out, but for those that wait for their parent: it goes before them.',
  role: 'operator',
  body: { schema: body, parse, example: { state: 'rejected' } },
  answers: {
    202: {
      description: 'The SKUs are in line, and a sync has begun; id is null when none matched',
      schema: z
        .object({ id: z.string().nullable(), requeued: z.number().int() })
        .meta({ id: 'Requeued', description: 'The sync that sends them, and how many they are' }),
    },
  },
  problems: ['not_found', 'not_active', 'sync_running', 'workflows_unavailable'],
  handle: async (services, { params, body: filter, actor, requestId }) => ({
    status: 202,
    body: await services.listings.requeue({ connectorId: params.connectorId!, ...filter }, { actor, requestId }),
  }),
});
