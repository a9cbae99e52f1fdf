import type { Connection } from 'mongoose';
import type { ConnectorConfig } from '../../domain/connector';
import { quantityConflict, type QuantityOwner } from '../../domain/connector-rules';
import { connectorQueries } from '../../models/connector-queries';
import { Problem } from '../errors';
import { accountLocks } from './account-locks';

/** The seller id, or the vendor code of a vendor. */
export function sellerOf(config: ConnectorConfig): string {
  return config.amazon.sellerId ?? config.amazon.vendorCode ?? '';
}

/** Two connectors whose stock has the same name read the same stock. A REST catalogue of Sales Layer is known by its connector. */
function stockSourceOf(id: string, config: ConnectorConfig): string {
  const { source } = config;
  switch (source.type) {
    case 'vtex':
      return `vtex:${source.account}:${source.salesChannel}`;
    case 'saleslayer':
      return `saleslayer:${source.connectorCode ?? id}`;
    case 'file':
      return source.path === undefined ? `upload:${id}` : `file:${source.path}`;
  }
}

function ownerOf(id: string, config: ConnectorConfig): QuantityOwner {
  return {
    id,
    name: config.name,
    seller: sellerOf(config),
    country: config.amazon.country,
    productTypes: config.listing.productTypes,
    stockSource: stockSourceOf(id, config),
  };
}

/** Keeps two connectors from owning one thing: the quantity of a SKU at a seller (S1), an affiliate id at a store (V1). */
export function ownership(connection: Connection) {
  const connectors = connectorQueries(connection);
  const holding = accountLocks(connection);

  return {
    /** Runs `work` while nobody else can give the same seller or store to a connector. */
    async deciding<T>(config: ConnectorConfig, work: () => Promise<T>): Promise<T> {
      const locks = [`seller:${sellerOf(config)}`];
      if (config.source.type === 'vtex') locks.push(`vtex:${config.source.account}`);
      return holding(locks, work);
    },

    /**
     * @throws Problem `quantity_conflict` or `affiliate_id_taken`, naming the other connector.
     */
    async check(id: string, config: ConnectorConfig): Promise<void> {
      const wanted = ownerOf(id, config);
      for (const other of await connectors.sendingTo(wanted.seller)) {
        const conflict = quantityConflict(wanted, ownerOf(other._id, other.config));
        if (conflict) throw new Problem('quantity_conflict', conflict);
      }
      if (config.source.type !== 'vtex') return;
      const { account, affiliateId } = config.source;
      const [taken] = (await connectors.usingAffiliate(account, affiliateId)).filter((each) => each._id !== id);
      if (!taken) return;
      const message = `Connector '${taken.config.name}' (${taken._id}) uses the affiliate id ${affiliateId} in the store ${account}. Choose another one.`;
      throw new Problem('affiliate_id_taken', message, {
        errors: [{ field: 'source.affiliateId', code: 'affiliate_id_taken', message }],
      });
    },
  };
}
