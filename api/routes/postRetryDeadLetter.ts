import { endpoint } from '../endpoint';

const path = '/v1/dead-letters/{deadLetterId}/retry';

export const postRetryDeadLetter = endpoint({
  method: 'post',
  path,
  tag: 'Notifications',
  summary: 'Have a notification that could not be handled tried again',
  description: 'A worker tries it within seconds. It leaves the list when that works; else the list says why not.',
  role: 'operator',
  answers: { 202: { description: 'It will be tried' } },
  problems: ['not_found'],
  handle: async (services, { params, actor, requestId }) => {
    await services.deadLetters.retry(params.deadLetterId!, { actor, requestId });
    return { status: 202 };
  },
});
