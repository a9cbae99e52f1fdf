import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import { createCatalogSyncActivities } from '../activities/catalog-sync';
import { createConnectorActivationActivities } from '../activities/connector-activation';
import { createConnectorOnboardingActivities } from '../activities/connector-onboarding';
import { createConnectorRemovalActivities } from '../activities/connector-removal';
import { createAmazon } from '../adapters/amazon';
import { createFileSource } from '../adapters/file';
import { createInProcessLimiter } from '../adapters/limiter/in-process';
import { createKeyring } from '../adapters/secrets/keyring';
import { createVtexStore } from '../adapters/vtex';
import { spApiUrl, type Config } from '../config';
import type { SecretField } from '../domain/connector-contract';
import { OutsideError } from '../domain/errors';
import { requireMarketplace } from '../domain/marketplaces';
import type { Orchestrator } from '../domain/ports/orchestrator';
import type { CatalogSource, FileCatalogue, VtexStore } from '../domain/ports/source';
import { productTypeCatalog } from '../domain/product-type-catalog';
import { connectorStore, type ConnectorDocument } from '../models/connectors';
import { credentialStore } from '../models/credentials';
import { ledgerStore } from '../models/listings';
import { openedCredentials } from '../models/opened-credentials';
import { productTypeStore } from '../models/product-types';
import { syncRunStore } from '../models/sync-runs';

/** What the activities of one worker process are built from. */
export interface WorkerDependencies {
  config: Config;
  connection: Connection;
  orchestrator: Orchestrator;
  logger: Logger;
}

/** Every activity, with the real outside world behind its ports. */
export function createActivities({ config, connection, orchestrator }: WorkerDependencies) {
  const secretBox = createKeyring(config.ENCRYPTION_KEYS);
  const connectors = connectorStore(connection);
  const credentials = credentialStore(connection);
  const ledger = ledgerStore(connection);
  const runs = syncRunStore(connection);
  const timeoutMs = config.HTTP_TIMEOUT_SECONDS * 1000;

  const amazon = createAmazon({
    lwaUrl: config.LWA_URL,
    spApiUrl: (region) => spApiUrl(config, region),
    limiter: createInProcessLimiter(),
    timeoutMs,
    credentials: openedCredentials(credentials, secretBox),
  });
  const productTypes = productTypeCatalog({
    amazon: amazon.productTypes,
    store: productTypeStore(connection),
    clock: () => new Date(),
  });

  function secretOf(connector: ConnectorDocument, field: SecretField): string {
    const sealed = connector.sourceSecrets[field];
    if (!sealed)
      throw new OutsideError('auth.forbidden', `The connector keeps no ${field}; save it.`, {
        system: 'vtex',
        operation: 'credentials',
      });
    return secretBox.open(sealed);
  }

  function vtexOf(connector: ConnectorDocument): VtexStore {
    const { source, amazon: target } = connector.config;
    if (source.type !== 'vtex')
      throw new OutsideError('config', `Sources of the type ${source.type} cannot be read in this version.`, {
        system: source.type,
        operation: 'open source',
      });
    return createVtexStore({
      account: source.account,
      appKey: source.appKey,
      appToken: secretOf(connector, 'source.appToken'),
      salesChannel: source.salesChannel,
      affiliateId: source.affiliateId,
      currency: requireMarketplace(target.country).currency,
      urlTemplate: config.VTEX_URL,
      pricingUrlTemplate: config.VTEX_PRICING_URL,
      requestsInFlight: config.SOURCE_REQUESTS_IN_FLIGHT,
      timeoutMs,
    });
  }

  function filesOf(connector: ConnectorDocument): FileCatalogue {
    const { source, amazon: target } = connector.config;
    if (source.type !== 'file') throw new TypeError('Only a file connector has files');
    return createFileSource({ ...source, currency: requireMarketplace(target.country).currency });
  }

  function sourceOf(connector: ConnectorDocument): CatalogSource {
    return connector.config.source.type === 'file' ? filesOf(connector) : vtexOf(connector);
  }

  return {
    ...createConnectorOnboardingActivities({
      connectors,
      credentials,
      runs,
      secretBox,
      accounts: amazon.accounts,
      listings: amazon.listings,
      forgetTokens: (account) => amazon.forgetCredential(account),
      vtexOf,
      filesOf,
      orchestrator,
      publicUrl: config.PUBLIC_URL.replace(/\/$/, ''),
    }),
    ...createConnectorActivationActivities({ connectors, runs, orchestrator }),
    ...createConnectorRemovalActivities({ connectors, credentials, ledger, runs, vtexOf, orchestrator }),
    ...createCatalogSyncActivities({
      connectors,
      ledger,
      runs,
      listings: amazon.listings,
      productTypes,
      orchestrator,
      sourceOf,
      settings: {
        retryInitialSeconds: config.RETRY_INITIAL_SECONDS,
        retryMaximumSeconds: config.RETRY_MAXIMUM_SECONDS,
        retryGiveUpSeconds: config.RETRY_GIVE_UP_SECONDS,
        verifyAfterSeconds: config.VERIFY_AFTER_SECONDS,
        verifyWaitSeconds: config.VERIFY_WAIT_SECONDS,
        requestsInFlight: config.AMAZON_REQUESTS_IN_FLIGHT,
      },
    }),
  };
}
