import type { Connection } from 'mongoose';
import type { ConnectorConfig } from '../../domain/connector';
import { SECRET_FIELDS, type ConnectorSecrets, type SecretField } from '../../domain/connector-contract';
import type { Sealed, SecretBox } from '../../domain/ports/secrets';
import type { ConnectorDocument } from '../../models/connectors';
import { credentialIdOf, credentialModel, credentialStore, type CredentialDocument } from '../../models/credentials';
import { sellerOf } from './ownership';

type SourceSecrets = ConnectorDocument['sourceSecrets'];

/** Where a connector's secrets are kept: the source's with the connector, Amazon's with the credential. */
export function connectorSecrets(connection: Connection, secretBox: SecretBox) {
  const credentials = credentialModel(connection);
  const store = credentialStore(connection);

  function amazonSecretsSet(config: ConnectorConfig, credential: CredentialDocument | undefined): SecretField[] {
    const token = credential?.refreshTokens?.[sellerOf(config)];
    const set: SecretField[] = [];
    if (credential?.clientSecret?.current ?? credential?.clientSecret?.next) set.push('amazon.clientSecret');
    if (token?.current ?? token?.next) set.push('amazon.refreshToken');
    return set;
  }

  return {
    /** Encrypts the source's secrets among those given. */
    sealSource(secrets: ConnectorSecrets): SourceSecrets {
      const sealed: SourceSecrets = {};
      for (const field of SECRET_FIELDS) {
        const value = secrets[field];
        if (field.startsWith('source.') && value !== undefined) sealed[field] = secretBox.seal(value);
      }
      return sealed;
    },

    /** Writes Amazon's secrets, encrypted, where they wait for their proof. Nothing happens when none is given. */
    async proposeAmazon(config: ConnectorConfig, secrets: ConnectorSecrets): Promise<void> {
      const clientSecret = secrets['amazon.clientSecret'];
      const refreshToken = secrets['amazon.refreshToken'];
      if (clientSecret === undefined && refreshToken === undefined) return;
      const proposed: { clientSecret?: Sealed; refreshToken?: Sealed } = {};
      if (clientSecret !== undefined) proposed.clientSecret = secretBox.seal(clientSecret);
      if (refreshToken !== undefined) proposed.refreshToken = secretBox.seal(refreshToken);
      await store.propose(config.amazon.clientId, sellerOf(config), proposed);
    },

    /** Which secrets are kept for each connector, in the order of the connectors. */
    async setOf(connectors: readonly Pick<ConnectorDocument, 'config' | 'sourceSecrets'>[]): Promise<SecretField[][]> {
      const ids = [...new Set(connectors.map((each) => credentialIdOf(each.config.amazon.clientId)))];
      const found = await credentials.find({ _id: { $in: ids } }).lean();
      const byId = new Map(found.map((each) => [each._id, each]));
      return connectors.map(({ config, sourceSecrets }) => {
        const set = new Set<SecretField>([
          ...(Object.keys(sourceSecrets ?? {}) as SecretField[]),
          ...amazonSecretsSet(config, byId.get(credentialIdOf(config.amazon.clientId))),
        ]);
        return SECRET_FIELDS.filter((field) => set.has(field));
      });
    },
  };
}
