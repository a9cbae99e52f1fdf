import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { secretFailure } from '../domain/credential-rotation';
import { OutsideError } from '../domain/errors';
import type { AmazonAccount } from '../domain/ports/amazon';
import type { SecretBox } from '../domain/ports/secrets';
import { candidatesOf, secretDueAt, secretInUse, type Candidate, type ClientSecretStore } from './client-secrets';
import { credentialIdOf, type CredentialDocument, type CredentialStore } from './credentials';

/** What Login with Amazon asks of an account, in plain text. */
interface OpenedCredential {
  clientId: string;
  clientSecret: string;
  refreshToken: string;
}

/** After Amazon took none of the secrets, nobody asks it again for so long: a wait for a new one is no storm of requests. */
const ASK_AGAIN_MS = 20_000;
/** A process that has died in its turn holds up the others for so long. */
const TURN_MS = 30_000;
/** How long a process waits for another's turn, and how often it looks. */
const PATIENCE_MS = 15_000;
const LOOK_AGAIN_MS = 250;
/** While the secret before is used, the current one is tried again after this. */
const TRY_CURRENT_AGAIN_MS = 2 * 60_000;

interface OpenedCredentialsDependencies {
  credentials: Pick<CredentialStore, 'get'>;
  secrets: Pick<ClientSecretStore, 'takeTurn' | 'endTurn' | 'takeSaved' | 'takeReceived' | 'fallBack'>;
  secretBox: SecretBox;
}

/** The credentials of accounts, and what to do when Amazon does not take the client secret of one. */
export function openedCredentials({ credentials, secrets, secretBox }: OpenedCredentialsDependencies) {
  /** @throws OutsideError `auth.access_revoked` while none was proved. */
  async function read({ clientId, sellerId }: AmazonAccount): Promise<{ found: CredentialDocument; secret: string }> {
    const found = await credentials.get(credentialIdOf(clientId));
    const secret = found && secretInUse(found, new Date());
    if (!found || !secret) throw notProved(sellerId);
    return { found, secret: secretBox.open(secret) };
  }

  /** Takes what Amazon takes into use: a new one for good, the one before for a while. */
  async function use({ _id, clientSecret }: CredentialDocument, { slot, secret }: Candidate): Promise<void> {
    const now = new Date();
    if (slot === 'next') await secrets.takeSaved(_id, secret, now);
    if (slot === 'received') await secrets.takeReceived(_id, { ...clientSecret.received!, secret });
    if (slot === 'previous') await secrets.fallBack(_id, new Date(now.getTime() + TRY_CURRENT_AGAIN_MS));
    if (slot === 'current') await secrets.fallBack(_id, null);
  }

  async function findAnother(found: CredentialDocument, refused: string, isTaken: IsTaken): Promise<boolean> {
    for (const candidate of candidatesOf(found, new Date())) {
      const plain = secretBox.open(candidate.secret);
      if (plain === refused || !(await isTaken(plain))) continue;
      await use(found, candidate);
      return true;
    }
    return false;
  }

  return {
    /**
     * Opens the credential in use of an account.
     *
     * @throws OutsideError `auth.access_revoked` while none was proved; `auth.secret_…` when Amazon took none of the secrets
     *   a moment ago.
     */
    async of(account: AmazonAccount): Promise<OpenedCredential> {
      const { clientId, sellerId } = account;
      const { found, secret } = await read(account);
      const token = found.refreshTokens?.[sellerId]?.current;
      if (!token) throw notProved(sellerId);
      if (wasRefusedLately(found)) throw failureOf(found);
      return { clientId, clientSecret: secret, refreshToken: secretBox.open(token) };
    },

    /**
     * Finds a client secret that Amazon takes in the place of one that it does not. One process at a time does, and what it
     * finds holds for all of them; the others wait for it.
     *
     * @param isTaken - asks Amazon. What it throws ends the search.
     * @throws OutsideError `auth.secret_…` when Amazon takes none, saying why; `transient` when another process takes long.
     */
    async insteadOf(account: AmazonAccount, refused: OpenedCredential, isTaken: IsTaken): Promise<OpenedCredential> {
      const holder = randomUUID();
      for (const giveUpAt = Date.now() + PATIENCE_MS; Date.now() < giveUpAt; await sleep(LOOK_AGAIN_MS)) {
        const { found, secret } = await read(account);
        if (secret !== refused.clientSecret) return { ...refused, clientSecret: secret };
        if (wasRefusedLately(found)) throw failureOf(found);
        if (!(await secrets.takeTurn(found, holder, new Date(), TURN_MS))) continue;
        let isFound: boolean | undefined;
        try {
          isFound = await findAnother(found, refused.clientSecret, isTaken);
        } finally {
          await secrets.endTurn(found._id, holder, isFound === false ? new Date() : null);
        }
        if (!isFound) throw failureOf(found);
        return { ...refused, clientSecret: (await read(account)).secret };
      }
      throw new OutsideError('transient', 'Another process is finding out which client secret Amazon takes.', {
        system: 'lwa',
        operation: 'credentials',
      });
    },
  };
}

function notProved(sellerId: string): OutsideError {
  return new OutsideError('auth.access_revoked', `No proved credential is kept for ${sellerId}.`, {
    system: 'lwa',
    operation: 'credentials',
  });
}

type IsTaken = (clientSecret: string) => Promise<boolean>;

function wasRefusedLately({ clientSecret }: CredentialDocument): boolean {
  return Date.now() - (clientSecret.refusedAt?.getTime() ?? 0) < ASK_AGAIN_MS;
}

function failureOf(found: CredentialDocument): OutsideError {
  const isNewOneThere = Boolean(found.clientSecret.received);
  const facts = { clientId: found.clientId, hasWorked: true, dueAt: secretDueAt(found), isNewOneThere };
  return secretFailure(facts, new Date());
}

export type OpenedCredentials = ReturnType<typeof openedCredentials>;
