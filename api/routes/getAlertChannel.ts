import { alertChannelView } from '../contracts/alert-views';
import { endpoint } from '../endpoint';

const path = '/v1/alert-channels/{channelId}';

export const getAlertChannel = endpoint({
  method: 'get',
  path,
  tag: 'Alerts',
  summary: 'Show an alert channel',
  role: 'admin',
  answers: { 200: { description: 'The channel', schema: alertChannelView } },
  problems: ['not_found'],
  handle: async (services, { params }) => ({ status: 200, body: await services.alertChannels.get(params.channelId!) }),
});
