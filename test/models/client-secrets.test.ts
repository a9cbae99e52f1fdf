import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { createAmazon, type Amazon } from '../../adapters/amazon';
import { createInProcessLimiter } from '../../adapters/limiter/in-process';
import { createKeyring } from '../../adapters/secrets/keyring';
import type { SecretBox } from '../../domain/ports/secrets';
import { withDatabase } from '../../embedded/mongodb';
import { clientSecretStore } from '../../models/client-secrets';
import { credentialIdOf, credentialModel, credentialStore, type CredentialDocument } from '../../models/credentials';
import { connectDatabase } from '../../models/database';
import { openedCredentials } from '../../models/opened-credentials';
import { failureOf, never, SandboxWorld } from '../adapters/sandbox-world';

const DAY = 24 * 3600_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY);

/** What the processes of a service do when Amazon does not take a client secret, each with a token client of its own. */
describe('the client secret of a credential', () => {
  let world: SandboxWorld;
  let database: Connection;
  let box: SecretBox;

  beforeAll(async () => {
    const name = `secrets_${randomBytes(6).toString('hex')}`;
    [world, database] = await Promise.all([
      SandboxWorld.start(),
      connectDatabase(withDatabase(process.env.TEST_MONGODB_URI!, name)),
    ]);
    box = createKeyring(`test:${randomBytes(32).toString('base64')}`);
  });
  afterAll(async () => {
    await world.sandbox.close();
    await database.dropDatabase();
    await database.close();
  });
  beforeEach(async () => {
    await world.control('POST', '/reset');
    const made = await world.control<typeof world.facts>('PUT', '/worlds/w', { generate: 1 });
    Object.assign(world.facts, made);
    await world.heal();
    await credentialModel(database).deleteMany({});
    await store.propose(world.facts.amazon.clientId, world.facts.amazon.sellerId, {
      clientSecret: box.seal(world.facts.amazon.clientSecret),
      refreshToken: box.seal(world.facts.amazon.refreshToken),
    });
    const { clientId, sellerId } = world.facts.amazon;
    await store.promote(sellerId, (await store.newest(clientId, sellerId))!, {
      clientSecret: true,
      refreshToken: true,
    });
    await credentialModel(database).updateOne({}, { $set: { secretCreatedAt: inDays(-60) } });
  });

  const store = {
    propose: (...args: Parameters<ReturnType<typeof credentialStore>['propose']>) =>
      credentialStore(database).propose(...args),
    newest: (...args: Parameters<ReturnType<typeof credentialStore>['newest']>) =>
      credentialStore(database).newest(...args),
    promote: (...args: Parameters<ReturnType<typeof credentialStore>['promote']>) =>
      credentialStore(database).promote(...args),
  };
  const id = (): string => credentialIdOf(world.facts.amazon.clientId);
  const kept = async (): Promise<CredentialDocument> => (await credentialStore(database).get(id()))!;
  const current = async (): Promise<string> => box.open((await kept()).clientSecret.current!);
  const secrets = () => clientSecretStore(database);
  const opened = () =>
    openedCredentials({ credentials: credentialStore(database), secrets: secrets(), secretBox: box });
  const ask = (amazon: Amazon) => amazon.listings.search(world.account, ['X'], never);

  function aWorker(): Amazon {
    const { of, insteadOf } = opened();
    return createAmazon({
      lwaUrl: `${world.sandbox.url}/auth/o2/token`,
      spApiUrl: () => world.sandbox.url,
      limiter: createInProcessLimiter(),
      credentials: of,
      otherSecret: insteadOf,
      timeoutMs: 5_000,
    });
  }

  /** Another secret at Amazon; the one before dies at once unless said. */
  async function replacedAtAmazon(rotation: object = { oldLivesSeconds: 0 }): Promise<string> {
    await world.control('POST', '/worlds/w/amazon', { rotation });
    const made = await world.control<typeof world.facts>('POST', '/worlds/w/amazon', { newClientSecret: true });
    return made.amazon.clientSecret;
  }

  const received = (secret: string) => ({
    secret: box.seal(secret),
    at: new Date(),
    expiresAt: inDays(180),
    previousUntil: inDays(7),
  });

  it.each(['received', 'saved'] as const)(
    'is replaced by the %s one as soon as Amazon takes only that',
    async (how) => {
      const before = await current();
      const made = await replacedAtAmazon();
      if (how === 'received') await secrets().receive(id(), received(made));
      else await secrets().save(id(), box.seal(made));
      expect(await ask(aWorker())).toEqual([]);
      expect(await current()).toBe(made);
      const { clientSecret } = await kept();
      expect([clientSecret.received ?? null, clientSecret.next ?? null]).toEqual([null, null]);
      expect(box.open(clientSecret.previous!.secret)).toBe(before);
      expect(Math.round((clientSecret.previous!.until.getTime() - Date.now()) / DAY)).toBe(7);
    }
  );

  it('gives way to the one before while Amazon does not take it, and is tried again', async () => {
    const old = await current();
    const made = await replacedAtAmazon({ oldLivesSeconds: 7 * 86_400, newDeadSeconds: 2_400 });
    await secrets().receive(id(), received(made));
    await secrets().takeReceived(id(), (await kept()).clientSecret.received!);
    const [one, other] = [aWorker(), aWorker()];
    expect(await ask(one)).toEqual([]);
    expect(await current()).toBe(made);
    expect((await kept()).clientSecret.fallback!.tryAgainAt.getTime()).toBeGreaterThan(Date.now() + 60_000);
    await world.heal();
    // What one process has found holds for the others.
    expect(await ask(other)).toEqual([]);
    expect((await world.calls('lwaToken')).byStatus).toEqual({ 200: 1 });
    await credentialModel(database).updateOne({}, { $set: { 'clientSecret.fallback.tryAgainAt': new Date() } });
    await world.control('POST', '/clock', { advanceSeconds: 2_400 });
    await world.heal();
    expect(await ask(aWorker())).toEqual([]);
    expect((await world.calls('lwaToken')).byStatus).toEqual({ 200: 1 });
    expect(box.open((await kept()).clientSecret.previous!.secret)).toBe(old);
  });

  it('is looked for by one process, and not by many', async () => {
    const made = await replacedAtAmazon();
    await secrets().receive(id(), received(made));
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(aWorker())));
    expect(answers.flat()).toEqual([]);
    const { byStatus } = await world.calls('lwaToken');
    // Each has found out by itself that the old one is dead, one has tried the new one.
    expect(byStatus[401]).toBeLessThanOrEqual(12);
    expect(byStatus[200]).toBe(13);
    expect(await current()).toBe(made);
  });

  it('that Amazon does not take is asked about once, and not by everybody who waits', async () => {
    await replacedAtAmazon();
    expect(await failureOf(ask(aWorker()))).toMatchObject({ code: 'auth.secret_rotated' });
    await world.heal();
    for (let n = 0; n < 20; n += 1)
      expect(await failureOf(ask(aWorker()))).toMatchObject({ code: 'auth.secret_rotated' });
    expect((await world.calls('lwaToken')).count).toBe(0);
  });

  it.each([
    ['had expired', { secretCreatedAt: inDays(-181) }, false, 'auth.secret_expired', 'was good until'],
    ['was not due yet', {}, false, 'auth.secret_rotated', 'was to be good until'],
    ['has a successor that does not work yet', {}, true, 'auth.secret_pending', 'Amazon has sent a new client secret'],
  ])('that Amazon does not take and that %s is told for what it is', async (_, dates, hasNew, code, words) => {
    const made = await replacedAtAmazon({ oldLivesSeconds: 0, newDeadSeconds: 2_400 });
    if (hasNew) await secrets().receive(id(), received(made));
    await credentialModel(database).updateOne({}, { $set: dates });
    const failure = (await failureOf(ask(aWorker()))) as Error;
    expect(failure).toMatchObject({ code, facts: { notSent: true } });
    expect(failure.message).toContain(words);
    expect(failure.message).not.toContain('amzn1.oa2-cs');
  });

  it('is found when the seller has withdrawn the access, which is told then', async () => {
    const made = await replacedAtAmazon();
    await secrets().save(id(), box.seal(made));
    await world.control('POST', '/worlds/w/amazon', { accessRevoked: true });
    expect(await failureOf(ask(aWorker()))).toMatchObject({ code: 'auth.access_revoked' });
    expect(await current()).toBe(made);
    await world.control('POST', '/worlds/w/amazon', { accessRevoked: false });
  });

  it('leaves the turn to another when Login with Amazon does not answer', async () => {
    const made = await replacedAtAmazon();
    await secrets().save(id(), box.seal(made));
    const isTaken = (): Promise<boolean> => Promise.reject(new Error('LWA is away'));
    const { of, insteadOf } = opened();
    const refused = await of(world.account);
    await expect(insteadOf(world.account, refused, isTaken)).rejects.toThrow('LWA is away');
    expect((await kept()).clientSecret.turn).toBeNull();
    expect(await ask(aWorker())).toEqual([]);
  });

  it('is taken from Amazon in the order of its making, however the messages come', async () => {
    const [first, second] = [await replacedAtAmazon(), await replacedAtAmazon()];
    const late = { ...received(first), at: new Date(Date.now() - 60_000) };
    expect(await secrets().receive(id(), received(second))).toBe(true);
    expect(await secrets().receive(id(), late)).toBe(false);
    await secrets().takeReceived(id(), (await kept()).clientSecret.received!);
    expect(await secrets().receive(id(), late)).toBe(false);
    expect(await current()).toBe(second);
  });

  it('ends when the newest of Amazon’s notices says, in whatever order they come', async () => {
    const { noteExpiry } = credentialStore(database);
    const noticed = (expiresInDays: number, daysAgo: number) =>
      noteExpiry(id(), { expiresAt: inDays(expiresInDays), noticedAt: inDays(-daysAgo) });
    const endsInDays = async () => Math.round(((await kept()).secretExpiresAt!.getTime() - Date.now()) / DAY);
    await noticed(40, 5);
    await noticed(30, 3);
    await noticed(40, 5);
    expect(await endsInDays()).toBe(30);
    await noticed(20, 1);
    expect(await endsInDays()).toBe(20);
    // One from before the secret is about another.
    await noticed(10, 61);
    expect(await endsInDays()).toBe(20);
  });

  it('is not deleted where Amazon takes it and not the one that came after it', async () => {
    const old = await current();
    await secrets().save(id(), box.seal('amzn1.oa2-cs.v1.lost'));
    await secrets().takeSaved(id(), (await kept()).clientSecret.next!, new Date());
    await secrets().dropPrevious(id(), (await kept()).clientSecret.previous!.secret, true);
    expect(await current()).toBe(old);
    expect((await kept()).clientSecret.previous).toBeNull();
  });
});
