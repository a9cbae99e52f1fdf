import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import { createAlertActivities } from '../activities/alerts';
import { createCatalogSyncActivities } from '../activities/catalog-sync';
import { createConnectorActivationActivities } from '../activities/connector-activation';
import { createConnectorOnboardingActivities } from '../activities/connector-onboarding';
import { createConnectorRemovalActivities } from '../activities/connector-removal';
import { createCredentialClockActivities } from '../activities/credential-clock';
import { createCredentialRotationActivities } from '../activities/credential-rotation';
import { createOrderActivities } from '../activities/orders';
import type { StoreOfOrders } from '../activities/orders/dependencies';
import { createAlertSender } from '../adapters/alerts';
import { createAmazon } from '../adapters/amazon';
import { filesOfConnector } from '../adapters/file';
import { createSharedLimiter } from '../adapters/limiter/shared';
import { createMailer } from '../adapters/mail';
import { createSalesLayerSource } from '../adapters/saleslayer';
import { createKeyring } from '../adapters/secrets/keyring';
import { createVtexStore } from '../adapters/vtex';
import { createVtexOrders } from '../adapters/vtex/orders';
import { fileSourceRoot, spApiUrl, type Config } from '../config';
import type { SecretField } from '../domain/connector-contract';
import { OutsideError } from '../domain/errors';
import { requireMarketplace } from '../domain/marketplaces';
import type { Expressions } from '../domain/ports/expressions';
import type { Mailer } from '../domain/ports/mail';
import type { Orchestrator } from '../domain/ports/orchestrator';
import type { SalesLayerCatalogue } from '../domain/ports/sales-layer';
import type { CatalogSource, FileCatalogue, VtexStore } from '../domain/ports/source';
import { productTypeCatalog } from '../domain/product-type-catalog';
import { alertChannelStore } from '../models/alert-channels';
import { alertDeliveryStore } from '../models/alert-deliveries';
import { alertFactQueries } from '../models/alert-facts';
import { alertStore } from '../models/alerts';
import { alertWatchStore } from '../models/alert-watch';
import { changeNoticesOf, changeNoticeStore } from '../models/change-notices';
import { clientSecretStore } from '../models/client-secrets';
import { connectorStore, type ConnectorDocument } from '../models/connectors';
import { credentialQueries } from '../models/credential-queries';
import { rotationStore } from '../models/credential-rotations';
import { credentialStore } from '../models/credentials';
import { hookTokenStore } from '../models/hook-tokens';
import { ledgerStore, listingModel, parentModel } from '../models/listings';
import { mappingStore } from '../models/mappings';
import { orderStore } from '../models/orders';
import { orderWatchStore } from '../models/order-watches';
import { openedCredentials } from '../models/opened-credentials';
import { productTypeStore } from '../models/product-types';
import { rateBuckets } from '../models/rate-buckets';
import { sourceItemStore } from '../models/source-items';
import { feedStore } from '../models/feeds';
import { syncRunStore } from '../models/sync-runs';
import { testResultStore } from '../models/test-results';
import { uploadStore } from '../models/uploads';

/** Under which stores know us as the connector of an order. */
const CONNECTOR_NAME = 'Longshore';

/** What the activities of one worker process are built from. */
export interface WorkerDependencies {
  expressions: Pick<Expressions, 'evaluate'>;
  config: Config;
  connection: Connection;
  orchestrator: Orchestrator;
  logger: Logger;
}

/** Every activity, with the real outside world behind its ports. */
export function createActivities({ config, connection, orchestrator, logger, expressions }: WorkerDependencies) {
  const secretBox = createKeyring(config.ENCRYPTION_KEYS);
  const connectors = connectorStore(connection);
  const credentials = credentialStore(connection);
  const secrets = clientSecretStore(connection);
  const rotations = rotationStore(connection);
  const opened = openedCredentials({ credentials, secrets, secretBox });
  const hookTokens = hookTokenStore(connection, secretBox);
  const ledger = ledgerStore(listingModel(connection));
  const parents = ledgerStore(parentModel(connection));
  const runs = syncRunStore(connection);
  const feeds = feedStore(connection);
  const uploads = uploadStore(connection);
  const mappings = mappingStore(connection);
  const items = sourceItemStore(connection);
  const notices = changeNoticeStore(connection);
  const testResults = testResultStore(connection);
  const orders = orderStore(connection, config.ORDERS_KEPT_DAYS);
  const timeoutMs = config.HTTP_TIMEOUT_SECONDS * 1000;
  const publicUrl = config.PUBLIC_URL.replace(/\/$/, '');

  const amazon = createAmazon({
    lwaUrl: config.LWA_URL,
    spApiUrl: (region) => spApiUrl(config, region),
    limiter: createSharedLimiter({ buckets: rateBuckets(connection) }),
    timeoutMs,
    credentials: opened.of,
    otherSecret: opened.insteadOf,
    ordersVersion: config.AMAZON_ORDERS_VERSION,
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
        system: connector.config.source.type,
        operation: 'credentials',
      });
    return secretBox.open(sealed);
  }

  function vtexOf(connector: ConnectorDocument, use?: 'look'): VtexStore {
    const { source, amazon: target, listing } = connector.config;
    if (source.type !== 'vtex') throw new TypeError('Only a VTEX connector has a store');
    const waiting = changeNoticesOf(connection, connector._id, listing.sendKits);
    return createVtexStore({
      account: source.account,
      appKey: source.appKey,
      appToken: secretOf(connector, 'source.appToken'),
      salesChannel: source.salesChannel,
      affiliateId: source.affiliateId,
      currency: requireMarketplace(target.country).currency,
      urlTemplate: config.VTEX_URL,
      pricingUrlTemplate: config.VTEX_PRICING_URL,
      // What a look gathered would be missing from the batch of a sync beside it.
      notices: use === 'look' ? { ...waiting, gather: async () => '' } : waiting,
      requestsInFlight: config.SOURCE_REQUESTS_IN_FLIGHT,
      timeoutMs,
    });
  }

  async function storeOfOrders(connector: ConnectorDocument): Promise<StoreOfOrders> {
    const { source } = connector.config;
    if (source.type !== 'vtex') throw new TypeError('Only a VTEX connector has a store');
    const hook = `${publicUrl}/hooks/vtex/${connector._id}/${await hookTokens.tokenOf(connector._id)}`;
    return createVtexOrders({
      account: source.account,
      appKey: source.appKey,
      appToken: secretOf(connector, 'source.appToken'),
      salesChannel: source.salesChannel,
      affiliateId: source.affiliateId,
      urlTemplate: config.VTEX_URL,
      pricingUrlTemplate: config.VTEX_PRICING_URL,
      requestsInFlight: config.SOURCE_REQUESTS_IN_FLIGHT,
      timeoutMs,
      connector: { name: CONNECTOR_NAME, endpoint: hook },
    });
  }

  function filesOf(connector: ConnectorDocument): FileCatalogue {
    return filesOfConnector(connector.config, uploads.of(connector._id), fileSourceRoot(config));
  }

  function salesLayerOf(connector: ConnectorDocument): SalesLayerCatalogue {
    const { source, amazon: target } = connector.config;
    if (source.type !== 'saleslayer') throw new TypeError('Only a Sales Layer connector has its catalogue');
    const { connectorCode } = source;
    return createSalesLayerSource({
      credentials: connectorCode
        ? { connectorCode, secretKey: secretOf(connector, 'source.secretKey') }
        : { apiKey: secretOf(connector, 'source.apiKey') },
      url: config.SALESLAYER_URL,
      restUrl: config.SALESLAYER_REST_URL,
      currency: requireMarketplace(target.country).currency,
      timeoutMs,
    });
  }

  function sourceOf(connector: ConnectorDocument, use?: 'look'): CatalogSource {
    const sources = { vtex: vtexOf, saleslayer: salesLayerOf, file: filesOf };
    return sources[connector.config.source.type](connector, use);
  }

  return {
    ...createConnectorOnboardingActivities({
      connectors,
      credentials,
      hookTokens,
      runs,
      orders,
      secretBox,
      accounts: amazon.accounts,
      listings: amazon.listings,
      otherSecret: opened.insteadOf,
      forgetTokens: (account) => amazon.forgetCredential(account),
      vtexOf,
      filesOf,
      salesLayerOf,
      orchestrator,
      publicUrl,
    }),
    ...createConnectorActivationActivities({ connectors, runs, orders, orchestrator }),
    ...createConnectorRemovalActivities({
      connectors,
      credentials,
      ledger,
      parents,
      feeds,
      runs,
      mappings,
      items,
      testResults,
      uploads,
      orders,
      notices,
      hookTokens,
      vtexOf,
      orchestrator,
    }),
    ...createCredentialRotationActivities({
      credentials,
      secrets,
      rotations,
      queries: credentialQueries(connection),
      connectors,
      runs,
      applications: amazon.applications,
      secretBox,
      orchestrator,
      logger,
    }),
    ...createCredentialClockActivities({
      credentials,
      rotations,
      orchestrator,
      queries: credentialQueries(connection),
      mailer: mailerOf(config),
      logger,
      publicUrl,
    }),
    ...createAlertActivities({
      facts: alertFactQueries(connection),
      alerts: alertStore(connection),
      watch: alertWatchStore(connection),
      channels: alertChannelStore(connection),
      deliveries: alertDeliveryStore(connection),
      sender: createAlertSender({
        smtpUrl: config.SMTP_URL,
        from: config.ALERT_FROM,
        allowPrivate: config.ALLOW_PRIVATE_ADDRESSES,
        timeoutMs,
        publicUrl,
      }),
      secretBox,
      orchestrator,
      operators: (config.SMTP_URL && config.ALERT_TO) || [],
      logger,
    }),
    ...createOrderActivities({
      connectors,
      orders,
      watches: orderWatchStore(connection),
      ledger,
      items,
      amazonOrders: amazon.orders,
      listings: amazon.listings,
      storeOf: storeOfOrders,
      mailerTo: (address) => mailerOf(config, address),
      orchestrator,
      publicUrl,
      logger,
    }),
    ...createCatalogSyncActivities({
      connectors,
      ledger,
      parents,
      runs,
      items,
      testResults,
      mappings,
      expressions,
      listings: amazon.listings,
      amazonFeeds: amazon.feeds,
      feeds,
      productTypes,
      notices,
      orchestrator,
      sourceOf,
      settings: {
        retryInitialSeconds: config.RETRY_INITIAL_SECONDS,
        retryMaximumSeconds: config.RETRY_MAXIMUM_SECONDS,
        retryGiveUpSeconds: config.RETRY_GIVE_UP_SECONDS,
        verifyAfterSeconds: config.VERIFY_AFTER_SECONDS,
        verifyWaitSeconds: config.VERIFY_WAIT_SECONDS,
        requestsInFlight: config.AMAZON_REQUESTS_IN_FLIGHT,
        watchAfterSeconds: config.WATCH_AFTER_SECONDS,
        feedPollSeconds: config.FEED_POLL_SECONDS,
        feedStuckSeconds: config.FEED_STUCK_SECONDS,
      },
    }),
  };
}

/** @param address - of whoever looks after something in particular; else the mail goes to those who look after all of it. */
function mailerOf(
  { SMTP_URL, ALERT_FROM, ALERT_TO, HTTP_TIMEOUT_SECONDS }: Config,
  address?: string
): Mailer | undefined {
  const to = address === undefined ? ALERT_TO : [address];
  if (!SMTP_URL || !ALERT_FROM || !to) return undefined;
  return createMailer({ smtpUrl: SMTP_URL, from: ALERT_FROM, to, timeoutMs: HTTP_TIMEOUT_SECONDS * 1000 });
}
