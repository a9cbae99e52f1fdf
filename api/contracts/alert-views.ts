import { z } from 'zod';
import { CHANNEL_KINDS, MESSAGE_KINDS } from '../../domain/alerts/alert';
import { ALERT_EVENT_NAMES, ALERT_SEVERITIES } from '../../domain/alerts/alert-events';
import { DELIVERY_STATES } from '../../domain/alerts/delivery';

export const alertEvent = z.enum(ALERT_EVENT_NAMES, { error: `Choose one of ${ALERT_EVENT_NAMES.join(', ')}.` });
export const alertSeverity = z.enum(ALERT_SEVERITIES, { error: `Choose one of ${ALERT_SEVERITIES.join(', ')}.` });
export const deliveryState = z.enum(DELIVERY_STATES, { error: `Choose one of ${DELIVERY_STATES.join(', ')}.` });
export const alertState = z.enum(['firing', 'recovered'], { error: 'Choose firing or recovered.' });

export const alertView = z
  .object({
    id: z.string(),
    state: alertState,
    event: alertEvent,
    severity: alertSeverity,
    connectorId: z.string().nullable().describe('Null of what is not about a single connector'),
    about: z.string().describe('What it is about, by name'),
    message: z.string().describe('What is wrong, in a sentence'),
    action: z.string().describe('What to do, in a sentence'),
    link: z.string().describe('Where to look: a path of this API'),
    since: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable().describe('When it was over; null while it stands'),
    told: z
      .array(
        z.object({
          channelId: z.string(),
          lastToldAt: z.iso.datetime().nullable(),
          heldBackSince: z.iso.datetime().nullable().describe('Since when quiet hours hold something back'),
        })
      )
      .describe('The channels that were told, and do not know of an end yet'),
  })
  .meta({ id: 'Alert' });
export type AlertView = z.infer<typeof alertView>;

export const alertDeliveryView = z
  .object({
    id: z.string().describe('The webhook-id of signed webhooks'),
    channelId: z.string(),
    kind: z.enum(MESSAGE_KINDS),
    state: deliveryState.describe(
      'waiting: is tried; delivered: the other side has taken it; dead: given up; dropped: its channel is gone or silenced, or wants no more of it'
    ),
    alerts: z.array(z.object({ id: z.string(), change: z.enum(['firing', 'reminder', 'recovered', 'passed']) })),
    attempts: z
      .array(
        z.object({
          at: z.iso.datetime(),
          outcome: z.enum(['taken', 'refused', 'gone', 'away']),
          said: z.string().describe('What the other side said, or why nothing came'),
        })
      )
      .describe('The newest 20, the oldest first'),
    nextAttemptAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'AlertDelivery', description: 'A message to an alert channel. Kept for 30 days after its end' });
export type AlertDeliveryView = z.infer<typeof alertDeliveryView>;

export const alertChannelView = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(CHANNEL_KINDS),
    target: z.string().describe('Addresses of mail; of a webhook its host, the rest is kept sealed'),
    isBuiltIn: z.boolean().describe('True of the channel of ALERT_TO, which cannot be removed'),
    isEnabled: z.boolean(),
    events: z.array(alertEvent).describe('Empty: all of them'),
    minimumSeverity: alertSeverity,
    thresholdMinutes: z
      .partialRecord(alertEvent, z.number())
      .describe('After how many minutes it is told, where that is not as docs/alerts.md says'),
    timeZone: z.string(),
    quietHours: z.object({ from: z.string(), to: z.string() }).nullable(),
    digestHour: z.number().int().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'AlertChannel' });
export type AlertChannelView = z.infer<typeof alertChannelView>;
