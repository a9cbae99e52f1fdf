import { htmlMail } from './html-mail';
import type { Mail } from './ports/mail';
import { daysLeft, lapsingKey, type Reminder } from './reminders';

/** What a reminder's mail says beside the reminder. */
export interface ReminderFacts {
  clientId: string;
  /** The connectors that stop working, by name. */
  connectors: readonly { id: string; name: string }[];
  /** Where people reach the API, without a trailing slash. */
  publicUrl: string;
  /** Now. */
  at: Date;
}

/** A mail before it is text or HTML. */
interface Content {
  title: string;
  facts: [label: string, value: string][];
  steps: string[];
  closing: string;
}

/** Connectors that a mail names. */
const NAMED = 10;

/** The mail of a reminder: what lapses when, what happens then, who does what. It holds no secret. */
export function reminderMail(reminder: Reminder, facts: ReminderFacts): Mail {
  const content = contentOf(reminder, facts);
  return {
    id: `${reminder.credentialId}:${lapsingKey(reminder)}:${reminder.dueAt}:${reminder.day}`,
    subject: `[Longshore] ${content.title}`,
    text: asText(content),
    html: htmlMail(content.title, content.facts, content.steps, content.closing),
  };
}

function contentOf(reminder: Reminder, { clientId, connectors, publicUrl, at }: ReminderFacts): Content {
  const dueAt = new Date(reminder.dueAt);
  const left = daysLeft(dueAt, at);
  const credentialUrl = `${publicUrl}/v1/credentials/${reminder.credentialId}`;
  const { what, then, who, steps } =
    reminder.of === 'client-secret'
      ? secretWords(publicUrl, credentialUrl)
      : authorisationWords(reminder.seller, publicUrl, credentialUrl);
  return {
    title: `${what} ${whenOf(left)} (${dateOf(dueAt)})`,
    facts: [
      ['What', what],
      ['Application', clientId],
      [left <= 0 ? 'Expired' : 'Expires', `${dateOf(dueAt)}, ${dueAt.toISOString().slice(11, 16)} UTC`],
      [left <= 0 ? 'What happens now' : 'What happens then', then],
      ['Connectors', namesOf(connectors)],
      ['Who', who],
    ],
    steps,
    closing: `You are reminded 90, 30, 14, 7, 3 and 1 days before, and daily once it is overdue, until this is done. State: GET ${credentialUrl}`,
  };
}

interface Words {
  what: string;
  then: string;
  who: string;
  steps: string[];
}

/** Source of the steps: Amazon's developer documentation on rotating LWA credentials. */
function secretWords(publicUrl: string, credentialUrl: string): Words {
  return {
    what: "The client secret of Longshore's application at Amazon",
    then: 'Amazon refuses every request of this application: no listing, price or quantity is sent any more. What is for sale at Amazon stays for sale, with the quantities of then.',
    who: "Whoever administers the application in the developer's account at Amazon.",
    steps: [
      'In Seller Central or the Solution Provider Portal, under Develop Apps, view the LWA credentials of this application and rotate the client secret. The old one works for 7 more days.',
      `Save the new secret in one of the connectors named above, as amazon.clientSecret: PATCH ${publicUrl}/v1/connectors/{connectorId}. Longshore tries it before it uses it; the refresh tokens stay as they are.`,
      `If the secret was rotated earlier than Longshore heard of it, say when: PATCH ${credentialUrl} with secretCreatedAt.`,
    ],
  };
}

/** Source of the steps: Amazon's documentation for sellers on renewing authorisations. */
function authorisationWords(seller: string, publicUrl: string, credentialUrl: string): Words {
  return {
    what: `The authorisation by seller ${seller}`,
    then: 'Amazon refuses every request for this seller: no listing, price or quantity is sent any more. What is for sale at Amazon stays for sale, with the quantities of then.',
    who: `The primary user of the seller account ${seller}.`,
    steps: [
      'In Seller Central, under Apps and Services > Manage Your Apps, renew the authorisation of this application.',
      `Where Amazon shows a new refresh token, save it in the connector as amazon.refreshToken: PATCH ${publicUrl}/v1/connectors/{connectorId}.`,
      `Where the old token stays, say when it was renewed: PATCH ${credentialUrl} with authorisations.`,
    ],
  };
}

function whenOf(left: number): string {
  if (left === 0) return 'has expired';
  const days = `${Math.abs(left)} ${Math.abs(left) === 1 ? 'day' : 'days'}`;
  return left < 0 ? `expired ${days} ago` : `expires in ${days}`;
}

function dateOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function namesOf(connectors: ReminderFacts['connectors']): string {
  if (connectors.length === 0) return 'none uses it at present';
  const named = connectors.slice(0, NAMED).map(({ id, name }) => `${name} (${id})`);
  const more = connectors.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function asText({ title, facts, steps, closing }: Content): string {
  const lines = facts.map(([label, value]) => `${label}: ${value}`);
  const numbered = steps.map((step, index) => `${index + 1}. ${step}`);
  return `${[`${title}.`, '', ...lines, '', 'What to do:', ...numbered, '', closing].join('\n')}\n`;
}
