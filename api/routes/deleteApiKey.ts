import { endpoint } from '../endpoint';

const path = '/v1/api-keys/{keyId}';

export const deleteApiKey = endpoint({
  method: 'delete',
  path,
  tag: 'Access',
  summary: 'Revoke an API key at once',
  description: 'Other processes of the API may let it read for two seconds more, and never change anything.',
  role: 'admin',
  answers: { 204: { description: 'The key is refused from now on' } },
  problems: ['not_found'],
  handle: async (services, { params, actor, requestId }) => {
    await services.apiKeys.revoke(params.keyId!, { actor, requestId });
    return { status: 204 };
  },
});
