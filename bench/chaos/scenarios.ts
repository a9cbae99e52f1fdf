import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../test/e2e/real-stack';
import type { World } from '../../test/workflows/rig';
import { IN_FLIGHT, type Site } from '../site';
import type { Answers, Fault } from './answers';
import type { Door } from './door';
import type { SyncWatch } from './sync-watch';

/** A sync at work, and what it can be disturbed by. */
export interface Scene {
  site: Site;
  /** What the service reaches Amazon through. */
  door: Door;
  /** How Amazon answers. */
  answers: Answers;
  sync: SyncWatch;
  /** How long parts are away, in milliseconds. */
  outageMs: { server: number; amazon: number };
  kills: number;
  random: () => number;
}

/** What a scenario has done to the sync. */
export interface Disturbance {
  /** When each disturbance was over, in milliseconds since 1970; none when it went on to the end. */
  recoveries: number[];
  /** Submissions that Amazon may have accepted without our having its answer on disk: these may be sent once more. */
  inFlight: number;
  /** Whether callers were told what the sync waits for; undefined where it does not wait, or not long enough to be told. */
  saidWaiting?: boolean;
}

export interface Scenario {
  name: string;
  /** What befalls Amazon's answers from the first request to the last. */
  faults?: (world: World) => Fault[];
  disturb(scene: Scene): Promise<Disturbance>;
}

/** How far a sync has come when it is disturbed once: in the middle of sending. */
const MIDDLE = 0.5;

/**
 * From when on callers have to be told of an outage, in milliseconds: a database that neither answers nor hangs up is given up
 * by the driver, and Amazon's silence taken for more than a hiccup. A shorter one is only slow.
 */
const TOLD_AFTER_MS = { engine: 10_000, database: 60_000, amazon: 30_000 } as const;

/** How long a part that was started again may take to be of use, in seconds. */
const BACK_BOUND = 60;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'worker-killed',
    async disturb({ site: { stack }, sync, kills, random }) {
      const moments = Array.from({ length: kills }, random).sort((one, other) => one - other);
      const recoveries: number[] = [];
      for (const moment of moments) {
        await sync.hasCome(moment);
        await stack.kill('worker');
        await stack.startWorker();
        recoveries.push(Date.now());
      }
      return { recoveries, inFlight: kills * IN_FLIGHT };
    },
  },
  {
    name: 'bad-answers',
    faults: badAnswers,
    disturb: async () => ({ recoveries: [], inFlight: 0 }),
  },
  {
    name: 'temporal-held',
    async disturb({ site: { stack }, sync, outageMs }) {
      await sync.hasCome(MIDDLE);
      const saidWaiting = await stack.whileHeld('temporal', () => sync.saidWaiting(outageMs.server));
      return {
        recoveries: [Date.now()],
        inFlight: IN_FLIGHT,
        ...(outageMs.server >= TOLD_AFTER_MS.engine && { saidWaiting }),
      };
    },
  },
  {
    name: 'temporal-killed',
    async disturb({ site: { stack }, sync, outageMs }) {
      await sync.hasCome(MIDDLE);
      await stack.kill('temporal');
      const saidWaiting = await sync.saidWaiting(outageMs.server);
      await stack.startAgain('temporal');
      await whenReady(stack.api.url);
      return {
        recoveries: [Date.now()],
        inFlight: IN_FLIGHT,
        ...(outageMs.server >= TOLD_AFTER_MS.engine && { saidWaiting }),
      };
    },
  },
  {
    name: 'mongodb-held',
    async disturb({ site: { stack }, sync, outageMs }) {
      await sync.hasCome(MIDDLE);
      const said = await stack.whileHeld('mongodb', () => sync.saidWaiting(outageMs.server));
      const recoveries = [Date.now()];
      return {
        recoveries,
        inFlight: IN_FLIGHT,
        ...(outageMs.server >= TOLD_AFTER_MS.database && { saidWaiting: said }),
      };
    },
  },
  {
    name: 'amazon-unavailable',
    async disturb({ answers, sync, outageMs }) {
      await sync.hasCome(MIDDLE);
      const away = ['amazon.*', 'lwaToken'].map((operation) => ({
        match: { operation },
        kind: 'status',
        status: 503,
      }));
      await answers.become(away);
      const said = await sync.saidWaiting(outageMs.amazon);
      await answers.become([]);
      const recoveries = [Date.now()];
      return { recoveries, inFlight: 0, ...(outageMs.amazon >= TOLD_AFTER_MS.amazon && { saidWaiting: said }) };
    },
  },
  {
    name: 'amazon-refusing',
    async disturb({ door, sync, outageMs }) {
      await sync.hasCome(MIDDLE);
      await door.shut();
      const said = await sync.saidWaiting(outageMs.amazon).finally(() => door.open());
      const recoveries = [Date.now()];
      return { recoveries, inFlight: IN_FLIGHT, ...(outageMs.amazon >= TOLD_AFTER_MS.amazon && { saidWaiting: said }) };
    },
  },
  {
    name: 'api-killed',
    async disturb({ site: { stack }, sync, random }) {
      const recoveries: number[] = [];
      for (const moment of [0.1, MIDDLE]) {
        await sync.hasCome(moment);
        await stack.kill('api');
        await sleep(1_000 * random());
        await stack.startApi();
        recoveries.push(Date.now());
      }
      return { recoveries, inFlight: 0 };
    },
  },
];

/** 30 % of all answers, in equal parts; some failures are told after the request was carried out. */
function badAnswers({ amazon: { sellerId } }: World): Fault[] {
  const any = { operation: 'amazon.*', sellerId };
  const put = { operation: 'putListingsItem', sellerId };
  return [
    { match: put, share: 0.02, kind: 'status', status: 500, after: true },
    { match: put, share: 0.02, kind: 'reset', after: true },
    { match: any, share: 0.07, kind: 'throttle' },
    { match: any, share: 0.07, kind: 'status', status: 500 },
    { match: any, share: 0.08, kind: 'reset' },
    { match: any, share: 0.08, kind: 'slow', delayMs: 2_000 },
  ];
}

async function whenReady(url: string): Promise<void> {
  const isReady = async (): Promise<boolean> => {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    return answer?.ok === true;
  };
  await until(isReady, 'the API to reach everything again', BACK_BOUND);
}
