import { OutsideError } from '../domain/errors';
import type { AmazonAccount } from '../domain/ports/amazon';
import type { SecretBox } from '../domain/ports/secrets';
import type { CredentialStore } from './credentials';

/** What Login with Amazon asks of an account, in plain text. */
interface OpenedCredential {
  clientId: string;
  clientSecret: string;
  refreshToken: string;
}

/**
 * Opens the credential in use of an account.
 *
 * @throws OutsideError `auth.access_revoked` while none was proved.
 */
export function openedCredentials(credentials: Pick<CredentialStore, 'current'>, secretBox: SecretBox) {
  return async (account: AmazonAccount): Promise<OpenedCredential> => {
    const sealed = await credentials.current(account.clientId, account.sellerId);
    if (!sealed)
      throw new OutsideError('auth.access_revoked', `No proved credential is kept for ${account.sellerId}.`, {
        system: 'lwa',
        operation: 'credentials',
      });
    return {
      clientId: sealed.clientId,
      clientSecret: secretBox.open(sealed.clientSecret),
      refreshToken: secretBox.open(sealed.refreshToken),
    };
  };
}
