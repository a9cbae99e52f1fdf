import { endpoint } from '../endpoint';

const path = '/v1/alert-channels/{channelId}';

export const deleteAlertChannel = endpoint({
  method: 'delete',
  path,
  tag: 'Alerts',
  summary: 'Remove an alert channel',
  description: 'What waits for it is not sent any more.',
  role: 'admin',
  answers: { 204: { description: 'It is told nothing from now on' } },
  problems: ['not_found', 'built_in'],
  handle: async (services, { params, actor, requestId }) => {
    await services.alertChannels.remove(params.channelId!, { actor, requestId });
    return { status: 204 };
  },
});
