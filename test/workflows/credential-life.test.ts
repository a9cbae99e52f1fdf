import pino from 'pino';
import { credentialClockId } from '../../domain/ids';
import { credentialIdOf, credentialStore, type CredentialDocument } from '../../models/credentials';
import { connectorModel } from '../../models/connectors';
import { reconcile } from '../../worker/reconcile';
import { MailServer } from '../mail-server';
import { plainProducts, Rig, type World } from './rig';

const DAY = 24 * 3600_000;

/** What a credential goes through with its connectors, on everything that a worker is built from. */
describe('a credential', () => {
  let rig: Rig;
  let mail: MailServer;
  beforeAll(async () => {
    mail = await MailServer.start();
    const env = {
      SMTP_URL: mail.url,
      ALERT_FROM: 'Longshore <ls@example.com>',
      ALERT_TO: 'a@example.com, b@example.com',
    };
    rig = await Rig.start({ env });
  });
  afterAll(async () => {
    await rig.stop();
    await mail.stop();
  });

  const idOf = (world: World): string => credentialIdOf(world.amazon.clientId);
  const documentOf = async (world: World): Promise<CredentialDocument> =>
    (await credentialStore(rig.database).get(idOf(world)))!;
  const statusOf = async (world: World): Promise<string> =>
    (await rig.client.workflow.getHandle(credentialClockId(idOf(world))).describe()).status.name;
  const daysAgo = (days: number): Date => new Date(Date.now() - days * DAY);

  it('has a clock from its first connector on, which mails by SMTP_URL from ALERT_FROM to ALERT_TO', async () => {
    const { world } = await rig.ready('clock-first', plainProducts(1));
    expect(await statusOf(world)).toBe('RUNNING');
    expect(Date.now() - (await documentOf(world)).secretCreatedAt!.getTime()).toBeLessThan(120_000);
    await credentialStore(rig.database).setDates(idOf(world), { secretCreatedAt: daysAgo(173) });
    await rig.orchestrator.credentialChanged(idOf(world));
    await rig.until(async () => mail.mails.length > 0, 'the mail');
    const [{ from, to, headers, raw }] = mail.mails as [(typeof mail.mails)[0]];
    expect([from, to]).toEqual(['ls@example.com', ['a@example.com', 'b@example.com']]);
    expect(headers.subject).toContain('expires in 7 days');
    for (const secret of [world.amazon.clientSecret, world.amazon.refreshToken]) expect(raw).not.toContain(secret);
    await rig.until(async () => {
      const [note] = (await documentOf(world)).reminders['client-secret'] ?? [];
      return note?.state === 'sent' && note.day === 7;
    }, 'the reminder to be noted');
  });

  it('goes on lapsing when a further connector names the same secret, and begins anew with another one', async () => {
    const { world, connectorId } = await rig.ready('clock-rotated', plainProducts(1));
    const { sellerId } = world.amazon;
    const then = daysAgo(40);
    const store = credentialStore(rig.database);
    await store.setDates(idOf(world), { secretCreatedAt: then, authorisedAt: { [sellerId]: then } });
    const { config } = await rig.connector(connectorId);
    const { clientSecret, refreshToken } = world.amazon;
    const write = async (secrets: Parameters<Rig['proposeSecrets']>[1]) => {
      await rig.proposeSecrets(config, secrets);
      await rig.orchestrator.configurationChanged(connectorId);
      await rig.onboarded(connectorId);
    };
    await write({ 'amazon.clientSecret': clientSecret, 'amazon.refreshToken': refreshToken });
    expect(await documentOf(world)).toMatchObject({ secretCreatedAt: then, authorisedAt: { [sellerId]: then } });
    expect((await store.newest(world.amazon.clientId, sellerId))?.unproved.clientSecret).toBe(false);

    const rotated = await rig.control<World>('POST', 'worlds/clock-rotated/amazon', { newClientSecret: true });
    await write({ 'amazon.clientSecret': rotated.amazon.clientSecret });
    const { secretCreatedAt, authorisedAt } = await documentOf(world);
    expect(Date.now() - secretCreatedAt!.getTime()).toBeLessThan(120_000);
    expect(authorisedAt[sellerId]).toEqual(then);
  });

  it('is released once the last of its connectors has gone to another application, and not before', async () => {
    const { world, connectorId } = await rig.ready('clock-left', plainProducts(1));
    const second = await rig.insertConnector(world, (input) => {
      input.source!.affiliateId = 'LNG';
    });
    await rig.onboard(second);
    const other = await rig.world('clock-entered', plainProducts(1));
    const seller = world.amazon.sellerId;
    /** Connectors go over as a PATCH of the client id has them. */
    const goOver = async (id: string) => {
      const { config } = await rig.connector(id);
      const amazon = { ...config.amazon, clientId: other.amazon.clientId };
      const { clientSecret, refreshToken } = other.amazon;
      await rig.proposeSecrets(
        { ...config, amazon },
        { 'amazon.clientSecret': clientSecret, 'amazon.refreshToken': refreshToken }
      );
      await connectorModel(rig.database).updateOne({ _id: id }, { $set: { credentialId: idOf(other) } });
      await rig.patch(id, { 'amazon.clientId': other.amazon.clientId });
      const step = async () => (await rig.connector(id)).onboarding.steps.find(({ name }) => name === 'amazon-account');
      await rig.until(async () => (await step())?.state !== 'done', 'the new credential to be proved');
    };
    await goOver(connectorId);
    expect((await documentOf(world)).refreshTokens).toHaveProperty(seller);
    await goOver(second);
    await rig.until(async () => (await documentOf(world)) === undefined, 'the former credential to be released');
    await rig.until(async () => (await statusOf(world)) === 'COMPLETED', 'its clock to end');
    expect((await documentOf(other)).refreshTokens).toHaveProperty(seller);
  });

  it('gets its lost clock back when things are put in line, and loses it with its last connector', async () => {
    const { world, connectorId } = await rig.ready('clock-lost', plainProducts(1));
    await rig.client.workflow.getHandle(credentialClockId(idOf(world))).terminate('by hand');
    const engine = { ...rig.orchestrator, scheduledConnectors: async () => [] };
    await reconcile(rig.database, engine, pino({ level: 'silent' }));
    expect(await statusOf(world)).toBe('RUNNING');
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    await rig.until(async () => (await statusOf(world)) === 'COMPLETED', 'the clock to end');
    expect(await documentOf(world)).toBeUndefined();
  });
});
