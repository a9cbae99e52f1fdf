import { onboardingView } from '../contracts/connector-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/onboarding';

export const getOnboarding = endpoint({
  method: 'get',
  path,
  tag: 'Connectors',
  summary: 'See each step of the onboarding, and what it waits for',
  role: 'viewer',
  answers: { 200: { description: 'The onboarding', schema: onboardingView } },
  problems: ['not_found'],
  handle: async (services, { params }) => ({
    status: 200,
    body: await services.connectors.onboarding(params.connectorId!),
  }),
});
