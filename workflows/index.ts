export { amazonOrder } from './amazon-order';
export { catalogSync } from './catalog-sync';
export { connectorActivation } from './connector-activation';
export { connectorOnboarding } from './connector-onboarding';
export { connectorRemoval } from './connector-removal';
export { credentialClock } from './credential-clock';
export { orderWatch } from './order-watch';
