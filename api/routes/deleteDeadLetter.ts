import { endpoint } from '../endpoint';

const path = '/v1/dead-letters/{deadLetterId}';

export const deleteDeadLetter = endpoint({
  method: 'delete',
  path,
  tag: 'Notifications',
  summary: 'Forget a notification that could not be handled',
  role: 'operator',
  answers: { 204: { description: 'It is gone' } },
  problems: ['not_found'],
  handle: async (services, { params, actor, requestId }) => {
    await services.deadLetters.remove(params.deadLetterId!, { actor, requestId });
    return { status: 204 };
  },
});
