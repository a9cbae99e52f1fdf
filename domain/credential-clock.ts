import type { Deadline, Reminder, ReminderOutcome } from './reminders';

/** Amazon may take up to an hour to accept a client secret that it has sent: so long that needs nobody, in milliseconds. */
export const SECRET_PENDING_MS = 60 * 60_000;

/** What a credential's clock is started with. */
export interface CredentialInput {
  credentialId: string;
}

/** Amazon's word on when the client secret in use expires. Dates are ISO 8601. */
export interface ExpiryNotice {
  expiresAt: string;
  /** When Amazon said so (`EventTime`): a notice from before the secret in use is about an older one. */
  noticedAt: string;
}

/** What a clock finds when it looks. */
export type ClockReading =
  | { kind: 'gone' }
  | { kind: 'due'; reminder: Reminder }
  /** A new client secret is to be asked of Amazon. */
  | { kind: 'rotate' }
  /** Nothing is due before `until` (ISO 8601); null while nothing about the credential lapses. */
  | { kind: 'waiting'; until: string | null };

/** What came of sending; `outdated` when the deadline is another one by now, so that nothing was sent. */
export type SendResult = ReminderOutcome | { state: 'outdated' };

/** A client secret that is used again because Amazon does not take the one that has replaced it. */
interface UsedAgain {
  /** When it ends. */
  until: Date;
  /** When the other one was made; null while nobody knows. */
  replacedAt: Date | null;
}

/**
 * The deadlines of what is used. While the client secret before is used in the place of the current one, its end counts where it
 * comes first; not before the current one has had its time to be accepted.
 *
 * @param deadlines - of the current secrets.
 */
export function deadlinesInUse(deadlines: readonly Deadline[], usedAgain: UsedAgain | null, now: Date): Deadline[] {
  if (!usedAgain || isYetToBeTaken(usedAgain, now)) return [...deadlines];
  const { until } = usedAgain;
  return deadlines.map((each) =>
    each.of === 'client-secret' && until < each.dueAt ? { ...each, dueAt: until } : each
  );
}

function isYetToBeTaken({ replacedAt }: UsedAgain, now: Date): boolean {
  return replacedAt !== null && now.getTime() - replacedAt.getTime() < SECRET_PENDING_MS;
}
