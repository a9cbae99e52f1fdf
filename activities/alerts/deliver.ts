import {
  nextTryAfterMs,
  type DeliveryAnswer,
  type DeliveryInput,
  type DeliveryState,
  type DeliveryTry,
} from '../../domain/alerts/delivery';
import type { AlertTarget } from '../../domain/ports/alerts';
import type { SecretBox } from '../../domain/ports/secrets';
import { BUILT_IN_CHANNEL, type AlertChannelDocument } from '../../models/alert-channels';
import type { AlertDeliveryDocument } from '../../models/alert-deliveries';
import type { AlertMessage } from '../../domain/alerts/alert';
import { withPulse } from '../pulse';
import type { AlertDependencies } from './dependencies';

/** How late a message may be begun and still be tried for an hour. */
const LATE_BY_MS = 23 * 3_600_000;

/** Bringing messages to their channels. */
export function deliverySteps(deps: AlertDependencies) {
  const { channels, deliveries, sender, secretBox, orchestrator, operators, logger } = deps;

  async function wakeNext(channelId: string): Promise<void> {
    const next = await deliveries.head(channelId);
    if (next) await orchestrator.wakeAlertDelivery(next);
  }

  return {
    /** One try, unless an older message to the channel waits. The secrets of the channel are opened here and nowhere else. */
    async sendAlert({ deliveryId }: DeliveryInput): Promise<DeliveryTry> {
      return withPulse(async ({ signal }) => {
        const delivery = await deliveries.get(deliveryId);
        if (delivery?.state !== 'waiting') return { kind: 'over' };
        const { channelId, message } = delivery;
        const channel = await channels.get(channelId, operators);
        if (!channel && channelId === BUILT_IN_CHANNEL)
          return { kind: 'away', said: 'Nothing can be mailed: SMTP_URL is not set.' };
        if (!channel?.isEnabled) {
          await deliveries.drop(deliveryId, new Date());
          return { kind: 'over' };
        }
        if ((await deliveries.head(channelId)) !== deliveryId) return { kind: 'behind' };
        return sender.send(targetOf(channel, message, secretBox), message, signal);
      });
    },

    /**
     * Keeps what came of a try, and lets the next message to the channel go when this one is through.
     *
     * @param at - ISO 8601, the workflow's time.
     * @returns how long to wait for the next try, in milliseconds; null when there is none.
     */
    async noteAlertTry({ deliveryId, answer, at }: DeliveryInput & { answer: DeliveryAnswer; at: string }) {
      return withPulse(async (): Promise<number | null> => {
        const delivery = await deliveries.get(deliveryId);
        if (!delivery) return null;
        const { channelId, tries } = delivery;
        const now = new Date(at);
        const wait =
          answer.kind === 'taken' ? null : nextTryAfterMs(answer, tries + 1, triedSince(delivery, answer, now), now);
        const attempt = { at: now, outcome: answer.kind, said: answer.said };
        const state = stateAfter(answer, wait);
        const nextAt = wait === null ? null : new Date(now.getTime() + wait);
        await deliveries.noteTry(deliveryId, attempt, { state, nextAt });
        if (state !== 'delivered')
          logger.warn({ deliveryId, channelId, state, ...answer }, 'an alert was not delivered');
        if (state !== 'waiting') await wakeNext(channelId);
        return wait;
      });
    },
  };
}

/** What the other side wants no more of is no failure of anybody's. */
function stateAfter({ kind }: DeliveryAnswer, wait: number | null): DeliveryState {
  if (kind === 'taken') return 'delivered';
  if (kind === 'gone') return 'dropped';
  return wait === null ? 'dead' : 'waiting';
}

/**
 * Since when it counts as tried: what is refused, since it was refused only; and whatever it waited for before its first try, it is
 * tried for an hour at least.
 */
function triedSince({ attempts, beganAt }: AlertDeliveryDocument, answer: DeliveryAnswer, now: Date): Date {
  const own = attempts.filter(({ at }) => at >= beganAt);
  if (answer.kind === 'refused') return own[own.findLastIndex(({ outcome }) => outcome !== 'refused') + 1]?.at ?? now;
  const firstAt = own[0]?.at ?? now;
  return new Date(Math.max(beganAt.getTime(), firstAt.getTime() - LATE_BY_MS));
}

function targetOf(channel: AlertChannelDocument, message: AlertMessage, secretBox: SecretBox): AlertTarget {
  const { kind, addresses, url, secret } = channel;
  if (kind === 'email') return { kind, addresses: message.to.length > 0 ? message.to : addresses };
  if (!url) throw new TypeError('A webhook channel keeps its address');
  if (kind === 'slack') return { kind, url: secretBox.open(url) };
  if (!secret) throw new TypeError('A channel of signed webhooks keeps its secret');
  return { kind, url: secretBox.open(url), secret: secretBox.open(secret) };
}
