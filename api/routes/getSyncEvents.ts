import { endpoint } from '../endpoint';
import { eventStream } from '../event-stream';

const path = '/v1/syncs/{syncId}/events';

export const getSyncEvents = endpoint({
  method: 'get',
  path,
  tag: 'Syncs',
  summary: 'Follow a sync as server-sent events',
  description:
    'An event `progress` with the sync whenever it has changed, at most one a second, and `done` when it has ended. Comments in between keep the connection open.',
  role: 'viewer',
  requestHeaders: { 'Last-Event-ID': 'The last event that was received; it is not sent again' },
  answers: { 200: { description: 'The events', contentType: 'text/event-stream' } },
  problems: ['not_found', 'too_many_streams'],
  handle: async (services, { params }) => ({
    stream: (request, response) =>
      eventStream(request, response, services.syncWatch.stopping, (listener) =>
        services.syncWatch.watch(params.syncId!, listener)
      ),
  }),
});
