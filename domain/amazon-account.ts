import type { ConnectorConfig } from './connector';
import { requireMarketplace } from './marketplaces';
import type { AmazonAccount } from './ports/amazon';

/** The account that a connector sends to. */
export function amazonAccount(connectorId: string, config: ConnectorConfig): AmazonAccount {
  return {
    connectorId,
    clientId: config.amazon.clientId,
    sellerId: config.amazon.sellerId ?? config.amazon.vendorCode ?? '',
    marketplace: requireMarketplace(config.amazon.country),
    issueLocale: config.listing.fieldLocale,
  };
}
