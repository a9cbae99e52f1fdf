import { createKeyring } from '../../adapters/secrets/keyring';
import { credentialRotationId } from '../../domain/ids';
import { clientSecretStore } from '../../models/client-secrets';
import { rotationStore } from '../../models/credential-rotations';
import { credentialModel, credentialStore, type CredentialDocument } from '../../models/credentials';
import type { Rig, World } from '../workflows/rig';

const DAY = 24 * 3600_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY);
type Case = (rig: Rig, world: World) => Promise<string>;

/** Paths of the changes of a client secret. Each ends with the credential, or by itself. */
export const ROTATION_CASES: Record<string, Case> = {
  'credential-rotation/asked': async (rig, world) => {
    const { id, rotations, reaches } = await inUse(rig, world);
    await rotations.ask(id, 'asked', new Date());
    await rig.orchestrator.secretChanged(id);
    await reaches(({ rotation }) => rotation?.answer === 'accepted');
    return forgotten(rig, world, id);
  },
  'credential-rotation/not-enrolled': async (rig, world) => {
    const { id, rotations, reaches } = await inUse(rig, world);
    await rig.control('POST', `worlds/${world.name}/amazon`, { rotation: { enrolled: false } });
    await rotations.ask(id, 'asked', new Date());
    await rig.orchestrator.secretChanged(id);
    await reaches(({ rotation }) => rotation?.state === 'failed');
    return ended(rig, id);
  },
  'credential-rotation/asked-later': async (rig, world) => {
    const { id, rotations, reaches } = await inUse(rig, world);
    await rig.control('POST', 'faults', { match: { operation: 'lwaToken' }, kind: 'status', status: 503 });
    await rotations.ask(id, 'asked', new Date());
    await rig.orchestrator.secretChanged(id);
    await reaches(({ rotation }) => rotation?.waitingFor?.code === 'transient');
    return forgotten(rig, world, id);
  },
  'credential-rotation/taken': async (rig, world) => {
    const { id, save, reaches } = await inUse(rig, world);
    const made = await rig.control<World>('POST', `worlds/${world.name}/amazon`, { newClientSecret: true });
    await save(made.amazon.clientSecret);
    await reaches(({ rotation }) => rotation?.state === 'done');
    return forgotten(rig, world, id);
  },
  'credential-rotation/not-taken': async (rig, world) => {
    const { id, save, reaches } = await inUse(rig, world);
    await save('mistyped');
    await reaches(({ rotation }) => rotation?.waitingFor?.code === 'auth.wrong_secret');
    return forgotten(rig, world, id);
  },
  'credential-rotation/given-up': async (rig, world) => {
    const { id, rotations, reaches } = await inUse(rig, world);
    await clientSecretStore(rig.database).save(id, createKeyring(rig.config.ENCRYPTION_KEYS).seal('mistyped'));
    await rotations.prove(id, 'saved', inDays(-1));
    await rig.orchestrator.secretChanged(id);
    await reaches(({ rotation }) => rotation?.state === 'failed');
    return ended(rig, id);
  },
  'credential-rotation/kept': async (rig, world) => {
    const { id, replaced } = await inUse(rig, world);
    await replaced(inDays(7));
    return forgotten(rig, world, id);
  },
  'credential-rotation/let-go': async (rig, world) => {
    const { id, replaced, reaches } = await inUse(rig, world);
    await replaced(inDays(-1));
    await reaches(({ clientSecret }) => clientSecret.previous === null);
    return ended(rig, id);
  },
};

/** A credential that Amazon has taken. */
async function inUse(rig: Rig, world: World) {
  const { credentialId: id } = await rig.connector(await rig.insertConnector(world));
  const store = credentialStore(rig.database);
  const { clientId, sellerId } = world.amazon;
  const pair = (await store.newest(clientId, sellerId))!;
  await store.promote(sellerId, pair, { clientSecret: true, refreshToken: true });
  const rotations = rotationStore(rig.database);
  return {
    id,
    rotations,
    reaches: (isSo: (credential: CredentialDocument) => boolean): Promise<void> =>
      rig.until(async () => isSo((await store.get(id))!), 'the rotation to come so far'),
    /** Has another secret been in use before, which is kept until then. */
    async replaced(until: Date): Promise<void> {
      const secret = createKeyring(rig.config.ENCRYPTION_KEYS).seal('the one before');
      await credentialModel(rig.database).updateOne(
        { _id: id },
        { $set: { 'clientSecret.previous': { secret, until } } }
      );
      await rig.orchestrator.secretChanged(id);
    },
    async save(secret: string): Promise<void> {
      await clientSecretStore(rig.database).save(id, createKeyring(rig.config.ENCRYPTION_KEYS).seal(secret));
      await rotations.prove(id, 'saved', new Date());
      await rig.orchestrator.secretChanged(id);
    },
  };
}

async function forgotten(rig: Rig, world: World, id: string): Promise<string> {
  await asleep(rig, id);
  await credentialStore(rig.database).forget(world.amazon.clientId, world.amazon.sellerId);
  await rig.orchestrator.secretChanged(id);
  return ended(rig, id);
}

async function asleep(rig: Rig, id: string): Promise<void> {
  const handle = rig.client.workflow.getHandle(credentialRotationId(id));
  await rig.until(async () => {
    const { events } = await handle.fetchHistory();
    return Boolean(events?.some((event) => event.timerStartedEventAttributes));
  }, 'the rotation to sleep');
}

async function ended(rig: Rig, id: string): Promise<string> {
  const handle = rig.client.workflow.getHandle(credentialRotationId(id));
  await rig.until(async () => (await handle.describe()).status.name === 'COMPLETED', 'the rotation to end');
  return credentialRotationId(id);
}
