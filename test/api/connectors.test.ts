import { connectorModel } from '../../models/connectors';
import { credentialIdOf, credentialModel } from '../../models/credentials';
import { ApiUnderTest } from './api-under-test';
import { bringTo, freshAffiliate, freshSeller, putRun, salesLayerConnector, SECRETS, vtexConnector } from './samples';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(async () => {
  await api.stop();
});
afterEach(() => {
  api.orchestrator.mood = 'there';
});

describe('POST /v1/connectors', () => {
  it('creates a draft, keeps its secrets encrypted, and starts the onboarding', async () => {
    const wanted = vtexConnector();

    const { status, body, headers } = await api.post('/v1/connectors', wanted);

    expect(status).toBe(202);
    expect(body).toEqual({
      id: expect.stringMatching(/^con_[0-9a-f]{20}$/),
      state: 'draft',
      onboarding: { workflowId: `onboarding:${body.id}` },
      warnings: [],
    });
    expect(headers.get('location')).toBe(`/v1/connectors/${body.id}`);
    expect(api.orchestrator.namesOf(body.id)).toEqual(['startOnboarding']);
    const kept = JSON.stringify([
      await connectorModel(api.connection).find().lean(),
      await credentialModel(api.connection).find().lean(),
    ]);
    for (const secret of Object.values(SECRETS)) expect(kept).not.toContain(secret);
    const credential = await credentialModel(api.connection).findById(credentialIdOf(wanted.amazon.clientId)).lean();
    expect(credential?.clientSecret).toEqual({ next: { keyId: 'test', box: expect.any(String) }, current: undefined });
  });

  it('warns when variations are sent alone (V10) and when mode test is set', async () => {
    const { body } = await api.post(
      '/v1/connectors',
      vtexConnector({ listing: { sendVariations: false }, schedule: { mode: 'test' } })
    );
    expect(body.warnings).toEqual([
      expect.objectContaining({ field: 'listing.sendVariations', code: 'variations_office_only' }),
      expect.objectContaining({ field: 'schedule.mode', code: 'nothing_is_sent' }),
    ]);
  });

  it.each<[string, object, object, string[]]>([
    [
      'price rules and no price sent',
      { sendPrice: false },
      { price: { factor: 2 } },
      ['offer.price price_rules_unused'],
    ],
    [
      'price rules and product facts alone',
      { requirements: 'LISTING_PRODUCT_ONLY' },
      { price: { floor: 5 } },
      ['offer.price price_rules_unused'],
    ],
    ['price rules that are empty', { sendPrice: false }, { price: {} }, []],
    ['price rules and prices', {}, { price: { factor: 2 } }, []],
  ])('warns of rules that change nothing: %s', async (_what, listing, offer, expected) => {
    const { body } = await api.post(
      '/v1/connectors',
      vtexConnector({ listing: { sendKits: false, ...listing }, offer: { minimumStock: 0, ...offer } })
    );
    expect((body.warnings as { field: string; code: string }[]).map(({ field, code }) => `${field} ${code}`)).toEqual(
      expected
    );
  });

  it('refuses a second connector that would own the same quantities (S1)', async () => {
    const sellerId = freshSeller();
    const first = await api.connector('draft', vtexConnector({ name: 'First', amazon: { sellerId } }));
    const { status, body } = await api.post('/v1/connectors', vtexConnector({ amazon: { sellerId } }));
    expect(status).toBe(409);
    expect(body).toMatchObject({
      code: 'quantity_conflict',
      detail: `Connector 'First' (${first}) already sends to seller ${sellerId} in US. Give the two connectors different product types, or change that one.`,
    });
  });

  it('accepts a second one for other product types', async () => {
    const sellerId = freshSeller();
    await api.connector('draft', vtexConnector({ amazon: { sellerId }, listing: { productTypes: ['SHIRT'] } }));
    await api.connector('draft', vtexConnector({ amazon: { sellerId }, listing: { productTypes: ['SHOES'] } }));
  });

  it('lets exactly one of two conflicting requests pass that come at once', async () => {
    for (let round = 0; round < 5; round++) {
      const sellerId = freshSeller();
      const answers = await Promise.all(
        [1, 2, 3].map(() => api.post('/v1/connectors', vtexConnector({ amazon: { sellerId } })))
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
    }
  });

  it('refuses an affiliate id that another connector of the store uses, also when both come at once', async () => {
    const affiliateId = freshAffiliate();
    const answers = await Promise.all(
      [1, 2].map(() => api.post('/v1/connectors', vtexConnector({ source: { affiliateId } })))
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 422]);
    const refused = answers.find(({ status }) => status === 422)!;
    expect(refused.body.code).toBe('affiliate_id_taken');
    expect(refused.body.errors).toEqual([
      {
        field: 'source.affiliateId',
        code: 'affiliate_id_taken',
        message: expect.stringContaining('Choose another one.'),
      },
    ]);
  });

  it('answers 503 while the workflow engine is away, and keeps what it has', async () => {
    api.orchestrator.mood = 'away';
    const sellerId = freshSeller();
    const { status, body, headers } = await api.post('/v1/connectors', vtexConnector({ amazon: { sellerId } }));
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'workflows_unavailable', '5']);
    expect(await connectorModel(api.connection).countDocuments({ 'config.amazon.sellerId': sellerId })).toBe(1);
  });

  it('does not wait for ever for a workflow engine that is silent', async () => {
    api.orchestrator.mood = 'silent';
    const { status, body } = await api.post('/v1/connectors', vtexConnector());
    expect([status, body.code]).toEqual([503, 'workflows_unavailable']);
  });
});

describe('GET /v1/connectors/{id}', () => {
  it('shows the whole configuration without secrets, and what activation needs', async () => {
    const { appToken, ...source } = vtexConnector().source;
    const id = await api.connector('draft', vtexConnector({ source: { ...source, appToken } }));

    const { status, body, headers } = await api.get(`/v1/connectors/${id}`);

    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"1"');
    expect(body).toMatchObject({
      id,
      state: 'draft',
      stateReason: null,
      configVersion: 1,
      secretsSet: ['source.appToken', 'amazon.clientSecret', 'amazon.refreshToken'],
      currentSync: null,
      lastSync: null,
      nextSyncAt: null,
    });
    expect(body.config).toEqual({
      name: 'Luma US',
      source,
      amazon: {
        country: 'US',
        sellerId: expect.any(String),
        clientId: 'amzn1.application-oa2-client.0123456789abcdef',
      },
      listing: {
        requirements: 'LISTING',
        appliedRequirements: 'ENFORCED',
        productTypes: [],
        fieldLocale: 'en_US',
        valueLocales: ['en_US'],
        skuLimit: 1000,
        sendVariations: true,
        sendPrice: true,
        sendKits: false,
        statuses: ['active'],
      },
      offer: { minimumStock: 2 },
      orders: {},
      schedule: { mode: 'synchronization', everyMinutes: 60, fullEveryHours: 24 },
    });
    const checklist = body.activationChecklist as { name: string; done: boolean }[];
    expect(checklist.map(({ name, done }) => [name, done])).toEqual(
      [
        'validate',
        'credential',
        'amazon-account',
        'source',
        'affiliate',
        'shipping-simulation',
        'schedule',
        'ready',
      ].map((name) => [name, false])
    );
  });

  it('shows the current and the last sync, and when the next one is due', async () => {
    const id = await api.connector('active');
    await putRun(api.connection, {
      _id: 'syn_000000000000000000aa',
      connectorId: id,
      phase: 'done',
      outcome: 'completed',
      startedAt: new Date('2026-01-01T00:00:00Z'),
      endedAt: new Date('2026-01-01T00:10:00Z'),
    });
    const { body: started } = await api.post(`/v1/connectors/${id}/syncs`, {});

    const { body } = await api.get(`/v1/connectors/${id}`);

    expect(body.currentSync).toMatchObject({ id: started.id, phase: 'queued', outcome: null });
    expect(body.lastSync).toMatchObject({ id: 'syn_000000000000000000aa', outcome: 'completed' });
    expect(body.nextSyncAt).toBe('2030-01-01T00:00:00.000Z');
  });

  it.each(['away', 'silent'] as const)('answers soon while the workflow engine is %s', async (mood) => {
    const id = await api.connector('active');
    api.orchestrator.mood = mood;
    const begun = Date.now();
    const { status, body } = await api.get(`/v1/connectors/${id}`);
    expect([status, body.nextSyncAt]).toEqual([200, null]);
    expect(Date.now() - begun).toBeLessThan(2_000);
  });
});

describe('GET /v1/connectors', () => {
  it('pages through all of them, the newest first, without gaps or repeats, while others are made', async () => {
    const own = await ApiUnderTest.start();
    const ids: string[] = [];
    for (let n = 0; n < 9; n++) ids.push(await own.connector('draft'));
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await own.get(`/v1/connectors?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
      if (seen.length === 4) await own.connector('draft');
    }
    expect(seen).toEqual(ids.reverse());
    const { body } = await own.get('/v1/connectors?state=active');
    expect(body.items).toEqual([]);
    await own.stop();
  });
});

describe('PATCH /v1/connectors/{id}', () => {
  it('merges, checks the whole, raises the version, and tells the workflows', async () => {
    const id = await api.connector('inactive', vtexConnector({ offer: { shippingTemplate: 'Standard' } }));

    const { status, body, headers } = await api.patch(
      `/v1/connectors/${id}`,
      { offer: { minimumStock: 5, shippingTemplate: null }, listing: { sendVariations: false } },
      { headers: { 'content-type': 'application/merge-patch+json' } }
    );

    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"2"');
    expect(body).toMatchObject({ configVersion: 2, config: { offer: { minimumStock: 5 } } });
    expect((body.config as { offer: object }).offer).toEqual({ minimumStock: 5 });
    expect(body.warnings).toEqual([expect.objectContaining({ code: 'variations_office_only' })]);
    expect(api.orchestrator.namesOf(id)).toEqual(['startOnboarding', 'configurationChanged']);
  });

  it('leaves the version alone when nothing changes, and still tells the workflows', async () => {
    const id = await api.connector('onboarding');
    const { body } = await api.patch(`/v1/connectors/${id}`, { offer: { minimumStock: 2 } });
    expect(body.configVersion).toBe(1);
    expect(api.orchestrator.namesOf(id)).toContain('configurationChanged');
  });

  it('reports every problem of the configuration that would result', async () => {
    const id = await api.connector('inactive');
    const { status, body } = await api.patch(`/v1/connectors/${id}`, {
      offer: { minimumStock: null },
      schedule: { everyMinutes: 1 },
      listing: { colour: 1 },
    });
    expect(status).toBe(422);
    expect(body.errors).toEqual([
      {
        field: 'listing.colour',
        code: 'unknown_field',
        message: "There is no field 'colour' here; check its spelling.",
      },
      { field: 'schedule.everyMinutes', code: 'too_small', message: 'This must be at least 5.' },
      {
        field: 'offer.minimumStock',
        code: 'required',
        message: 'Give the minimum stock; 0 sells down to the last unit.',
      },
    ]);
  });

  it('lets a mistyped account be corrected before the end of onboarding, and not after', async () => {
    const id = await api.connector('onboarding');
    const sellerId = freshSeller();
    const early = await api.patch(`/v1/connectors/${id}`, {
      amazon: { sellerId, refreshToken: SECRETS.nextRefreshToken },
    });
    expect(early.status).toBe(200);

    await bringTo(api.connection, id, 'active');
    const late = await api.patch(`/v1/connectors/${id}`, {
      source: { account: 'other' },
      amazon: { sellerId: freshSeller(), country: 'MX', refreshToken: SECRETS.refreshToken },
    });
    expect(late.status).toBe(422);
    expect(late.body).toMatchObject({
      code: 'immutable',
      errors: ['source.account', 'amazon.country', 'amazon.sellerId'].map((field) => ({ field, code: 'immutable' })),
    });
  });

  it('keeps an identity fixed while a change sends an active connector through its steps again', async () => {
    const id = await api.connector('active');
    await connectorModel(api.connection).updateOne({ _id: id }, { $set: { 'onboarding.steps.7.state': 'pending' } });
    const { body } = await api.patch(`/v1/connectors/${id}`, { source: { account: 'other' } });
    expect(body.code).toBe('immutable');
  });

  it('asks for the refresh token of a seller that has none yet', async () => {
    const id = await api.connector('onboarding');
    const { body } = await api.patch(`/v1/connectors/${id}`, { amazon: { sellerId: freshSeller() } });
    expect(body.errors).toEqual([
      {
        field: 'amazon.refreshToken',
        code: 'required',
        message: 'Give the refresh token, which begins with Atzr|.',
      },
    ]);
  });

  it('puts a new refresh token beside the one in use, until it is proved', async () => {
    const wanted = vtexConnector();
    const id = await api.connector('active', wanted);
    const { sellerId } = wanted.amazon;
    const slots = `refreshTokens.${sellerId}`;
    const model = credentialModel(api.connection);
    await model.updateOne(
      {},
      { $set: { [`${slots}.current`]: { keyId: 'test', box: 'proved' }, [`${slots}.next`]: null } }
    );

    const { status, body } = await api.patch(`/v1/connectors/${id}`, {
      amazon: { refreshToken: SECRETS.nextRefreshToken },
    });

    expect([status, body.configVersion]).toEqual([200, 2]);
    const credential = await model.findById(credentialIdOf(wanted.amazon.clientId)).lean();
    expect(credential?.refreshTokens[sellerId]).toEqual({
      current: { keyId: 'test', box: 'proved' },
      next: { keyId: 'test', box: expect.not.stringMatching('proved') },
    });
  });

  it('moves a Sales Layer connector from one API to the other and forgets the secret of the first', async () => {
    const id = await api.connector('onboarding', salesLayerConnector());
    const { status, body } = await api.patch(`/v1/connectors/${id}`, {
      source: { connectorCode: null, secretKey: null, apiKey: SECRETS.apiKey },
    });
    expect(status).toBe(200);
    expect(body.secretsSet).toEqual(['source.apiKey', 'amazon.clientSecret', 'amazon.refreshToken']);
  });

  it('refuses to take a secret away that is needed', async () => {
    const id = await api.connector('active');
    const { body } = await api.patch(`/v1/connectors/${id}`, { source: { appToken: null } });
    expect(body.errors).toEqual([
      { field: 'source.appToken', code: 'required', message: 'Give the app token that belongs to the app key.' },
    ]);
  });

  it('refuses a change to a version that is not the present one (If-Match)', async () => {
    const id = await api.connector('active');
    const change = (minimumStock: number, tag: string) =>
      api.patch(`/v1/connectors/${id}`, { offer: { minimumStock } }, { headers: { 'if-match': tag } });
    expect((await change(3, '"1"')).status).toBe(200);
    const late = await change(4, '"1"');
    expect([late.status, late.body.code]).toEqual([412, 'version_changed']);
    expect((await change(4, '"1", "2"')).status).toBe(200);
    expect((await change(5, '*')).status).toBe(200);
  });

  it('loses none of several changes that come at once', async () => {
    const id = await api.connector('active');
    const patches = [
      { offer: { minimumStock: 7 } },
      { listing: { sendPrice: false } },
      { schedule: { everyMinutes: 30 } },
      { name: 'Renamed' },
    ];
    const answers = await Promise.all(patches.map((patch) => api.patch(`/v1/connectors/${id}`, patch)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const { body } = await api.get(`/v1/connectors/${id}`);
    expect(body).toMatchObject({
      configVersion: 5,
      config: {
        name: 'Renamed',
        offer: { minimumStock: 7 },
        listing: { sendPrice: false },
        schedule: { everyMinutes: 30 },
      },
    });
  });

  it('brings the schedule in line when the period of an active connector changes', async () => {
    const id = await api.connector('active');
    await api.patch(`/v1/connectors/${id}`, { schedule: { everyMinutes: 15 } });
    expect(api.orchestrator.schedules.get(id)).toEqual({ connectorId: id, everyMinutes: 15, paused: false });
  });

  it('refuses product types that another connector of the seller owns', async () => {
    const sellerId = freshSeller();
    const shirts = vtexConnector({ amazon: { sellerId }, listing: { productTypes: ['SHIRT'] } });
    const shoes = vtexConnector({ amazon: { sellerId }, listing: { productTypes: ['SHOES'] } });
    await api.connector('active', shirts);
    const id = await api.connector('active', shoes);
    const { status, body } = await api.patch(`/v1/connectors/${id}`, { listing: { productTypes: ['SHIRT', 'SHOES'] } });
    expect([status, body.code]).toEqual([409, 'quantity_conflict']);
  });

  it('is told in the audit trail with what was and is, and no secret', async () => {
    const id = await api.connector('active');
    await api.patch(`/v1/connectors/${id}`, {
      name: 'Luma',
      amazon: { refreshToken: SECRETS.nextRefreshToken },
    });
    const { body } = await api.get(`/v1/audit?connectorId=${id}`);
    expect(body.items[0]).toEqual({
      id: expect.any(String),
      at: expect.any(String),
      actor: { id: 'bootstrap', name: 'ADMIN_API_KEY', role: 'admin' },
      action: 'connector.changed',
      target: { type: 'connector', id },
      connectorId: id,
      fields: ['amazon.refreshToken', 'name'],
      changes: [
        { field: 'amazon.refreshToken', before: '[secret]', after: '[secret]' },
        { field: 'name', before: 'Luma US', after: 'Luma' },
      ],
      requestId: expect.any(String),
    });
    expect(body.items.map(({ action }) => action)).toEqual(['connector.changed', 'connector.created']);
  });
});

describe('activation, pause, removal', () => {
  it('says what is missing before the onboarding is through', async () => {
    const id = await api.connector('onboarding');
    await connectorModel(api.connection).updateOne(
      { _id: id },
      { $set: { 'onboarding.steps.0': { name: 'validate', state: 'done', detail: 'All is well.' } } }
    );
    const { status, body } = await api.post(`/v1/connectors/${id}/activate`);
    expect([status, body.code]).toEqual([409, 'not_ready']);
    expect((body.missing as { name: string }[]).map(({ name }) => name)).toEqual([
      'credential',
      'amazon-account',
      'source',
      'affiliate',
      'shipping-simulation',
      'schedule',
      'ready',
    ]);
  });

  it('starts the activation of a connector that is ready, and leaves an active one as it is', async () => {
    const id = await api.connector('inactive');
    const first = await api.post(`/v1/connectors/${id}/activate`);
    expect([first.status, first.body]).toEqual([202, { id, state: 'inactive' }]);
    expect(api.orchestrator.namesOf(id)).toContain('startActivation');
    await bringTo(api.connection, id, 'active');
    const again = await api.post(`/v1/connectors/${id}/activate`);
    expect([again.status, again.body]).toEqual([202, { id, state: 'active' }]);
  });

  it('pauses and resumes, with the schedule, and may be repeated', async () => {
    const id = await api.connector('active');
    for (let times = 0; times < 2; times++) {
      const { status, body } = await api.post(`/v1/connectors/${id}/pause`);
      expect([status, body]).toEqual([200, { id, state: 'paused' }]);
      expect(api.orchestrator.schedules.get(id)?.paused).toBe(true);
    }
    const { body: shown } = await api.get(`/v1/connectors/${id}`);
    expect(shown.stateReason).toBe('Paused by ADMIN_API_KEY.');
    const activate = await api.post(`/v1/connectors/${id}/activate`);
    expect([activate.status, activate.body.code]).toEqual([409, 'wrong_state']);
    const { body } = await api.post(`/v1/connectors/${id}/resume`);
    expect(body).toEqual({ id, state: 'active' });
    expect(api.orchestrator.schedules.get(id)?.paused).toBe(false);
  });

  it('mends a schedule that could not be reached when the request is repeated', async () => {
    const id = await api.connector('active');
    api.orchestrator.mood = 'away';
    expect((await api.post(`/v1/connectors/${id}/pause`)).status).toBe(503);
    api.orchestrator.mood = 'there';
    expect((await api.post(`/v1/connectors/${id}/pause`)).status).toBe(200);
    expect(api.orchestrator.schedules.get(id)?.paused).toBe(true);
  });

  it('says why another state cannot be paused', async () => {
    const id = await api.connector('inactive');
    const { status, body } = await api.post(`/v1/connectors/${id}/pause`);
    expect([status, body.code]).toEqual([409, 'wrong_state']);
    expect(body.detail).toBe('Only a connector that is active can be paused; this one is inactive.');
  });

  it('removes by a workflow, may be repeated, and is not found afterwards', async () => {
    const id = await api.connector('active');
    for (let times = 0; times < 2; times++) {
      const { status, body } = await api.delete(`/v1/connectors/${id}`);
      expect([status, body]).toEqual([202, { id, state: 'removing' }]);
    }
    const patched = await api.patch(`/v1/connectors/${id}`, { name: 'Too late' });
    expect([patched.status, patched.body.code]).toEqual([409, 'connector_removing']);
    const activated = await api.post(`/v1/connectors/${id}/activate`);
    expect([activated.status, activated.body.code]).toEqual([409, 'connector_removing']);
    await connectorModel(api.connection).deleteOne({ _id: id });
    expect((await api.delete(`/v1/connectors/${id}`)).status).toBe(404);
  });
});

describe('GET /v1/connectors/{id}/onboarding', () => {
  it('shows the steps and what they wait for', async () => {
    const id = await api.connector('draft');
    expect((await api.get(`/v1/connectors/${id}/onboarding`)).body.state).toBe('running');

    const waitingFor = {
      code: 'auth.access_revoked',
      message: 'The refresh token is not valid.',
      field: 'amazon.refreshToken',
      owner: 'merchant',
      since: '2026-01-01T00:00:00.000Z',
    };
    await connectorModel(api.connection).updateOne(
      { _id: id },
      {
        $set: {
          state: 'onboarding',
          'onboarding.waitingFor': waitingFor,
          'onboarding.steps.1': { name: 'credential', state: 'waiting', detail: 'No.', startedAt: waitingFor.since },
        },
      }
    );
    const { body } = await api.get(`/v1/connectors/${id}/onboarding`);
    expect(body).toMatchObject({ state: 'waiting', waitingFor });
    expect((body.steps as unknown[])[1]).toEqual({
      name: 'credential',
      state: 'waiting',
      detail: 'No.',
      startedAt: waitingFor.since,
      endedAt: null,
    });
  });

  it.each([
    ['inactive', 'ready'],
    ['failed', 'failed'],
  ] as const)('is, for a connector that is %s, %s', async (state, shown) => {
    const id = await api.connector(state);
    const { body } = await api.get(`/v1/connectors/${id}/onboarding`);
    expect(body.state).toBe(shown);
    expect(body).not.toHaveProperty('waitingFor');
  });
});
