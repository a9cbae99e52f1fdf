import { ONBOARDING_STEPS, type OnboardingStep } from '../../domain/connector';
import { onboardingWorkflowId, syncScheduleId } from '../../domain/ids';
import { SIGNALS, WORKFLOWS } from '../../domain/messages';
import { connectorStore } from '../../models/connectors';
import { credentialStore } from '../../models/credentials';
import { plainProducts, Rig, type World } from './rig';

describe('an onboarding', () => {
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
    const world = await rig.world(name, plainProducts(2));
    return { world, connectorId: await rig.insertConnector(world, change) };
  }

  /** Starts an onboarding that must come to wait for this. */
  async function waitsFor(connectorId: string, code: string, step: OnboardingStep['name']) {
    await rig.orchestrator.startOnboarding(connectorId);
    const waitingFor = await rig.waiting(connectorId, code);
    const { onboarding, state } = await rig.connector(connectorId);
    expect(state).toBe('onboarding');
    expect(onboarding.steps.find((each) => each.name === step)).toMatchObject({
      state: 'waiting',
      detail: waitingFor.message,
    });
    return waitingFor;
  }

  async function becomesInactive(connectorId: string): Promise<OnboardingStep[]> {
    const { state, onboarding } = await rig.onboarded(connectorId);
    expect(state).toBe('inactive');
    expect(onboarding.waitingFor).toBeNull();
    return onboarding.steps;
  }

  const detailOf = (steps: OnboardingStep[], name: string): string | undefined =>
    steps.find((step) => step.name === name)?.detail;

  it('goes through every step in order, says what each found, and ends inactive with a paused schedule', async () => {
    const { world, connectorId } = await made('straight', (input) => {
      input.orders = { defaultZipCode: '10001' };
    });
    await rig.orchestrator.startOnboarding(connectorId);
    const steps = await becomesInactive(connectorId);
    expect(steps.map(({ name, state }) => ({ name, state }))).toEqual(
      ONBOARDING_STEPS.map((name) => ({ name, state: 'done' }))
    );
    expect(detailOf(steps, 'amazon-account')).toBe(`${world.amazon.sellerId} sells in US (ATVPDKIKX0DER).`);
    expect(detailOf(steps, 'source')).toBe('straight is reachable, and its trade policy 1 (Main) is active.');
    expect(detailOf(steps, 'affiliate')).toBe('The affiliate MZN was created.');
    expect(detailOf(steps, 'shipping-simulation')).toMatch(/^10001 is served by .+, \d+ business days?/);
    expect(detailOf(steps, 'schedule')).toBe('A sync every 60 minutes, from activation on.');
    const times = steps.flatMap(({ startedAt, endedAt }) => [startedAt, endedAt]);
    expect(times).toEqual([...times].sort());
    expect(await rig.orchestrator.scheduleState(connectorId)).toEqual({ paused: true, nextRunAt: null });
    expect((await rig.affiliates(world)).MZN).toMatchObject({
      name: `Longshore ${connectorId}`,
      followUpEmail: 'ops@example.com',
      salesChannel: '1',
      searchURIEndpoint: await rig.hookEndpoint(connectorId),
    });
  });

  it('skips the freight simulation when no ZIP code is set', async () => {
    const { connectorId } = await made('no-zip');
    await rig.orchestrator.startOnboarding(connectorId);
    const steps = await becomesInactive(connectorId);
    expect(steps.find(({ name }) => name === 'shipping-simulation')).toMatchObject({
      state: 'skipped',
      detail: 'No default ZIP code is set, so pending orders hold no stock.',
    });
  });

  describe('waits for a person, and goes on by itself,', () => {
    it('when the client secret is wrong', async () => {
      const { world, connectorId } = await made('wrong-secret', (input) => {
        input.amazon!.clientSecret = 'amzn1.oa2-cs.v1.mistyped';
      });
      const waitingFor = await waitsFor(connectorId, 'auth.wrong_secret', 'credential');
      expect(waitingFor).toMatchObject({ field: 'amazon.clientSecret', owner: 'longshore' });
      const { config } = await rig.connector(connectorId);
      await rig.proposeSecrets(config, { 'amazon.clientSecret': world.amazon.clientSecret });
      await rig.orchestrator.configurationChanged(connectorId);
      await becomesInactive(connectorId);
    });

    it('when Amazon takes no client secret of it, and still says so after a value that does not help', async () => {
      const { connectorId } = await made('expired-secret');
      await rig.control('POST', 'worlds/expired-secret/amazon', { secretExpired: true });
      await waitsFor(connectorId, 'auth.wrong_secret', 'credential');
      const { config } = await rig.connector(connectorId);
      await rig.proposeSecrets(config, { 'amazon.clientSecret': 'amzn1.oa2-cs.v1.mistyped' });
      const before = await rig.callCount('lwaToken');
      await rig.orchestrator.configurationChanged(connectorId);
      await rig.until(async () => (await rig.callCount('lwaToken')) > before, 'the new value to be tried');
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect((await rig.connector(connectorId)).onboarding.waitingFor).toMatchObject({ code: 'auth.wrong_secret' });
      const mended = await rig.control<World>('POST', 'worlds/expired-secret/amazon', {
        newClientSecret: true,
        secretExpired: false,
      });
      await rig.proposeSecrets(config, { 'amazon.clientSecret': mended.amazon.clientSecret });
      await rig.orchestrator.configurationChanged(connectorId);
      await becomesInactive(connectorId);
    });

    it('when the seller has withdrawn the access', async () => {
      const { connectorId } = await made('revoked');
      await rig.control('POST', 'worlds/revoked/amazon', { accessRevoked: true });
      const waitingFor = await waitsFor(connectorId, 'auth.access_revoked', 'credential');
      expect(waitingFor).toMatchObject({ field: 'amazon.refreshToken', owner: 'merchant' });
      await rig.control('POST', 'worlds/revoked/amazon', { accessRevoked: false });
      await rig.orchestrator.configurationChanged(connectorId);
      await becomesInactive(connectorId);
    });

    it('when the account does not take part in the marketplace', async () => {
      const { connectorId } = await made('elsewhere');
      await rig.control('POST', 'worlds/elsewhere/amazon', { participating: false });
      const waitingFor = await waitsFor(connectorId, 'not_participating', 'amazon-account');
      expect(waitingFor).toMatchObject({ field: 'amazon.country', owner: 'merchant' });
      expect(waitingFor.message).toContain('does not sell in US');
      await rig.control('POST', 'worlds/elsewhere/amazon', { participating: true });
      await rig.orchestrator.configurationChanged(connectorId);
      await becomesInactive(connectorId);
    });

    it("when the seller id is not the account's", async () => {
      const { world, connectorId } = await made('mismatch', (input) => {
        input.amazon!.sellerId = 'ASOMEBODYELSE';
      });
      const waitingFor = await waitsFor(connectorId, 'seller_mismatch', 'amazon-account');
      expect(waitingFor).toMatchObject({ field: 'amazon.sellerId', owner: 'merchant' });
      expect(waitingFor.message).toContain('is not ASOMEBODYELSE');
      const { config } = await rig.connector(connectorId);
      const { sellerId, clientSecret, refreshToken } = world.amazon;
      await rig.proposeSecrets(
        { ...config, amazon: { ...config.amazon, sellerId } },
        { 'amazon.clientSecret': clientSecret, 'amazon.refreshToken': refreshToken }
      );
      await rig.patch(connectorId, { 'amazon.sellerId': sellerId });
      await becomesInactive(connectorId);
    });

    it.each([
      ['unknown', '7', 'sales_channel_unknown', 'has no trade policy 7; it has 1, 2.'],
      ['inactive', '2', 'sales_channel_inactive', 'The trade policy 2 (Second) is not active.'],
    ])('when the trade policy is %s', async (kind, salesChannel, code, words) => {
      const { connectorId } = await made(`policy-${kind}`, (input) => {
        input.source!.salesChannel = salesChannel;
      });
      const waitingFor = await waitsFor(connectorId, code, 'source');
      expect(waitingFor).toMatchObject({ field: 'source.salesChannel', owner: 'merchant' });
      expect(waitingFor.message).toContain(words);
      await rig.patch(connectorId, { 'source.salesChannel': '1' });
      await becomesInactive(connectorId);
    });

    it('when the store does not know the account', async () => {
      const { world, connectorId } = await made('misspelt', (input) => {
        input.source!.account = 'misspeltt';
      });
      const waitingFor = await waitsFor(connectorId, 'config', 'source');
      expect(waitingFor.message).toContain('check the account name');
      await rig.patch(connectorId, { 'source.account': world.vtex.account });
      await becomesInactive(connectorId);
    });

    it("when the affiliate id is somebody else's", async () => {
      const { world, connectorId } = await made('taken');
      const theirs = { name: 'Another marketplace', searchURIEndpoint: 'https://example.com/hook' };
      await rig.createAffiliateByHand(world, { id: 'MZN', ...theirs });
      const waitingFor = await waitsFor(connectorId, 'affiliate_id_taken', 'source');
      expect(waitingFor).toMatchObject({ field: 'source.affiliateId', owner: 'merchant' });
      expect(waitingFor.message).toContain('affiliate MZN (Another marketplace)');
      await rig.patch(connectorId, { 'source.affiliateId': 'LNG' });
      await becomesInactive(connectorId);
      const affiliates = await rig.affiliates(world);
      expect(Object.keys(affiliates).sort()).toEqual(['LNG', 'MZN']);
      expect(affiliates.MZN).toMatchObject(theirs);
    });

    it('when the store refuses to have the affiliate created, and says exactly what to create', async () => {
      const { world, connectorId } = await made('refusing');
      await rig.control('POST', 'worlds/refusing/vtex', { affiliateCreation: 'refused' });
      const waitingFor = await waitsFor(connectorId, 'affiliate_refused', 'affiliate');
      const endpoint = await rig.hookEndpoint(connectorId);
      const shownAt = `/v1/connectors/${connectorId}/hook`;
      expect(waitingFor.owner).toBe('merchant');
      for (const part of ['MZN', `Longshore ${connectorId}`, 'ops@example.com', 'trade policy 1', shownAt, '1.x.x'])
        expect(waitingFor.message).toContain(part);
      // The endpoint holds a secret, and a message lies in the workflow's history.
      expect(JSON.stringify(await rig.connector(connectorId))).not.toContain(endpoint);
      expect((await rig.connector(connectorId)).onboarding.created.affiliateId ?? null).toBeNull();
      await rig.createAffiliateByHand(world, {
        id: 'MZN',
        name: `Longshore ${connectorId}`,
        followUpEmail: 'ops@example.com',
        searchURIEndpoint: endpoint,
      });
      await rig.control('POST', 'worlds/refusing/vtex', { affiliateCreation: 'refused' });
      await rig.orchestrator.configurationChanged(connectorId);
      expect(detailOf(await becomesInactive(connectorId), 'affiliate')).toBe('The affiliate MZN is there.');
    });

    it('when no carrier serves the ZIP code', async () => {
      const { connectorId } = await made('unserved', (input) => {
        input.orders = { defaultZipCode: '00000' };
      });
      const waitingFor = await waitsFor(connectorId, 'zip_not_served', 'shipping-simulation');
      expect(waitingFor).toMatchObject({ field: 'orders.defaultZipCode', owner: 'merchant' });
      await rig.patch(connectorId, { 'orders.defaultZipCode': '10001' });
      expect(detailOf(await becomesInactive(connectorId), 'shipping-simulation')).toContain('10001 is served by');
    });
  });

  it('moves the affiliate when its id changes, and leaves alone what others later make of the old id', async () => {
    const { world, connectorId } = await made('moved');
    await rig.onboard(connectorId);
    await rig.patch(connectorId, { 'source.affiliateId': 'LNG' });
    await rig.onboarded(connectorId);
    expect(Object.keys(await rig.affiliates(world))).toEqual(['LNG']);
    await rig.createAffiliateByHand(world, { id: 'MZN', name: 'Another marketplace' });
    await rig.orchestrator.configurationChanged(connectorId);
    await rig.onboarded(connectorId);
    expect(Object.keys(await rig.affiliates(world)).sort()).toEqual(['LNG', 'MZN']);
  });

  it('says that it waits for a store that is down, tries again, and heals', async () => {
    const { world, connectorId } = await made('down');
    await rig.control('POST', 'faults', {
      match: { operation: 'vtex.*', account: world.vtex.account },
      kind: 'status',
      status: 503,
      forSeconds: 4,
    });
    await rig.orchestrator.startOnboarding(connectorId);
    const waitingFor = await rig.waiting(connectorId, 'transient');
    expect(waitingFor.message).toContain('503');
    expect(await becomesInactive(connectorId)).toHaveLength(ONBOARDING_STEPS.length);
  });

  it('reads the participations once, however often it runs', async () => {
    const { world, connectorId } = await made('once');
    await rig.onboard(connectorId);
    await rig.orchestrator.configurationChanged(connectorId);
    await rig.onboarded(connectorId);
    const calls = await rig.calls('getMarketplaceParticipations');
    expect(calls.filter((call) => call.sellerId === world.amazon.sellerId)).toHaveLength(1);
  });

  it('shows a wrong new secret of one connector, and never breaks another that shares the application', async () => {
    const world = await rig.world('shared', plainProducts(3));
    const first = await rig.insertConnector(world);
    const second = await rig.insertConnector(world, (input) => {
      input.source!.affiliateId = 'LNG';
    });
    await Promise.all([rig.onboard(first), rig.onboard(second)]);
    await rig.firstSync(second);
    const { config } = await rig.connector(first);
    await rig.proposeSecrets(config, { 'amazon.clientSecret': 'amzn1.oa2-cs.v1.mistyped' });
    await rig.orchestrator.configurationChanged(first);
    await rig.waiting(first, 'auth.wrong_secret');
    await rig.control('POST', 'worlds/shared/amazon', { expireTokens: true });
    await rig.control('POST', 'worlds/shared/skus/SKU-0001', { quantity: 4 });
    const run = await rig.sync(second);
    expect(run.outcome).toBe('completed');
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ quantity: 4 });
    await rig.proposeSecrets(config, { 'amazon.clientSecret': world.amazon.clientSecret });
    await rig.orchestrator.configurationChanged(first);
    await becomesInactive(first);
    const { clientId, sellerId } = world.amazon;
    expect((await credentialStore(rig.database).newest(clientId, sellerId))?.unproved.clientSecret).toBe(false);
  });

  it('goes through all steps again when an active connector changes, which stays active all the while', async () => {
    const { connectorId } = await made('at-work');
    await rig.onboard(connectorId);
    await rig.firstSync(connectorId);
    await rig.patch(connectorId, { 'source.salesChannel': '7', 'schedule.everyMinutes': 30 });
    await rig.waiting(connectorId, 'sales_channel_unknown');
    expect((await rig.connector(connectorId)).state).toBe('active');
    await rig.patch(connectorId, { 'source.salesChannel': '1' });
    const { state, onboarding } = await rig.onboarded(connectorId);
    expect(state).toBe('active');
    expect(detailOf(onboarding.steps, 'schedule')).toBe('A sync every 30 minutes.');
    expect(await rig.orchestrator.scheduleState(connectorId)).toMatchObject({ paused: false });
  });

  it('is started once, however often it is asked for', async () => {
    const { world, connectorId } = await made('twice');
    await rig.control('POST', 'faults', { match: { operation: 'lwaToken' }, kind: 'slow', delayMs: 500 });
    await Promise.all([1, 2, 3].map(() => rig.orchestrator.startOnboarding(connectorId)));
    await rig.onboarded(connectorId);
    const calls = await rig.calls('vtex.putAffiliate');
    expect(calls.filter((call) => call.account === world.vtex.account)).toHaveLength(1);
    const { sellerId } = world.amazon;
    const read = (await rig.calls('getMarketplaceParticipations')).filter((call) => call.sellerId === sellerId);
    expect(read).toHaveLength(1);
  });

  it('creates nothing for a connector that is being removed', async () => {
    const { world, connectorId } = await made('late');
    await connectorStore(rig.database).move(connectorId, ['draft'], 'removing');
    await rig.orchestrator.configurationChanged(connectorId);
    await expect(rig.onboarded(connectorId)).rejects.toThrow('Workflow execution failed');
    expect(await rig.affiliates(world)).toEqual({});
    await expect(rig.client.schedule.getHandle(syncScheduleId(connectorId)).describe()).rejects.toThrow('not found');
  });

  it('goes on with a fresh history when it has waited so long that the old one is full', async () => {
    const { world, connectorId } = await made('patient', (input) => {
      input.source!.salesChannel = '7';
    });
    await waitsFor(connectorId, 'sales_channel_unknown', 'source');
    const since = (await rig.connector(connectorId)).onboarding.waitingFor?.since;
    const handle = rig.client.workflow.getHandle(onboardingWorkflowId(connectorId));
    const { runId } = await handle.describe();
    await rig.stopWorker();
    for (let sent = 0; sent < 4200; sent += 100)
      await Promise.all(Array.from({ length: 100 }, () => handle.signal(SIGNALS.configurationChanged)));
    await rig.startWorker();
    await rig.until(async () => (await handle.describe()).runId !== runId, 'the history to be let go');
    expect((await rig.connector(connectorId)).onboarding.waitingFor).toMatchObject({
      code: 'sales_channel_unknown',
      since,
    });
    expect((await handle.describe()).type).toBe(WORKFLOWS.onboarding);
    await rig.patch(connectorId, { 'source.salesChannel': '1' });
    await becomesInactive(connectorId);
    expect(Object.keys(await rig.affiliates(world))).toEqual(['MZN']);
  });
});
