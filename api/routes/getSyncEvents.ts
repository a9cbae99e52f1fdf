import { z } from 'zod';
import { endpoint } from '../endpoint';
import { eventStream } from '../event-stream';

const path = '/v1/syncs/{syncId}/events';

/** The fields of one event on the line. */
const event = z.object({
  event: z.enum(['progress', 'done']),
  id: z.string().describe('For Last-Event-ID'),
  data: z.string().describe('The sync, as GET /v1/syncs/{syncId} answers it, in JSON'),
});

export const getSyncEvents = endpoint({
  method: 'get',
  path,
  tag: 'Syncs',
  summary: 'Follow a sync as server-sent events',
  description:
    'An event `progress` with the sync whenever it has changed, at most one a second, and `done` when it has ended. Comments in between keep the connection open.',
  role: 'viewer',
  requestHeaders: { 'Last-Event-ID': 'The last event that was received; it is not sent again' },
  answers: { 200: { description: 'The events, each as here', contentType: 'text/event-stream', schema: event } },
  problems: ['not_found', 'too_many_streams'],
  handle: async (services, { params }) => ({
    stream: (request, response) =>
      eventStream(request, response, services.syncWatch.stopping, (listener) =>
        services.syncWatch.watch(params.syncId!, listener)
      ),
  }),
});
