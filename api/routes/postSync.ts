import { z } from 'zod';
import { problemsOf } from '../../domain/connector-contract';
import type { FieldProblem } from '../../domain/connector-rules';
import { SYNC_MODES, SYNC_SCOPES, type SyncMode, type SyncScope } from '../../domain/sync';
import { endpoint, type Parsed } from '../endpoint';

const path = '/v1/connectors/{connectorId}/syncs';

const body = z
  .strictObject({
    mode: z
      .enum(SYNC_MODES)
      .default('synchronization')
      .describe(
        'preview reads the source and Amazon, and sends nothing: for a connector that is not active; test asks Amazon to check every SKU, one a second, and sends nothing'
      ),
    scope: z
      .enum(SYNC_SCOPES)
      .default('full')
      .describe('changes reads only what changed since the last reading, where the source can tell'),
    skus: z.array(z.string().min(1).max(200)).min(1).max(1000).optional().describe('With scope skus: which'),
    sample: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe('With mode test: about so many SKUs only, the same ones while the catalogue stays the same'),
    fresh: z
      .boolean()
      .optional()
      .describe('With mode test: ask also about what Amazon answered within the last 24 hours'),
  })
  .meta({ id: 'SyncRequest' });

interface Wanted {
  mode: SyncMode;
  scope: SyncScope;
  skus: string[];
  sample: number | null;
  fresh: boolean;
}

function parse(input: unknown): Parsed<Wanted> {
  const parsed = body.safeParse(input, { reportInput: true });
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const { mode, scope, skus = [], sample = null, fresh = false } = parsed.data;
  const problem = misfitOf(parsed.data);
  return problem ? { ok: false, problems: [problem] } : { ok: true, value: { mode, scope, skus, sample, fresh } };
}

/** The first field that does not go with another one. */
function misfitOf({ mode, scope, skus, sample, fresh }: z.infer<typeof body>): FieldProblem | undefined {
  if (scope === 'skus' && !skus) return { field: 'skus', code: 'required', message: 'Name the SKUs, or sync in full.' };
  if (scope !== 'skus' && skus)
    return { field: 'skus', code: 'scope_full', message: 'Leave the SKUs out, or set scope to skus.' };
  if (mode !== 'test' && sample !== undefined)
    return { field: 'sample', code: 'mode', message: 'Leave it out, or set mode to test.' };
  if (mode !== 'test' && fresh !== undefined)
    return { field: 'fresh', code: 'mode', message: 'Leave it out, or set mode to test.' };
  if (mode === 'test' && scope === 'changes')
    return { field: 'scope', code: 'mode', message: 'A test is about the whole catalogue, a sample or named SKUs.' };
  if (scope === 'skus' && sample !== undefined)
    return { field: 'sample', code: 'scope', message: 'Leave it out, or test in full: named SKUs are all tested.' };
  return undefined;
}

export const postSync = endpoint({
  method: 'post',
  path,
  tag: 'Syncs',
  summary: 'Start a sync now',
  role: 'operator',
  body: { schema: body, parse, example: { mode: 'synchronization', scope: 'full' } },
  answers: {
    202: {
      description: 'The sync has begun',
      schema: z.object({ id: z.string() }).meta({ id: 'StartedSync' }),
      headers: { Location: 'The path of the sync' },
    },
  },
  problems: ['not_found', 'not_active', 'not_inactive', 'sync_running', 'workflows_unavailable'],
  handle: async (services, { params, body: wanted, actor, requestId }) => {
    const started = await services.syncs.start(params.connectorId!, wanted, { actor, requestId });
    return { status: 202, body: started, headers: { Location: `/v1/syncs/${started.id}` } };
  },
});
