import { z } from 'zod';
import { CHANNEL_KINDS } from '../../domain/alerts/alert';
import { ALERT_EVENT_NAMES } from '../../domain/alerts/alert-events';
import { isTimeZone } from '../../domain/alerts/local-time';
import { alertEvent, alertSeverity } from './alert-views';

const MOST_MINUTES = 7 * 24 * 60;

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'Write a time of day, for example 22:00.' })
  .describe('In the time zone of the channel');

const quietHours = z
  .strictObject({ from: timeOfDay, to: timeOfDay })
  .refine(({ from, to }) => from !== to, { error: 'Quiet hours must end at another time than they begin.' })
  .nullable()
  .describe('All but what is critical is held back until they end, and handed over together');

/** What may be said of a channel at any time. */
const settings = {
  name: z.string().trim().min(1).max(80),
  target: z
    .string()
    .trim()
    .min(1)
    .max(2048)
    .describe('Of mail: addresses, separated by commas. Else the address of the webhook, which is kept sealed'),
  isEnabled: z.boolean(),
  events: z.array(alertEvent).max(ALERT_EVENT_NAMES.length).describe('Empty: all of them'),
  minimumSeverity: alertSeverity,
  thresholdMinutes: z
    .partialRecord(alertEvent, z.number().int().min(0).max(MOST_MINUTES))
    .describe('By event: after how many minutes it is told. See docs/alerts.md for what holds without'),
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, { error: 'Write the IANA name of a time zone, for example Europe/Madrid.' })
    .describe('IANA name'),
  quietHours,
  digestHour: z
    .number()
    .int()
    .min(0)
    .max(23)
    .nullable()
    .describe('At this hour of each day the channel gets what stands, also when nothing does; null for no digest'),
};

export const alertChannelRequest = z
  .strictObject({
    name: settings.name,
    kind: z.enum(CHANNEL_KINDS, { error: `Choose one of ${CHANNEL_KINDS.join(', ')}.` }),
    target: settings.target,
    isEnabled: settings.isEnabled.default(true),
    events: settings.events.default([]),
    minimumSeverity: settings.minimumSeverity.default('warning'),
    thresholdMinutes: settings.thresholdMinutes.default({}),
    timeZone: settings.timeZone.default('UTC'),
    quietHours: settings.quietHours.default(null),
    digestHour: settings.digestHour.default(null),
  })
  .meta({ id: 'AlertChannelRequest' });
export type AlertChannelRequest = z.infer<typeof alertChannelRequest>;

export const alertChannelChange = z
  .strictObject(settings)
  .partial()
  .refine((change) => Object.keys(change).length > 0, { error: 'Say what is to be changed.' })
  .meta({ id: 'AlertChannelChange' });
export type AlertChannelChange = z.infer<typeof alertChannelChange>;
