import type { Reminder, ReminderOutcome } from './reminders';

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
