import { ALL_CONDITIONS_OF_CONNECTORS, ATTENTION_FOR_MS } from './connector-conditions';
import { ordersUnread } from './order-watch-conditions';
import type { Condition } from './alert';
import type { AlertFacts, CredentialFacts, SchemaChange } from './alert-facts';
import { deadLettersKey } from './tell';
import { daysLeft, lapsingKey } from '../reminders';

const DAY_MS = 24 * 3_600_000;

/** A credential is told of so many days before it lapses, and more urgently so many. */
const DUE_DAYS = { told: 14, urgent: 3 } as const;

/** What has happened is news for so long: whoever looks after a time in which nobody looked, is told still. */
export const NEWS_FOR_MS = 7 * DAY_MS;

/**
 * What is wrong now.
 *
 * @param upSince - when this installation began to look, after a time when it did not: what stood still meanwhile may have stood
 *   still because nothing ran.
 */
export function conditionsOf(facts: AlertFacts, now: Date, upSince: Date): Condition[] {
  return [
    ...facts.connectors.flatMap((connector) =>
      ALL_CONDITIONS_OF_CONNECTORS.flatMap((of) => of(connector, { now, upSince, operators: facts.operators }))
    ),
    ...facts.unreadOrders.flatMap((unread) => ordersUnread(unread, now, upSince)),
    ...facts.credentials.flatMap((credential) => credentialDue(credential, facts.operators, now)),
    ...facts.credentials.flatMap((credential) => rotationFailed(credential, now)),
    ...schemaChanges(facts.schemaChanges),
    ...facts.deadLetters.map(deadLetters),
    ...(facts.deadNotices ? [deadNotices(facts.deadNotices)] : []),
  ];
}

function credentialDue(
  { id, clientId, deadlines, connectorIds }: CredentialFacts,
  operators: readonly string[],
  now: Date
): Condition[] {
  if (connectorIds.length === 0) return [];
  return deadlines.flatMap((deadline) => {
    const left = daysLeft(deadline.dueAt, now);
    if (left > DUE_DAYS.told) return [];
    const what =
      deadline.of === 'client-secret' ? 'The client secret' : `The authorisation by seller ${deadline.seller}`;
    const date = deadline.dueAt.toISOString().slice(0, 10);
    return [
      {
        key: `credential_due:${id}:${lapsingKey(deadline)}`,
        event: 'credential_due' as const,
        severity:
          left <= 0 ? ('critical' as const) : left <= DUE_DAYS.urgent ? ('error' as const) : ('warning' as const),
        connectorId: null,
        about: clientId,
        message: `${what} ${left <= 0 ? 'expired' : 'expires'} on ${date}. Then Amazon refuses every request of ${connectorIds.length === 1 ? 'a connector' : `${connectorIds.length} connectors`}.`,
        action:
          deadline.of === 'client-secret'
            ? 'Rotate the client secret at Amazon and save the new one.'
            : 'Have the seller renew the authorisation in Seller Central, and save the new refresh token.',
        link: `/v1/credentials/${id}`,
        mailedTo: [...operators],
        since: new Date(deadline.dueAt.getTime() - DUE_DAYS.told * DAY_MS),
      },
    ];
  });
}

/** The one in use goes on until it lapses, of which nobody may be told for months: it has to be changed before. */
function rotationFailed({ id, clientId, connectorIds, failedRotation }: CredentialFacts, now: Date): Condition[] {
  if (!failedRotation || connectorIds.length === 0) return [];
  const { since, action } = failedRotation;
  if (now.getTime() - since.getTime() >= ATTENTION_FOR_MS) return [];
  return [
    {
      key: `credential_due:${id}:rotation`,
      event: 'credential_due',
      severity: 'error',
      connectorId: null,
      about: clientId,
      message: 'The client secret was to be changed, and that has failed. The one in use goes on until it lapses.',
      action,
      link: `/v1/credentials/${id}`,
      mailedTo: [],
      since,
    },
  ];
}

/** The same version is kept for each set of requirements and each language; people hear of it once. */
function schemaChanges(changes: readonly SchemaChange[]): Condition[] {
  const byKey = new Map<string, SchemaChange>();
  for (const change of changes) {
    const key = `schema_changed:${change.marketplaceId}:${change.productType}:${change.version}`;
    const known = byKey.get(key);
    if (change.ofType > 0 && (!known || change.touched > known.touched))
      byKey.set(key, { ...change, at: known && known.at < change.at ? known.at : change.at });
  }
  return [...byKey].map(([key, { productType, marketplaceId, at, touched, ofType }]) => ({
    key,
    event: 'schema_changed' as const,
    severity: touched > 0 ? ('warning' as const) : ('info' as const),
    connectorId: null,
    about: productType,
    message: `Amazon has changed the product type ${productType} in marketplace ${marketplaceId}. ${touched} of ${ofType} SKUs of this type are touched.`,
    action:
      touched > 0
        ? `Look at what has changed (/v1/product-types/${productType}/fields?connector=…) and correct the mapping; the SKUs are judged anew with the next run.`
        : 'Nothing: none of the SKUs is touched.',
    link: '/v1/connectors',
    mailedTo: [],
    since: at,
  }));
}

function deadLetters({ channelId, channel, count, since }: AlertFacts['deadLetters'][number]): Condition {
  return {
    key: deadLettersKey(channelId),
    event: 'dead_letters',
    severity: 'error',
    connectorId: null,
    about: channel,
    message: `${count === 1 ? 'A message' : `${count} messages`} to the alert channel ${channel} could not be delivered and ${count === 1 ? 'is' : 'are'} not tried any more.`,
    action: `Correct the channel's target, test it, and have the messages sent again.`,
    link: '/v1/alert-deliveries?state=dead',
    mailedTo: [],
    since,
  };
}

function deadNotices({ count, since }: NonNullable<AlertFacts['deadNotices']>): Condition {
  return {
    key: 'dead_letters:notifications',
    event: 'dead_letters',
    severity: 'error',
    connectorId: null,
    about: 'notifications of Amazon',
    message: `${count === 1 ? "A notification of Amazon's" : `${count} notifications of Amazon's`} could not be handled and ${count === 1 ? 'was' : 'were'} put aside.`,
    action: 'Look at what each of them says, and have them handled again or remove them.',
    link: '/v1/dead-letters',
    mailedTo: [],
    since,
  };
}
