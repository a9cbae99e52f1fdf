import { htmlMail } from '../html-mail';
import type { Mail } from '../ports/mail';
import type { AlertChange, AlertItem, AlertMessage, MessageKind } from './alert';
import { ALERT_EVENTS } from './alert-events';

/** Alerts that a message names; of more it says how many. A Slack message may have 50 blocks. */
const NAMED = 20;
/** Slack: a section's text may have 3,000 characters. */
const SLACK_TEXT = 2_900;

const CHANGES: Record<AlertChange, string> = {
  firing: 'Alert',
  reminder: 'Still',
  recovered: 'Over',
  passed: 'Was, and is over',
};

const MARKS: Record<AlertChange, string> = {
  firing: ':rotating_light:',
  reminder: ':hourglass:',
  recovered: ':white_check_mark:',
  passed: ':white_check_mark:',
};

/** The types of webhook messages, by what they are. */
export const WEBHOOK_TYPES: Record<MessageKind, string> = {
  firing: 'alert.firing',
  reminder: 'alert.reminder',
  recovered: 'alert.recovered',
  summary: 'alert.summary',
  digest: 'alert.digest',
  test: 'alert.test',
};

/** A message as mail. */
export function mailOf(message: AlertMessage, publicUrl: string): Mail {
  const title = titleOf(message);
  const rows = namedOf(message).flatMap((item) => rowsOf(item, publicUrl));
  const closing = `${closingOf(message)} State: GET ${publicUrl}/v1/alerts`;
  return {
    id: message.id,
    subject: `[Longshore] ${title}`,
    text: `${[`${title}.`, '', ...rows.map(([label, value]) => (label ? `${label}: ${value}` : value)), '', closing].join('\n')}\n`,
    html: htmlMail(title, rows, [], closing),
  };
}

/** A message as the JSON of an incoming webhook of Slack, or of whatever understands that. */
export function slackOf(message: AlertMessage, publicUrl: string): object {
  const title = titleOf(message);
  const section = (text: string) => ({
    type: 'section',
    text: { type: 'mrkdwn', text: text.slice(0, SLACK_TEXT) },
  });
  const blocks = namedOf(message).map((item) => {
    const { change, event, about, message: said, action, link, since, endedAt } = item;
    const head = `${MARKS[change]} *${slackText(`${CHANGES[change]}: ${ALERT_EVENTS[event].title}`)}* — ${slackText(about)}`;
    const end = endedAt ? `, until ${minuteOf(endedAt)}` : '';
    const todo = endedAt ? '' : `\n${slackText(action)}`;
    return section(`${head}\n${slackText(said)}${todo}\nSince ${minuteOf(since)}${end} · <${publicUrl}${link}|look>`);
  });
  const closing = closingOf(message);
  return {
    text: `Longshore: ${title}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: title.slice(0, 150) } },
      ...blocks,
      ...(closing ? [{ type: 'context', elements: [{ type: 'mrkdwn', text: slackText(closing) }] }] : []),
    ],
  };
}

/** A message as the body of a signed webhook. Source of the form: Standard Webhooks, “payload structure”. */
export function webhookOf(message: AlertMessage, publicUrl: string): object {
  return {
    type: WEBHOOK_TYPES[message.kind],
    timestamp: message.at.toISOString(),
    data: {
      id: message.id,
      alerts: message.items.map(({ key, link, since, endedAt, ...item }) => ({
        id: key,
        ...item,
        since: since.toISOString(),
        endedAt: endedAt?.toISOString() ?? null,
        url: publicUrl + link,
      })),
    },
  };
}

function titleOf({ kind, items }: AlertMessage): string {
  if (kind === 'test') return 'A test: alerts reach you here';
  const standing = items.filter(({ endedAt }) => !endedAt).length;
  const over = items.length - standing;
  const [only] = items;
  if (kind !== 'digest' && items.length === 1 && only)
    return `${CHANGES[only.change]}: ${ALERT_EVENTS[only.event].title} (${only.about})`;
  const counted = [
    ...(standing > 0 || over === 0
      ? [`${standing === 0 ? 'nothing' : standing} ${standing > 1 ? 'stand' : 'stands'}`]
      : []),
    ...(over > 0 ? [`${over} ${over === 1 ? 'is' : 'are'} over`] : []),
  ];
  return `${kind === 'digest' ? 'Alerts of the day' : 'Alerts'}: ${counted.join(', ')}`;
}

function closingOf({ kind, items }: AlertMessage): string {
  const more = items.length > NAMED ? `${items.length - NAMED} more are not named here. ` : '';
  if (kind === 'test') return 'Somebody has pressed the test button of this channel.';
  if (kind === 'digest') return `${more}You get this once a day, also when nothing is wrong.`;
  const stand = items.some(({ change }) => change === 'firing' || change === 'reminder');
  return `${more}${stand ? 'You are told once, once a day while it lasts, and when it is over.' : ''}`.trim();
}

function namedOf({ items }: AlertMessage): AlertItem[] {
  return items.slice(0, NAMED);
}

function rowsOf(item: AlertItem, publicUrl: string): [label: string, value: string][] {
  const { change, event, severity, about, message, action, link, since, endedAt } = item;
  return [
    [CHANGES[change], `${ALERT_EVENTS[event].title} (${severity})`],
    ['About', about],
    [endedAt ? 'What was' : 'What is wrong', message],
    ['Since', minuteOf(since)],
    ...(endedAt ? [['Over at', minuteOf(endedAt)] as [string, string]] : [['What to do', action] as [string, string]]),
    ['Look at', `GET ${publicUrl}${link}`],
    ['', ''],
  ];
}

function minuteOf(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Source: Slack, “Escaping text”. */
function slackText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
