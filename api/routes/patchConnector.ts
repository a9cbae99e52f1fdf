import { z } from 'zod';
import { connectorView, warningsView } from '../contracts/connector-view';
import { endpoint } from '../endpoint';
import { etagOf } from '../services/connector-reading';

const path = '/v1/connectors/{connectorId}';

const body = z
  .looseObject({})
  .meta({ id: 'ConnectorPatch', description: 'RFC 7396 on ConnectorInput: what is named is replaced, null removes' });

const answer = connectorView.extend({ warnings: warningsView }).meta({ id: 'ChangedConnector' });

export const patchConnector = endpoint({
  method: 'patch',
  path,
  tag: 'Connectors',
  summary: 'Change the configuration',
  description:
    'The whole configuration that results is checked. A run in progress keeps the one it began with. An onboarding that waits for a correction goes on.',
  role: 'admin',
  body: {
    schema: body,
    contentTypes: ['application/merge-patch+json', 'application/json'],
    example: {
      offer: { minimumStock: 3, shippingTemplate: null },
      amazon: { refreshToken: 'Atzr|IwEBIExampleOfANewToken' },
    },
  },
  requestHeaders: {
    'If-Match': 'The ETag that was read; the change is refused when the configuration is another by now',
  },
  answers: {
    200: {
      description: 'The connector with its new configuration',
      schema: answer,
      headers: { ETag: 'The version of the configuration' },
    },
  },
  problems: [
    'not_found',
    'quantity_conflict',
    'connector_removing',
    'version_changed',
    'affiliate_id_taken',
    'immutable',
    'busy',
    'workflows_unavailable',
  ],
  handle: async (services, { params, body: patch, ifMatch, actor, requestId }) => {
    const changed = await services.connectors.change(params.connectorId!, patch, ifMatch, { actor, requestId });
    return { status: 200, body: changed, headers: { ETag: etagOf(changed) } };
  },
});
