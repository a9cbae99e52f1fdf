import { requireMarketplace } from '../../domain/marketplaces';
import { watchesOrders } from '../../domain/orders/order-policy';
import type { WatchedAccount } from '../../domain/orders/order-record';
import type { ConnectorDocument, ConnectorStore } from '../../models/connectors';

/** The connectors whose orders are watched in an account, always in the same order. */
export async function watchedConnectors(
  { connectors }: { connectors: Pick<ConnectorStore, 'inStates'> },
  { sellerId, region }: WatchedAccount
): Promise<ConnectorDocument[]> {
  return (await connectors.inStates(['active', 'paused']))
    .filter((each) => watchesOrders(each) && each.config.amazon.sellerId === sellerId)
    .filter(({ config }) => requireMarketplace(config.amazon.country).region === region)
    .sort((one, other) => (one._id < other._id ? -1 : 1));
}
