export { catalogSync } from './catalog-sync';
export { connectorActivation } from './connector-activation';
export { connectorOnboarding } from './connector-onboarding';
export { connectorRemoval } from './connector-removal';
