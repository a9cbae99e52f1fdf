import { createKeyring } from '../../adapters/secrets/keyring';
import { onboardingWorkflowId, syncScheduleId } from '../../domain/ids';
import { credentialModel, credentialStore } from '../../models/credentials';
import { leaseStore } from '../../models/leases';
import { syncRunModel } from '../../models/sync-runs';
import { plainProducts, Rig, type World } from './rig';

describe('a removal', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });
  afterEach(async () => {
    await rig.control('DELETE', 'faults');
  });

  type Change = Parameters<Rig['insertConnector']>[1];

  async function made(name: string, change?: Change): Promise<{ world: World; connectorId: string }> {
    const world = await rig.world(name, plainProducts(3));
    return { world, connectorId: await rig.insertConnector(world, change) };
  }

  const scheduleOf = (connectorId: string) => rig.client.schedule.getHandle(syncScheduleId(connectorId)).describe();

  async function expectNothingLeft(world: World, connectorId: string): Promise<void> {
    expect(await rig.affiliates(world)).toEqual({});
    await expect(scheduleOf(connectorId)).rejects.toThrow('not found');
    expect(await credentialModel(rig.database).countDocuments({ clientId: world.amazon.clientId })).toBe(0);
    expect((await rig.listings(connectorId)).map(({ sku }) => sku)).toEqual([]);
    expect(await syncRunModel(rig.database).countDocuments({ connectorId })).toBe(0);
  }

  it('undoes an onboarded connector: affiliate, schedule, secrets, ledger, runs and the connector itself', async () => {
    const { world, connectorId } = await made('whole');
    await rig.onboard(connectorId);
    await rig.firstSync(connectorId);
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    await expectNothingLeft(world, connectorId);
    expect(Object.keys(await rig.books(world))).toHaveLength(3);
  });

  it('ends an onboarding that waits, and undoes what it had created', async () => {
    const { world, connectorId } = await made('waiting', (input) => {
      input.orders = { defaultZipCode: '00000' };
    });
    await rig.orchestrator.startOnboarding(connectorId);
    await rig.waiting(connectorId, 'zip_not_served');
    expect(Object.keys(await rig.affiliates(world))).toEqual(['MZN']);
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    await expectNothingLeft(world, connectorId);
    const onboarding = rig.client.workflow.getHandle(onboardingWorkflowId(connectorId));
    expect((await onboarding.describe()).status.name).toBe('CANCELLED');
  });

  it('ends an onboarding in the middle of a step, and undoes what that step creates', async () => {
    const { world, connectorId } = await made('creating');
    const puts = await rig.callCount('vtex.putAffiliate');
    await rig.control('POST', 'faults', { match: { operation: 'vtex.putAffiliate' }, kind: 'slow', delayMs: 2000 });
    await rig.orchestrator.startOnboarding(connectorId);
    await rig.until(
      async () => (await rig.connector(connectorId)).onboarding.created.affiliateId === 'MZN',
      'the affiliate to be in creation'
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    await rig.until(async () => (await rig.callCount('vtex.putAffiliate')) > puts, 'the store to have answered');
    await expectNothingLeft(world, connectorId);
  });

  it('leaves an affiliate that a person created', async () => {
    const { world, connectorId } = await made('by-hand');
    await rig.control('POST', 'worlds/by-hand/vtex', { affiliateCreation: 'refused' });
    await rig.orchestrator.startOnboarding(connectorId);
    await rig.waiting(connectorId, 'affiliate_refused');
    await rig.createAffiliateByHand(world, {
      id: 'MZN',
      name: 'Amazon',
      followUpEmail: 'ops@example.com',
      searchURIEndpoint: await rig.hookEndpoint(connectorId),
    });
    await rig.orchestrator.configurationChanged(connectorId);
    await rig.onboarded(connectorId);
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    expect(await rig.affiliates(world)).toMatchObject({ MZN: { name: 'Amazon' } });
  });

  it('cancels a sync at work first, and gives its lease back', async () => {
    const { world, connectorId } = await made('syncing');
    await rig.onboard(connectorId);
    await rig.control('POST', 'faults', { match: { operation: 'putListingsItem' }, kind: 'slow', delayMs: 1000 });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await rig.run(connectorId))?.phase === 'publish', 'the sync to publish');
    const { workflowId } = (await rig.run(connectorId))!;
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    await expectNothingLeft(world, connectorId);
    expect(await rig.client.workflow.getHandle(workflowId).result()).toBe('cancelled');
    expect(await leaseStore(rig.database).holderOf(`sync:${connectorId}`)).toBeUndefined();
  });

  it('cancels a sync that reads the store, and leaves no SKU behind that was still being read', async () => {
    const { world, connectorId } = await made('reading');
    await rig.onboard(connectorId);
    const reads = await rig.callCount('vtex.getSku');
    await rig.control('POST', 'faults', { match: { operation: 'vtex.getSku' }, kind: 'slow', delayMs: 2000 });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await rig.run(connectorId))?.phase === 'collect', 'the sync to collect');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    await rig.until(async () => (await rig.callCount('vtex.getSku')) > reads, 'the store to have answered');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await expectNothingLeft(world, connectorId);
  });

  it('keeps the secrets that another connector uses, and forgets them with the last one', async () => {
    const { world, connectorId } = await made('sharing');
    const other = await rig.insertConnector(world, (input) => {
      input.source!.affiliateId = 'LNG';
    });
    await rig.onboard(connectorId);
    await rig.onboard(other);
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    expect(Object.keys(await rig.affiliates(world))).toEqual(['LNG']);
    const { clientId, sellerId, clientSecret } = world.amazon;
    const kept = await credentialStore(rig.database).newest(clientId, sellerId);
    expect(createKeyring(rig.config.ENCRYPTION_KEYS).open(kept!.clientSecret)).toBe(clientSecret);
    await rig.startRemoval(other);
    await rig.removed(other);
    await expectNothingLeft(world, other);
  });

  it('waits for a store that cannot be reached, and goes on later', async () => {
    const { world, connectorId } = await made('away');
    await rig.onboard(connectorId);
    await rig.control('POST', 'worlds/away/vtex', { down: true });
    await rig.startRemoval(connectorId);
    await rig.until(async () => (await rig.callCount('vtex.deleteAffiliate')) > 3, 'the store to be asked in vain');
    expect(await rig.isGone(connectorId)).toBe(false);
    await rig.control('POST', 'worlds/away/vtex', { down: false });
    await rig.removed(connectorId);
    await expectNothingLeft(world, connectorId);
  });

  it('goes on without the affiliate when the store refuses its deletion', async () => {
    const { world, connectorId } = await made('forbidden');
    await rig.onboard(connectorId);
    await rig.control('POST', 'faults', { match: { operation: 'vtex.deleteAffiliate' }, kind: 'status', status: 403 });
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    expect(Object.keys(await rig.affiliates(world))).toEqual(['MZN']);
  });

  it('is one removal, however often it is asked for', async () => {
    const { world, connectorId } = await made('again');
    await rig.onboard(connectorId);
    await Promise.all([1, 2, 3].map(() => rig.startRemoval(connectorId)));
    await rig.removed(connectorId);
    await expectNothingLeft(world, connectorId);
    expect((await rig.calls('vtex.deleteAffiliate')).filter((call) => call.account === 'again')).toHaveLength(1);
  });
});
