import { z } from 'zod';
import { parseConnector, type ConnectorConfig, type ConnectorSecrets } from '../../domain/connector-contract';
import { CONNECTOR_EXAMPLE, connectorInputView, connectorStateView, warningsView } from '../contracts/connector-view';
import { endpoint, type Parsed } from '../endpoint';

const path = '/v1/connectors';

const answer = connectorStateView
  .extend({ onboarding: z.object({ workflowId: z.string() }), warnings: warningsView })
  .meta({ id: 'CreatedConnector' });

type Wanted = { config: ConnectorConfig; secrets: ConnectorSecrets };

function parse(input: unknown): Parsed<Wanted> {
  const result = parseConnector(input);
  return result.ok ? { ok: true, value: { config: result.config, secrets: result.secrets } } : result;
}

export const postConnector = endpoint({
  method: 'post',
  path,
  tag: 'Connectors',
  summary: 'Create a connector and start its onboarding',
  description:
    'Every field that is wrong is reported at once. Onboarding then runs by itself; GET …/onboarding shows it.',
  role: 'admin',
  body: { schema: connectorInputView, parse, example: CONNECTOR_EXAMPLE },
  answers: {
    202: {
      description: 'Onboarding has begun',
      schema: answer,
      headers: { Location: 'The path of the connector' },
      example: {
        id: 'con_0123456789abcdef0123',
        state: 'draft',
        onboarding: { workflowId: 'onboarding:con_0123456789abcdef0123' },
        warnings: [],
      },
    },
  },
  problems: ['quantity_conflict', 'affiliate_id_taken', 'busy', 'workflows_unavailable'],
  handle: async (services, { body, reservedId, actor, requestId }) => {
    const created = await services.connectors.create(body, reservedId, { actor, requestId });
    return { status: 202, body: created, headers: { Location: `${path}/${created.id}` } };
  },
});
