import { createHash, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { LISTING_STATES } from '../domain/listing';
import { EmbeddedError, type Log } from './embedded-error';
import { HttpError, requestJson, type JsonRequest } from './http-json';
import { places } from './places';

// The demo of `npm start`: everything a merchant would do, through the public API, against a store of the sandbox.

/** How long onboarding may take, in milliseconds. */
const ONBOARDING_BOUND_MS = 180_000;
/** How long it may take until an activated connector shows a sync, in milliseconds. */
const SYNC_SHOWS_BOUND_MS = 60_000;
/** A sync in which nothing changes for this long is given up, in milliseconds. */
const STANDSTILL_BOUND_MS = 300_000;
/** How often the API is asked, in milliseconds. */
const POLL_MS = 500;

export type DemoOptions = {
  apiUrl: string;
  adminApiKey: string;
  sandboxUrl: string;
  dataDir: string;
  /** Absolute path of JSON lines; without it 300 SKUs are generated. */
  catalog?: string;
  skuLimit?: number;
  log: Log;
  /** Told about the sync whenever it was asked. */
  onProgress: (sync: SyncView) => void;
  signal: AbortSignal;
};

export type DemoResult = {
  connectorId: string;
  syncId: string;
  seconds: number;
  total: number;
  counts: Record<string, number>;
  /** Requests that reached Amazon (the sandbox) during this sync. */
  amazonRequests: number;
  outcome: string;
  problems: Problem[];
};

const waitingFor = z.object({ code: z.string().optional(), message: z.string() }).nullish();

const worldView = z.object({
  name: z.string(),
  vtex: z.object({ account: z.string(), appKey: z.string(), appToken: z.string(), salesChannel: z.string() }),
  amazon: z.object({ clientId: z.string(), clientSecret: z.string(), refreshToken: z.string(), sellerId: z.string() }),
});
type WorldView = z.infer<typeof worldView>;

const connectorView = z.object({
  id: z.string(),
  state: z.string(),
  config: z.object({ listing: z.object({ skuLimit: z.number() }) }),
  currentSync: z.object({ id: z.string() }).nullish(),
  lastSync: z.object({ id: z.string() }).nullish(),
});
type ConnectorView = z.infer<typeof connectorView>;

const onboardingView = z.object({
  state: z.string(),
  steps: z.array(z.object({ name: z.string(), state: z.string(), detail: z.string().nullish() })).default([]),
  waitingFor,
});

const syncView = z.object({
  id: z.string(),
  phase: z.string(),
  outcome: z.string().nullish(),
  total: z.number(),
  counts: z.record(z.string(), z.number()),
  ratePerSecond: z.number().nullish(),
  etaSeconds: z.number().nullish(),
  waitingFor,
  startedAt: z.string(),
  endedAt: z.string().nullish(),
});
/** A sync as the API shows it. */
export type SyncView = z.infer<typeof syncView>;

const problemsView = z.object({
  items: z.array(z.object({ code: z.string(), message: z.string().nullish(), count: z.number() })),
});
/** A kind of problem and how many SKUs have it. */
type Problem = z.infer<typeof problemsView>['items'][number];

/** The problem details of a refusal because a sync runs already. */
const syncRunning = z.object({ code: z.literal('sync_running'), syncId: z.string() });

const callsSummary = z.object({ amazon: z.number() });

/** Onboards the demo connector when it is not there yet, runs one sync, and follows it to its end. */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const api = apiClient(options);
  const world = await createWorld(options);
  const connectorId = await findOrCreateConnector(api, world, options);
  await whenOnboarded(api, connectorId, options);
  const callsBefore = await amazonCalls(options);
  const syncId = await startSync(api, connectorId, options);
  const sync = await followSync(api, syncId, options);
  const amazonRequests = (await amazonCalls(options)) - callsBefore;
  return {
    connectorId,
    syncId,
    seconds: secondsOf(sync),
    total: sync.total,
    counts: sync.counts,
    amazonRequests,
    outcome: sync.outcome ?? 'completed',
    problems: await topProblems(api, connectorId),
  };
}

/** Follows a connector's later syncs and tells each start and end in one line; returns when the signal is aborted. */
export async function watchSyncs(options: DemoOptions, connectorId: string, knownSyncId: string): Promise<void> {
  const api = apiClient(options);
  let last = knownSyncId;
  let announced = knownSyncId;
  while (!options.signal.aborted) {
    await pause(2_000, options.signal);
    const id = await newestSync(api, connectorId).catch(() => undefined);
    if (id === undefined || id === last) continue;
    if (id !== announced) options.log(`sync ${id} started`);
    announced = id;
    const sync = await followSync(api, id, { ...options, onProgress: () => {} }).catch((error: unknown) => {
      if (!options.signal.aborted) options.log(`sync ${id}: ${String(error)}; looking again`);
    });
    if (sync) last = id;
    if (sync)
      options.log(`sync ${id} ${sync.outcome ?? 'ended'} after ${secondsOf(sync)} s: ${countsText(sync.counts)}`);
  }
}

/** SKUs that have found their state for now, out of `total`. */
export function settledOf(sync: SyncView): number {
  return sync.total - (sync.counts.pending ?? 0) - (sync.counts.retrying ?? 0);
}

/** Counts in the order of the states, without those that are 0: `live 290, paused 10`. */
export function countsText(counts: Record<string, number>): string {
  const present = LISTING_STATES.filter((state) => counts[state]);
  return present.map((state) => `${state} ${counts[state]}`).join(', ') || 'nothing to do';
}

function secondsOf(sync: SyncView): number {
  const end = sync.endedAt ? Date.parse(sync.endedAt) : Date.now();
  return Math.round((end - Date.parse(sync.startedAt)) / 100) / 10;
}

type Api = (path: string, request?: JsonRequest) => Promise<unknown>;

function apiClient({ apiUrl, adminApiKey, signal }: DemoOptions): Api {
  return (route, request = {}) =>
    requestJson(`${apiUrl}${route}`, {
      signal,
      ...request,
      headers: { authorization: `Bearer ${adminApiKey}`, ...request.headers },
    });
}

/** Makes the store in the sandbox; the same one again changes nothing there. */
async function createWorld({ sandboxUrl, catalog, signal }: DemoOptions): Promise<WorldView> {
  const content = catalog === undefined ? undefined : fs.readFileSync(catalog, 'utf8');
  const url = `${sandboxUrl}/__sandbox/worlds/${worldName(catalog, content)}`;
  const request: JsonRequest =
    content === undefined
      ? { method: 'PUT', body: { generate: 300, seed: 1 }, signal }
      : { method: 'PUT', rawBody: content, headers: { 'content-type': 'application/x-ndjson' }, signal };
  return worldView.parse(await requestJson(url, request));
}

/** Another catalogue is another store, and so another connector. */
function worldName(catalog: string | undefined, content: string | undefined): string {
  if (catalog === undefined || content === undefined) return 'demo';
  const name = path
    .parse(catalog)
    .name.toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 20);
  return `${name || 'catalog'}-${createHash('sha256').update(content).digest('hex').slice(0, 8)}`;
}

/** The connector as a merchant would describe it. */
function connectorInput(world: WorldView, { catalog, skuLimit }: DemoOptions) {
  const { clientId, clientSecret, refreshToken, sellerId } = world.amazon;
  return {
    name: `Demo store ${world.name}`,
    source: { type: 'vtex', ...world.vtex, affiliateId: 'MZN', affiliateEmail: 'ops@example.com' },
    amazon: { country: 'US', sellerId, clientId, clientSecret, refreshToken },
    listing: { sendKits: false, ...(skuLimit === undefined ? {} : { skuLimit }) },
    // The generated store holds SKUs with little stock on purpose, so that some offers are paused.
    offer: { minimumStock: catalog === undefined ? 3 : 1 },
    schedule: { everyMinutes: 60 },
  };
}

type Remembered = { idempotencyKey: string; connectorId?: string };

/** Finds the connector made at an earlier start; the key is kept before it is used, so a start that is cut off makes no second. */
async function findOrCreateConnector(api: Api, world: WorldView, options: DemoOptions): Promise<string> {
  const file = places.demo(options.dataDir);
  const all = (fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {}) as Record<
    string,
    Remembered | undefined
  >;
  const remember = (remembered: Remembered) => {
    fs.writeFileSync(file, JSON.stringify({ ...all, [world.name]: remembered }, undefined, 2));
    return remembered;
  };
  let remembered = all[world.name];
  if (remembered?.connectorId !== undefined) {
    const connector = await findConnector(api, remembered.connectorId);
    if (connector) {
      await applySkuLimit(api, connector, options);
      return connector.id;
    }
    remembered = undefined;
  }
  const { idempotencyKey } = remembered ?? remember({ idempotencyKey: randomUUID() });
  const headers = { 'idempotency-key': idempotencyKey };
  const created = await api('/v1/connectors', { method: 'POST', headers, body: connectorInput(world, options) });
  const { id } = z.object({ id: z.string() }).parse(created);
  remember({ idempotencyKey, connectorId: id });
  options.log(`demo: connector ${id} created`);
  return id;
}

async function findConnector(api: Api, id: string): Promise<ConnectorView | undefined> {
  try {
    return connectorView.parse(await api(`/v1/connectors/${id}`));
  } catch (error) {
    if (error instanceof HttpError && error.status === 404) return undefined;
    throw error;
  }
}

async function applySkuLimit(api: Api, connector: ConnectorView, { skuLimit, log }: DemoOptions): Promise<void> {
  if (skuLimit === undefined || skuLimit === connector.config.listing.skuLimit) return;
  await api(`/v1/connectors/${connector.id}`, { method: 'PATCH', body: { listing: { skuLimit } } });
  log(`demo: SKU limit of connector ${connector.id} set to ${skuLimit}`);
}

async function whenOnboarded(api: Api, connectorId: string, { signal, log }: DemoOptions): Promise<void> {
  const deadline = Date.now() + ONBOARDING_BOUND_MS;
  let told = '';
  for (;;) {
    const onboarding = onboardingView.parse(await api(`/v1/connectors/${connectorId}/onboarding`));
    if (onboarding.state === 'ready') return;
    const step = onboarding.steps.find((s) => s.state === 'running' || s.state === 'waiting');
    const waits = onboarding.waitingFor?.message ?? (step ? `step ${step.name}` : onboarding.state);
    if (onboarding.state === 'failed') throw new EmbeddedError(`onboarding failed: ${waits}`);
    if (Date.now() > deadline) {
      throw new EmbeddedError(`onboarding was not done after ${ONBOARDING_BOUND_MS / 1000} s; it waits for: ${waits}`);
    }
    if (waits !== told && waits !== onboarding.state) log(`demo: onboarding: ${waits}`);
    told = waits;
    await pause(POLL_MS, signal);
  }
}

/** The first sync starts with the activation; later ones are asked for. One that runs already is followed. */
async function startSync(api: Api, connectorId: string, options: DemoOptions): Promise<string> {
  const connector = await findConnector(api, connectorId);
  if (!connector) throw new EmbeddedError(`connector ${connectorId} is gone`);
  if (connector.state === 'active') {
    const body = { mode: 'synchronization', scope: 'full' };
    try {
      const headers = { 'idempotency-key': randomUUID() };
      const started = await api(`/v1/connectors/${connectorId}/syncs`, { method: 'POST', headers, body });
      return z.object({ id: z.string() }).parse(started).id;
    } catch (error) {
      const running = error instanceof HttpError ? syncRunning.safeParse(error.body) : undefined;
      if (!running?.success) throw error;
      return running.data.syncId;
    }
  }
  const before = newestSyncOf(connector);
  const headers = { 'idempotency-key': randomUUID() };
  await api(`/v1/connectors/${connectorId}/activate`, { method: 'POST', headers });
  const deadline = Date.now() + SYNC_SHOWS_BOUND_MS;
  for (;;) {
    const id = await newestSync(api, connectorId);
    if (id !== undefined && id !== before) return id;
    if (Date.now() > deadline)
      throw new EmbeddedError(`no sync began within ${SYNC_SHOWS_BOUND_MS / 1000} s of activation`);
    await pause(POLL_MS, options.signal);
  }
}

async function newestSync(api: Api, connectorId: string): Promise<string | undefined> {
  return newestSyncOf(await findConnector(api, connectorId));
}

function newestSyncOf(connector: ConnectorView | undefined): string | undefined {
  return (connector?.currentSync ?? connector?.lastSync)?.id;
}

async function followSync(
  api: Api,
  syncId: string,
  { onProgress, signal }: Pick<DemoOptions, 'onProgress' | 'signal'>
): Promise<SyncView> {
  let seen = '';
  let changedAt = Date.now();
  for (;;) {
    const sync = syncView.parse(await api(`/v1/syncs/${syncId}`));
    onProgress(sync);
    if (sync.endedAt) return sync;
    const now = JSON.stringify([sync.phase, sync.total, sync.counts]);
    if (now !== seen) [seen, changedAt] = [now, Date.now()];
    if (Date.now() - changedAt > STANDSTILL_BOUND_MS) {
      const why = sync.waitingFor ? `; it waits for: ${sync.waitingFor.message}` : '';
      throw new EmbeddedError(
        `sync ${syncId} has stood still in ${sync.phase} for ${STANDSTILL_BOUND_MS / 60_000} min${why}`
      );
    }
    await pause(POLL_MS, signal);
  }
}

async function topProblems(api: Api, connectorId: string): Promise<Problem[]> {
  const problems = problemsView.parse(await api(`/v1/connectors/${connectorId}/problems`)).items;
  return problems.sort((a, b) => b.count - a.count).slice(0, 5);
}

async function amazonCalls({ sandboxUrl, signal }: DemoOptions): Promise<number> {
  return callsSummary.parse(await requestJson(`${sandboxUrl}/__sandbox/calls/summary`, { signal })).amazon;
}

/** Sleeps; ends early, without an error, when the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
  if (signal.aborted) throw new EmbeddedError('stopped');
}
