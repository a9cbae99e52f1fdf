import type { SyncProgress } from '../../domain/sync';
import { emptyCounts } from '../../domain/listing';
import { syncRunStore } from '../../models/sync-runs';
import { ADMIN_KEY, ApiUnderTest } from './api-under-test';
import { putRun } from './samples';

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

describe('POST /v1/connectors/{id}/syncs', () => {
  it('opens a run and starts its workflow; a second one is refused while it runs', async () => {
    const connectorId = await api.connector('active');

    const first = await api.post(`/v1/connectors/${connectorId}/syncs`, { mode: 'synchronization', scope: 'full' });

    expect(first.status).toBe(202);
    expect(first.body.id).toMatch(/^syn_[0-9a-f]{20}$/);
    expect(first.headers.get('location')).toBe(`/v1/syncs/${first.body.id}`);
    expect(api.orchestrator.calls.at(-1)).toEqual({
      name: 'startSync',
      args: [{ connectorId, syncId: first.body.id, trigger: 'api' }],
    });
    const second = await api.post(`/v1/connectors/${connectorId}/syncs`, {});
    expect(second.status).toBe(409);
    expect(second.body).toMatchObject({ code: 'sync_running', syncId: first.body.id });
  });

  it('opens exactly one of several that come at once', async () => {
    const connectorId = await api.connector('paused');
    const answers = await Promise.all([1, 2, 3, 4].map(() => api.post(`/v1/connectors/${connectorId}/syncs`, {})));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409]);
  });

  it.each(['draft', 'onboarding', 'inactive', 'failed'] as const)('refuses a connector that is %s', async (state) => {
    const connectorId = await api.connector(state);
    const { status, body } = await api.post(`/v1/connectors/${connectorId}/syncs`, {});
    expect([status, body.code]).toEqual([409, 'not_active']);
  });

  it('gives the place back when the workflow engine is away', async () => {
    const connectorId = await api.connector('active');
    api.orchestrator.mood = 'away';
    const refused = await api.post(`/v1/connectors/${connectorId}/syncs`, {});
    expect([refused.status, refused.body.code]).toEqual([503, 'workflows_unavailable']);
    api.orchestrator.mood = 'there';
    expect((await api.post(`/v1/connectors/${connectorId}/syncs`, {})).status).toBe(202);
  });

  it('syncs named SKUs', async () => {
    const connectorId = await api.connector('active');
    const { body } = await api.post(`/v1/connectors/${connectorId}/syncs`, { scope: 'skus', skus: ['a', 'b'] });
    expect(await syncRunStore(api.connection).get(body.id)).toMatchObject({ scope: 'skus', skus: ['a', 'b'] });
  });
});

describe('GET /v1/syncs/{id}', () => {
  const progress: SyncProgress = {
    syncId: null,
    phase: 'publish',
    paused: true,
    waitingFor: {
      code: 'throttled',
      message: 'Amazon asks us to wait.',
      owner: 'nobody',
      since: '2026-01-01T00:00:00.000Z',
    },
  };

  it('shows the database enriched by the workflow, with rate and time left', async () => {
    const connectorId = await api.connector('active');
    const id = 'syn_00000000000000000a01';
    await putRun(api.connection, {
      _id: id,
      connectorId,
      total: 100,
      counts: { ...emptyCounts(), live: 60, pending: 40 },
      processed: 60,
      toSend: 100,
      publishStartedAt: new Date(Date.now() - 30_000),
    });
    api.orchestrator.progress.set(`catalog-sync:${connectorId}:${id}`, progress);

    const { body } = await api.get(`/v1/syncs/${id}`);

    expect(body).toMatchObject({
      id,
      connectorId,
      phase: 'publish',
      live: true,
      paused: true,
      waitingFor: progress.waitingFor,
      total: 100,
      counts: { ...emptyCounts(), live: 60, pending: 40 },
      outcome: null,
      endedAt: null,
    });
    expect(body.ratePerSecond).toBeCloseTo(2, 0);
    expect(body.etaSeconds).toBeGreaterThanOrEqual(19);
    expect(body.etaSeconds).toBeLessThanOrEqual(22);
  });

  it.each(['away', 'silent'] as const)('says live: false while the workflow engine is %s', async (mood) => {
    const connectorId = await api.connector('active');
    const id = `syn_00000000000000000b${mood === 'away' ? '01' : '02'}`;
    await putRun(api.connection, { _id: id, connectorId });
    api.orchestrator.mood = mood;
    const begun = Date.now();
    const { status, body } = await api.get(`/v1/syncs/${id}`);
    expect([status, body.live, body.phase, body.waitingFor]).toEqual([200, false, 'collect', null]);
    expect(Date.now() - begun).toBeLessThan(1_500);
  });

  it('says that the workflow engine is awaited once it was silent for some seconds', async () => {
    const connectorId = await api.connector('active');
    const id = 'syn_00000000000000000b03';
    await putRun(api.connection, { _id: id, connectorId });
    const waitingFor = async (): Promise<unknown> => (await api.get(`/v1/syncs/${id}`)).body.waitingFor;
    api.orchestrator.mood = 'away';
    expect(await waitingFor()).toBeNull();
    await new Promise((resolve) => setTimeout(resolve, 5_200));
    expect(await waitingFor()).toMatchObject({ code: 'workflows_silent', owner: 'longshore' });
    api.orchestrator.mood = 'there';
    const progress = { syncId: id, phase: 'publish', paused: false, waitingFor: null } as const;
    api.orchestrator.progress.set(`catalog-sync:${connectorId}:${id}`, progress);
    expect(await waitingFor()).toBeNull();
    api.orchestrator.mood = 'away';
    expect(await waitingFor()).toBeNull();
  });
});

describe('GET /v1/connectors/{id}/syncs', () => {
  it('pages through the history, the newest first, also where runs began in the same moment', async () => {
    const connectorId = await api.connector('active');
    const startedAt = new Date('2026-01-01T00:00:00Z');
    for (let n = 0; n < 5; n++)
      await putRun(api.connection, {
        _id: `syn_00000000000000000c0${n}`,
        connectorId,
        phase: 'done',
        outcome: 'completed',
        startedAt: n < 3 ? startedAt : new Date(startedAt.getTime() + n),
        endedAt: new Date(),
      });
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await api.get(`/v1/connectors/${connectorId}/syncs?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...body.items.map(({ id }) => id.slice(-1)));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(['4', '3', '0', '1', '2']);
  });
});

describe('POST /v1/syncs/{id}/cancel, pause, resume', () => {
  it.each([
    ['cancel', 'cancelSync'],
    ['pause', 'pauseSync'],
    ['resume', 'resumeSync'],
  ] as const)('%s reaches the workflow, and is refused once the run has ended', async (verb, call) => {
    const connectorId = await api.connector('active');
    const { body } = await api.post(`/v1/connectors/${connectorId}/syncs`, {});
    const steered = await api.post(`/v1/syncs/${body.id}/${verb}`);
    expect([steered.status, steered.body]).toEqual([202, { id: body.id }]);
    expect(api.orchestrator.calls.at(-1)).toEqual({ name: call, args: [`catalog-sync:${connectorId}:${body.id}`] });

    await syncRunStore(api.connection).end(body.id, 'cancelled', 'Cancelled.');
    const late = await api.post(`/v1/syncs/${body.id}/${verb}`);
    expect([late.status, late.body.code]).toEqual([409, 'sync_ended']);
  });
});

describe('GET /v1/syncs/{id}/events', () => {
  interface Seen {
    event?: string;
    id?: string;
    data?: { phase: string; total: number; outcome: string | null };
  }

  /** Reads events until the stream ends or enough have come. */
  async function read(url: string, headers: Record<string, string> = {}, enough = Infinity): Promise<Seen[]> {
    const abort = new AbortController();
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${ADMIN_KEY}`, ...headers },
      signal: abort.signal,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const seen: Seen[] = [];
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
        if (fields.event) seen.push({ ...fields, data: JSON.parse(fields.data as string) as Seen['data'] });
      }
      if (seen.length >= enough) break;
    }
    abort.abort();
    return seen;
  }

  async function freshRun(id: string): Promise<string> {
    const connectorId = await api.connector('active');
    await putRun(api.connection, { _id: id, connectorId });
    return id;
  }

  it('tells each change once and ends with done', async () => {
    const id = await freshRun('syn_00000000000000000d01');
    const runs = syncRunStore(api.connection);
    const reading = read(`${api.url}/v1/syncs/${id}/events`);
    setTimeout(() => void runs.update(id, { total: 5, phase: 'publish' }), 300);
    setTimeout(() => void runs.end(id, 'completed', null), 2_300);

    const seen = await reading;

    expect(seen.map(({ event, data }) => [event, data?.phase, data?.total, data?.outcome])).toEqual([
      ['progress', 'collect', 0, null],
      ['progress', 'publish', 5, null],
      ['done', 'done', 5, 'completed'],
    ]);
    expect(new Set(seen.map((each) => each.id)).size).toBe(3);
  });

  it('ends at once for a run that has ended', async () => {
    const id = await freshRun('syn_00000000000000000d02');
    await syncRunStore(api.connection).end(id, 'failed', 'No.');
    const seen = await read(`${api.url}/v1/syncs/${id}/events`);
    expect(seen.map(({ event }) => event)).toEqual(['done']);
  });

  it('does not repeat the event a client has seen already', async () => {
    const id = await freshRun('syn_00000000000000000d03');
    const [first] = await read(`${api.url}/v1/syncs/${id}/events`, {}, 1);
    const again = read(`${api.url}/v1/syncs/${id}/events`, { 'last-event-id': first!.id! });
    setTimeout(() => void syncRunStore(api.connection).end(id, 'completed', null), 200);
    expect((await again).map(({ event }) => event)).toEqual(['done']);
  });

  it('looks once a second at a run, however many watch it', async () => {
    const id = await freshRun('syn_00000000000000000d04');
    const watching = [1, 2, 3, 4, 5].map(() => read(`${api.url}/v1/syncs/${id}/events`));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = api.orchestrator.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const looks = api.orchestrator.calls.length - before;
    await syncRunStore(api.connection).end(id, 'completed', null);
    await Promise.all(watching);
    expect(looks).toBeGreaterThanOrEqual(2);
    expect(looks).toBeLessThanOrEqual(3);
  });

  it('ends the streams when the process stops', async () => {
    const own = await ApiUnderTest.start();
    const connectorId = await own.connector('active');
    await putRun(own.connection, { _id: 'syn_00000000000000000d05', connectorId });
    const watching = read(`${own.url}/v1/syncs/syn_00000000000000000d05/events`);
    setTimeout(() => own.abortStreams(), 300);
    expect((await watching).map(({ event }) => event)).toEqual(['progress']);
    await own.stop();
  });

  it('takes only so many streams, and gives places back', async () => {
    const id = await freshRun('syn_00000000000000000d06');
    const open = new AbortController();
    const ask = (signal?: AbortSignal) =>
      fetch(`${api.url}/v1/syncs/${id}/events`, { headers: { authorization: `Bearer ${ADMIN_KEY}` }, signal });
    const streams = await Promise.all(Array.from({ length: 200 }, () => ask(open.signal)));
    expect(streams.every(({ status }) => status === 200)).toBe(true);
    const refused = await api.get(`/v1/syncs/${id}/events`);
    expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([
      503,
      'too_many_streams',
      '10',
    ]);
    open.abort();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await syncRunStore(api.connection).end(id, 'completed', null);
    expect((await api.get(`/v1/syncs/${id}/events`)).status).toBe(200);
  });
});
