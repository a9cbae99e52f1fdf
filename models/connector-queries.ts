import type { Connection } from 'mongoose';
import type { ConnectorConfig, ConnectorState } from '../domain/connector';
import { connectorModel, type ConnectorDocument } from './connectors';
import { isDuplicateKey } from './leases';

/** Where a page of connectors ends: its last one. */
export interface ConnectorPosition {
  createdAt: Date;
  id: string;
}

/** The queries that the API makes on connectors. */
export function connectorQueries(connection: Connection) {
  const model = connectorModel(connection);
  return {
    /** The newest first, at most `limit` after `position`. */
    async page(
      filter: { state?: ConnectorState; after?: ConnectorPosition },
      limit: number
    ): Promise<ConnectorDocument[]> {
      const { state, after } = filter;
      return model
        .find({
          ...(state && { state }),
          ...(after && {
            $or: [{ createdAt: { $lt: after.createdAt } }, { createdAt: after.createdAt, _id: { $gt: after.id } }],
          }),
        })
        .sort({ createdAt: -1, _id: 1 })
        .limit(limit)
        .lean();
    },

    /** Connectors that send to a seller id or vendor code, those being removed left out. */
    async sendingTo(seller: string): Promise<ConnectorDocument[]> {
      return model
        .find({
          $or: [{ 'config.amazon.sellerId': seller }, { 'config.amazon.vendorCode': seller }],
          state: { $ne: 'removing' },
        })
        .lean();
    },

    /** Who uses an affiliate id of a VTEX account. One being removed counts: its removal deletes the affiliate. */
    async usingAffiliate(account: string, affiliateId: string): Promise<ConnectorDocument[]> {
      return model.find({ 'config.source.account': account, 'config.source.affiliateId': affiliateId }).lean();
    },

    /** Inserts a new connector; false when one with this id is there already. */
    async insert(connector: Omit<ConnectorDocument, 'createdAt' | 'updatedAt'>): Promise<boolean> {
      try {
        await model.create(connector);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    /** Writes a changed configuration if nobody wrote since `readVersion`; undefined when somebody did. */
    async changeConfig(
      id: string,
      readVersion: number,
      change: {
        config: ConnectorConfig;
        sourceSecrets: ConnectorDocument['sourceSecrets'];
        credentialId: string;
        zipCodeSince: Date | null;
      }
    ): Promise<ConnectorDocument | undefined> {
      const changed = await model
        .findOneAndUpdate(
          { _id: id, configVersion: readVersion, state: { $ne: 'removing' } },
          { $set: change, $inc: { configVersion: 1 } },
          { returnDocument: 'after' }
        )
        .lean();
      return changed ?? undefined;
    },

    /** Moves a connector to a state if it is in one of `from`; undefined when it is not, or is gone. */
    async moveState(
      id: string,
      from: readonly ConnectorState[],
      to: ConnectorState,
      reason: string | null
    ): Promise<ConnectorDocument | undefined> {
      const moved = await model
        .findOneAndUpdate(
          { _id: id, state: { $in: [...from] } },
          { $set: { state: to, stateReason: reason } },
          { returnDocument: 'after' }
        )
        .lean();
      return moved ?? undefined;
    },
  };
}
