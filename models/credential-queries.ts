import type { Connection } from 'mongoose';
import { connectorModel } from './connectors';
import { asKept, credentialModel, type CredentialDocument } from './credentials';

/** The connectors of one credential, as people know them. */
export interface ConnectorName {
  id: string;
  name: string;
}

/** The queries for people on credentials. */
export function credentialQueries(connection: Connection) {
  const model = credentialModel(connection);
  const connectors = connectorModel(connection);
  return {
    /** In the order of their ids, at most `limit` after one. */
    async page(afterId: string | undefined, limit: number): Promise<CredentialDocument[]> {
      const found = await model
        .find(afterId === undefined ? {} : { _id: { $gt: afterId } })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
      return found.map(asKept);
    },

    /** The connectors that use a credential, those being removed left out. */
    async connectorsOf(credentialId: string): Promise<ConnectorName[]> {
      const found = await connectors
        .find({ credentialId, state: { $ne: 'removing' } })
        .select({ 'config.name': 1 })
        .sort({ _id: 1 })
        .lean();
      return found.map(({ _id, config }) => ({ id: _id, name: config.name }));
    },
  };
}

export type CredentialQueries = ReturnType<typeof credentialQueries>;
