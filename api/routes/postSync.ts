import { z } from 'zod';
import { problemsOf } from '../../domain/connector-contract';
import { SYNC_MODES, SYNC_SCOPES, type SyncMode, type SyncScope } from '../../domain/sync';
import { endpoint, type Parsed } from '../endpoint';

const path = '/v1/connectors/{connectorId}/syncs';

const body = z
  .strictObject({
    mode: z
      .enum(SYNC_MODES)
      .default('synchronization')
      .describe('preview reads the source and Amazon, and sends nothing: for a connector that is not active'),
    scope: z
      .enum(SYNC_SCOPES)
      .default('full')
      .describe('changes reads only what changed since the last reading, where the source can tell'),
    skus: z.array(z.string().min(1).max(200)).min(1).max(1000).optional().describe('With scope skus: which'),
  })
  .meta({ id: 'SyncRequest' });

type Wanted = { mode: SyncMode; scope: SyncScope; skus: string[] };

function parse(input: unknown): Parsed<Wanted> {
  const parsed = body.safeParse(input, { reportInput: true });
  if (!parsed.success) return { ok: false, problems: problemsOf(parsed.error) };
  const { mode, scope, skus } = parsed.data;
  if (scope === 'skus' && !skus)
    return { ok: false, problems: [{ field: 'skus', code: 'required', message: 'Name the SKUs, or sync in full.' }] };
  if (scope !== 'skus' && skus)
    return {
      ok: false,
      problems: [{ field: 'skus', code: 'scope_full', message: 'Leave the SKUs out, or set scope to skus.' }],
    };
  return { ok: true, value: { mode, scope, skus: skus ?? [] } };
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
  problems: ['not_found', 'not_active', 'not_inactive', 'sync_running', 'mode_not_available', 'workflows_unavailable'],
  handle: async (services, { params, body: wanted, actor, requestId }) => {
    const started = await services.syncs.start(params.connectorId!, wanted, { actor, requestId });
    return { status: 202, body: started, headers: { Location: `/v1/syncs/${started.id}` } };
  },
});
