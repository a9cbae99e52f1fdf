import { z } from 'zod';
import type { NotificationHandler } from '../../domain/ports/notifications';
import { moment } from '../../domain/notifications';
import { UnreadableNotification } from '../../domain/ports/notifications';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { SecretBox } from '../../domain/ports/secrets';
import type { ClientSecretStore } from '../../models/client-secrets';
import type { RotationStore } from '../../models/credential-rotations';
import { credentialIdOf, type CredentialDocument, type CredentialStore } from '../../models/credentials';

export interface CredentialNoticesDependencies {
  credentials: Pick<CredentialStore, 'get'>;
  secrets: Pick<ClientSecretStore, 'receive' | 'noteEnds'>;
  rotations: Pick<RotationStore, 'prove'>;
  secretBox: SecretBox;
  orchestrator: Pick<Orchestrator, 'secretChanged' | 'expiryNoticed'>;
  clock: () => Date;
}

/** Source: Amazon's sample of client secret rotation; its models do not hold these types. */
const newSecret = z.object({
  applicationOAuthClientNewSecret: z.object({
    clientId: z.string().min(1),
    newClientSecret: z.string().min(1),
    newClientSecretExpiryTime: moment,
    oldClientSecretExpiryTime: moment,
  }),
});
const secretExpiry = z.object({
  applicationOAuthClientSecretExpiry: z.object({ clientId: z.string().min(1), clientSecretExpiryTime: moment }),
});

/**
 * What is done about Amazon's notices on client secrets, by type. A new secret is sealed at once and goes no further; it is
 * proved before it is used, whether anybody has asked for it or not. Each may come twice, and in any order.
 */
export function credentialNotices(deps: CredentialNoticesDependencies): Record<string, NotificationHandler> {
  const { secrets, rotations, secretBox, orchestrator } = deps;

  async function credentialOf(clientId: string): Promise<CredentialDocument> {
    const credential = await deps.credentials.get(credentialIdOf(clientId));
    if (credential) return credential;
    throw new UnreadableNotification(`No credential is kept of the application ${clientId}.`);
  }

  function holds(sealed: { keyId: string; box: string } | null | undefined, plain: string): boolean {
    return Boolean(sealed && secretBox.open(sealed) === plain);
  }

  return {
    async APPLICATION_OAUTH_CLIENT_NEW_SECRET({ payload, eventTime }) {
      const { applicationOAuthClientNewSecret: said } = parsed(newSecret, payload);
      const { _id: id, clientSecret } = await credentialOf(said.clientId);
      const dates = { expiresAt: said.newClientSecretExpiryTime, previousUntil: said.oldClientSecretExpiryTime };
      if (holds(clientSecret.current, said.newClientSecret)) await secrets.noteEnds(id, dates);
      else {
        const isHere = holds(clientSecret.received?.secret, said.newClientSecret);
        const received = { secret: secretBox.seal(said.newClientSecret), at: eventTime, ...dates };
        if (!isHere && !(await secrets.receive(id, received))) {
          if (holds(clientSecret.previous?.secret, said.newClientSecret)) return;
          // It is the only copy, and a person may have said wrongly when the secret in use was created.
          throw new UnreadableNotification(OLDER);
        }
        await rotations.prove(id, 'received', deps.clock());
      }
      await orchestrator.secretChanged(id);
    },

    async APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY({ payload, eventTime }) {
      const { applicationOAuthClientSecretExpiry: said } = parsed(secretExpiry, payload);
      const { _id: id } = await credentialOf(said.clientId);
      const expiresAt = said.clientSecretExpiryTime.toISOString();
      await orchestrator.expiryNoticed(id, { expiresAt, noticedAt: eventTime.toISOString() });
    },
  };
}

const OLDER =
  'The client secret in use, or one that waits, counts as newer than this one. If secretCreatedAt of the credential is wrong, correct it and retry; otherwise delete this.';

/** @throws UnreadableNotification naming the fields, and nothing of what they hold. */
function parsed<T>(schema: z.ZodType<T>, payload: unknown): T {
  const result = schema.safeParse(payload);
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path }) => path.join('.'));
  throw new UnreadableNotification(`The notice cannot be read: ${fields.join(', ')}.`);
}
