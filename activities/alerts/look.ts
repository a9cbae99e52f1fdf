import type { Alert } from '../../domain/alerts/alert';
import { conditionsOf } from '../../domain/alerts/conditions';
import { evaluate } from '../../domain/alerts/evaluate';
import { channelOf } from '../../models/alert-channels';
import type { AlertPlan } from '../../models/alert-watch';
import { withPulse } from '../pulse';
import type { AlertDependencies } from './dependencies';
import { gather } from './gather';

/** After so long without a look, what stood still meanwhile is given time to move, in milliseconds. */
const PAUSE_MS = 15 * 60_000;
/** A message that should have been tried so long ago has lost its workflow, in milliseconds. */
const LOST_MS = 2 * 3_600_000;

/** Looking for what people are to be alerted of. */
export function lookSteps(deps: AlertDependencies) {
  const { alerts, watch, channels, deliveries, orchestrator, operators } = deps;

  async function carryOut(plan: AlertPlan, revision: number): Promise<void> {
    await deliveries.add(plan.messages);
    for (const { channelId, day } of plan.digests) await channels.noteDigest(channelId, day);
    await alerts.write(plan.alerts, revision);
    await watch.done(revision);
  }

  /** Messages go in their order: the next one is begun when the one before is. */
  async function startDeliveries(now: Date): Promise<void> {
    for (const id of await deliveries.toStart(new Date(now.getTime() - LOST_MS))) {
      await orchestrator.wakeAlertDelivery(id);
      await deliveries.noteStarted(id);
    }
  }

  return {
    /**
     * One look: what is wrong by now, who is to be told, and the messages on their way. What it decides is written at once before
     * any of it is done, so that a look that is cut off tells nothing twice and loses nothing.
     *
     * @param at - ISO 8601, the workflow's time.
     */
    async lookForAlerts({ at }: { at: string }): Promise<void> {
      await withPulse(async () => {
        const now = new Date(at);
        const opened = await watch.open(now);
        if (opened.plan) await carryOut(opened.plan, opened.revision);
        const listed = (await channels.all(operators, now)).map(channelOf);
        const found = await gather(deps, opened.connectors, listed, now);
        const isBack = now.getTime() - opened.lookedAt.getTime() > PAUSE_MS;
        const upSince = isBack ? now : opened.upSince;
        const known = await alerts.known(now);
        const fresh = conditionsOf(found.facts, now, upSince);
        // What people were told of is not over because nobody looked for a while.
        const wasTold = new Set(known.filter(isTold).map(({ key }) => key));
        const isFresh = new Set(fresh.map(({ key }) => key));
        const standing = conditionsOf(found.facts, now, new Date(0)).filter(
          ({ key }) => wasTold.has(key) && !isFresh.has(key)
        );
        const plan = evaluate(known, [...fresh, ...standing], listed, now);
        const next = { plan, lookedAt: now, upSince, connectors: found.remembered };
        // Another look that went on beside this one knows more.
        if (!(await watch.commit(opened.revision, next))) return;
        await carryOut(plan, opened.revision + 1);
        await startDeliveries(now);
      });
    },
  };
}

function isTold({ endedAt, told }: Alert): boolean {
  return endedAt === null && Object.values(told).some(({ lastAt }) => lastAt !== null);
}
