import type { Router } from 'express';
import { CASINGS, type NewNotice, type NoticeQueue } from '../amazon/notifications';
import { json } from '../answer';
import { bodyText } from '../query';
import type { Worlds } from '../worlds';
import { control, done, refused, worldOf } from './answers';
import { ControlError, Fields } from './fields';

const MAX_SPREAD_MS = 60_000;
const MAX_COPIES = 100;

/** Notifications of Amazon's: where a world's go, and such as a test wants sent. */
export function mountNotificationControl(router: Router, root: string, worlds: Worlds): void {
  const world = `${root}/worlds/:name`;
  router.post(
    `${world}/notification-queue`,
    control((request) =>
      done(() => {
        const found = worldOf(request, worlds);
        found.settings.noticeQueue = noticeQueue(bodyText(request));
        found.save();
      })
    )
  );
  router.post(
    `${world}/amazon-notifications`,
    control((request) => {
      const { notices, settings } = worldOf(request, worlds);
      if (!settings.noticeQueue) throw refused('the world has no notification queue yet');
      const { text, notice } = noticeRequest(bodyText(request));
      if (text !== undefined) notices.sendText(text);
      else notices.send(notice);
      return { status: 204 };
    })
  );
  router.get(
    `${world}/amazon-notifications`,
    control((request) => json(200, worldOf(request, worlds).notices.all()))
  );
}

/** `{url, endpoint, region, casing, copies, spreadMs}`; without `url` the notifications go nowhere. */
function noticeQueue(text: string): NoticeQueue | undefined {
  const fields = new Fields(text);
  fields.allow('url', 'endpoint', 'region', 'casing', 'copies', 'spreadMs');
  const url = fields.text('url');
  if (url === undefined) return undefined;
  return {
    url,
    endpoint: fields.text('endpoint'),
    region: fields.text('region') ?? 'us-east-1',
    casing: fields.oneOf('casing', [...CASINGS, 'mixed'] as const) ?? 'pascal',
    copies: fields.integer('copies', 1, MAX_COPIES) ?? 1,
    spreadMs: fields.integer('spreadMs', 0, MAX_SPREAD_MS) ?? 0,
  };
}

/** `{type, payload, casing, copies, notificationId, eventTime}`, or `{text}` for a message that is no notification. */
function noticeRequest(body: string): { text: string; notice?: undefined } | { text?: undefined; notice: NewNotice } {
  const fields = new Fields(body);
  fields.allow('text', 'type', 'payload', 'casing', 'copies', 'notificationId', 'eventTime');
  const text = fields.text('text');
  if (text !== undefined) return { text };
  const payload = fields.any('payload');
  if (typeof payload !== 'object' || payload === null) throw new ControlError('payload must be an object');
  const eventTime = fields.text('eventTime');
  if (eventTime !== undefined && Number.isNaN(Date.parse(eventTime))) throw new ControlError('eventTime is no time');
  return {
    notice: {
      type: fields.needed('type', fields.text('type')),
      payload,
      casing: fields.oneOf('casing', CASINGS),
      copies: fields.integer('copies', 1, MAX_COPIES),
      notificationId: fields.text('notificationId'),
      eventAt: eventTime === undefined ? undefined : Date.parse(eventTime),
    },
  };
}
