import { randomBytes } from 'node:crypto';
import type { AlertMessage } from '../../domain/alerts/alert';
import { digestDayAtStart } from '../../domain/alerts/tell';
import type { DeliveryAnswer } from '../../domain/alerts/delivery';
import { outboundProblem } from '../../domain/outbound-url';
import type { AlertSender, AlertTarget } from '../../domain/ports/alerts';
import { alertChannelStore, BUILT_IN_CHANNEL, type AlertChannelDocument } from '../../models/alert-channels';
import type { AlertChannelChange, AlertChannelRequest } from '../contracts/alert-channel-request';
import type { AlertChannelView } from '../contracts/alert-views';
import { invalid, notFound, Problem } from '../errors';
import { auditService } from './audit';
import { changesBetween } from './audit-changes';
import type { By } from './by';
import type { ServiceDeps } from './index';

/** How the service tells people. */
export interface AlertDeps {
  sender: AlertSender;
  /** ALERT_TO; empty while nothing can be mailed. */
  operators: readonly string[];
  /** Lets webhooks go to http and private addresses: in development and in tests. */
  allowPrivate: boolean;
}

/** How long a test may take, in milliseconds: somebody waits for it. */
const TEST_MS = 15_000;
/** How often a change is made anew because somebody else was faster. */
const CHANGES_AT_MOST = 5;
const MOST_ADDRESSES = 20;
const ADDRESS = /^(?:[^<>\r\n]{0,80}<[^\s<>@,]+@[^\s<>@,]+>|[^\s<>@,]+@[^\s<>@,]+)$/;

type Target = Pick<AlertChannelDocument, 'addresses' | 'url' | 'shownUrl'>;

/** Alert channels: whom to tell what, and when (B14). */
export function alertChannelService(deps: Pick<ServiceDeps, 'connection' | 'clock' | 'secretBox' | 'alerts'>) {
  const { secretBox, clock } = deps;
  const { sender, operators, allowPrivate } = deps.alerts;
  const channels = alertChannelStore(deps.connection);
  const audit = auditService(deps);

  /** @throws Problem `not_found` */
  async function requireChannel(id: string): Promise<AlertChannelDocument> {
    const found = await channels.get(id, operators);
    if (!found) throw notFound('alert channel');
    return found;
  }

  /** @throws Problem `validation_failed` */
  function targetOf(kind: AlertChannelRequest['kind'], target: string): Target {
    const refuse = (code: string, message: string) => invalid([{ field: 'target', code, message }]);
    if (kind !== 'email') {
      const problem = outboundProblem(target, { allowPrivate });
      if (problem) throw refuse('outbound_url', problem);
      return { addresses: [], url: secretBox.seal(target), shownUrl: `${new URL(target).origin}/…` };
    }
    const addresses = target.split(',').map((each) => each.trim());
    if (addresses.length > MOST_ADDRESSES) throw refuse('too_many', `Name ${MOST_ADDRESSES} addresses at most.`);
    if (!addresses.every((each) => ADDRESS.test(each)))
      throw refuse('address', 'Write mail addresses separated by commas, for example ops@example.com.');
    if (operators.length === 0)
      throw refuse('no_mail', 'Nothing can be mailed: set SMTP_URL, ALERT_FROM and ALERT_TO first.');
    return { addresses, url: null, shownUrl: null };
  }

  function targetForTest({ kind, addresses, url, secret }: AlertChannelDocument): AlertTarget {
    if (kind === 'email') return { kind, addresses };
    const opened = secretBox.open(url!);
    return kind === 'slack' ? { kind, url: opened } : { kind, url: opened, secret: secretBox.open(secret!) };
  }

  return {
    /** All of them: there are few. */
    async list(): Promise<{ items: AlertChannelView[] }> {
      return { items: (await channels.all(operators, clock())).map(viewOf) };
    },

    /** @throws Problem `not_found` */
    async get(id: string): Promise<AlertChannelView> {
      return viewOf(await requireChannel(id));
    },

    /** Makes a channel. The secret of one of signed webhooks is in this answer and nowhere else. */
    async create(
      wanted: AlertChannelRequest,
      reservedId: string,
      by: By
    ): Promise<AlertChannelView & { secret: string | null }> {
      const { target, ...settings } = wanted;
      const secret = wanted.kind === 'webhook' ? `whsec_${randomBytes(32).toString('base64')}` : null;
      const now = clock();
      const channel: AlertChannelDocument = {
        _id: `ach_${reservedId}`,
        ...settings,
        ...targetOf(wanted.kind, target),
        secret: secret === null ? null : secretBox.seal(secret),
        digestDay: digestDayAtStart(settings, now),
        createdAt: now,
        version: 1,
      };
      await channels.create(channel);
      await audit.note(by, {
        action: 'alert-channel.created',
        target: { type: 'alert-channel', id: channel._id },
        changes: changesBetween(null, aboutChannel(channel)),
      });
      return { ...viewOf(channel), secret };
    },

    /** @throws Problem `not_found`, `validation_failed`, `busy` */
    async change(id: string, wanted: AlertChannelChange, by: By): Promise<AlertChannelView> {
      const { target, ...settings } = wanted;
      for (let tries = 1; tries <= CHANGES_AT_MOST; tries++) {
        const before = await requireChannel(id);
        if (target !== undefined && id === BUILT_IN_CHANNEL)
          throw invalid([{ field: 'target', code: 'built_in', message: 'Set ALERT_TO to change who is mailed.' }]);
        const changed = { ...settings, ...(target !== undefined && targetOf(before.kind, target)) };
        const after = { ...before, ...changed };
        const isNewDigest = after.digestHour !== before.digestHour || after.timeZone !== before.timeZone;
        const digestDay = isNewDigest ? digestDayAtStart(after, clock()) : before.digestDay;
        if (!(await channels.change(id, before.version, { ...changed, ...(isNewDigest && { digestDay }) }))) continue;
        await audit.note(by, {
          action: 'alert-channel.changed',
          target: { type: 'alert-channel', id },
          changes: changesBetween(aboutChannel(before), aboutChannel(after), target === undefined ? [] : ['target']),
        });
        return viewOf(after);
      }
      throw new Problem('busy', 'Others are changing this channel. Repeat the request in a moment.');
    },

    /** What waits for it is not sent any more. @throws Problem `not_found`, `built_in` */
    async remove(id: string, by: By): Promise<void> {
      const before = await requireChannel(id);
      if (id === BUILT_IN_CHANNEL)
        throw new Problem('built_in', 'It is the channel of ALERT_TO. Set isEnabled to false to have it silent.');
      await channels.remove(id);
      await audit.note(by, {
        action: 'alert-channel.removed',
        target: { type: 'alert-channel', id },
        changes: changesBetween(aboutChannel(before), null),
      });
    },

    /** Sends a message now, once, and says what the other side says. @throws Problem `not_found` */
    async test(id: string, by: By): Promise<{ outcome: DeliveryAnswer['kind']; said: string }> {
      const channel = await requireChannel(id);
      const message: AlertMessage = {
        id: `adl_${randomBytes(16).toString('hex')}`,
        channelId: id,
        kind: 'test',
        to: channel.addresses,
        items: [],
        at: clock(),
      };
      const { kind, said } = await sender
        .send(targetForTest(channel), message, AbortSignal.timeout(TEST_MS))
        .catch((error: unknown): DeliveryAnswer => {
          if (!(error instanceof DOMException)) throw error;
          return { kind: 'away', said: `No answer within ${TEST_MS / 1000} s.` };
        });
      await audit.note(by, {
        action: 'alert-channel.tested',
        target: { type: 'alert-channel', id },
        changes: [{ field: 'outcome', before: null, after: kind }],
      });
      return { outcome: kind, said };
    },
  };
}

function viewOf(channel: AlertChannelDocument): AlertChannelView {
  const { _id, createdAt, name, kind, isEnabled, events, minimumSeverity, thresholdMinutes } = channel;
  const { timeZone, quietHours, digestHour } = channel;
  return {
    id: _id,
    name,
    kind,
    target: shownTarget(channel),
    isBuiltIn: _id === BUILT_IN_CHANNEL,
    isEnabled,
    events,
    minimumSeverity,
    thresholdMinutes,
    timeZone,
    quietHours,
    digestHour,
    createdAt: createdAt.toISOString(),
  };
}

function shownTarget({ shownUrl, addresses }: AlertChannelDocument): string {
  return shownUrl ?? addresses.join(', ');
}

/** What the audit trail tells of a channel. */
function aboutChannel(channel: AlertChannelDocument): object {
  const { id: _id, createdAt: _createdAt, isBuiltIn: _isBuiltIn, ...rest } = viewOf(channel);
  return rest;
}
