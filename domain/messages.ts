/** Names of the workflows, and of the messages they take. Declared once; the workflows define them, the service sends them. */
export const WORKFLOWS = {
  onboarding: 'connectorOnboarding',
  activation: 'connectorActivation',
  removal: 'connectorRemoval',
  catalogSync: 'catalogSync',
  credentialClock: 'credentialClock',
  credentialRotation: 'credentialRotation',
  amazonOrder: 'amazonOrder',
  orderWatch: 'orderWatch',
  alertWatch: 'alertWatch',
  alertDelivery: 'alertDelivery',
} as const;

export const SIGNALS = {
  /** Somebody wrote to the connector's configuration. */
  configurationChanged: 'configurationChanged',
  pauseRequested: 'pauseRequested',
  resumeRequested: 'resumeRequested',
  /** A secret, a token or one of their dates was written. */
  credentialChanged: 'credentialChanged',
  /** Amazon says when a client secret expires. Carries an `ExpiryNotice`. */
  expiryNoticed: 'expiryNoticed',
  /** Something has happened to an order, or is wanted of it. Carries an `OrderNews`. */
  orderNews: 'orderNews',
  /** A message to an alert channel may go now: those before it are through, or a person has it sent again. */
  deliveryDue: 'deliveryDue',
} as const;

export const QUERIES = {
  /** Answers a `SyncProgress`. */
  syncProgress: 'syncProgress',
} as const;

/** Search attribute that ties every workflow and schedule to its connector. */
export const CONNECTOR_ID_ATTRIBUTE = 'ConnectorId';
