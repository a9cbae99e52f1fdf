import { cancellationSignal } from '@temporalio/activity';
import type { ClockReading, CredentialInput, ExpiryNotice, SendResult } from '../../domain/credential-clock';
import { automaticRotationAt } from '../../domain/credential-rotation';
import type { Mailer } from '../../domain/ports/mail';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import { reminderMail } from '../../domain/reminder-mail';
import {
  isSameDeadline,
  lapsingKey,
  nextReminder,
  type Deadline,
  type Reminder,
  type ReminderOutcome,
} from '../../domain/reminders';
import { lapsingInUse, secretDueAt } from '../../models/client-secrets';
import type { CredentialQueries } from '../../models/credential-queries';
import type { RotationStore } from '../../models/credential-rotations';
import type { CredentialDocument, CredentialStore } from '../../models/credentials';
import { classified } from '../failures';

export interface CredentialClockDependencies {
  credentials: Pick<CredentialStore, 'get' | 'noteExpiry' | 'noteReminder'>;
  rotations: Pick<RotationStore, 'ask'>;
  orchestrator: Pick<Orchestrator, 'secretChanged'>;
  queries: Pick<CredentialQueries, 'connectorsOf'>;
  /** Undefined while no mail server is configured. */
  mailer: Mailer | undefined;
  logger: { warn: (facts: object, message: string) => void; info: (facts: object, message: string) => void };
  /** Where people reach the API, without a trailing slash. */
  publicUrl: string;
}

/**
 * While the client secret before is kept, it may come into use again at any time, of which nobody tells the clock: it looks so
 * often, in milliseconds.
 */
const LOOK_AGAIN_MS = 3_600_000;

/** What is noted, and shown by the API, while nothing can be mailed. */
const NO_MAIL = 'No mail server is configured: set SMTP_URL, ALERT_FROM and ALERT_TO.';

/**
 * The steps of a credential's clock. The time is the workflow's, and comes with each call; no secret is opened.
 *
 * A reminder is noted after the mail server has taken it, in a step of its own. The other way round, a worker that dies
 * between the two would leave a reminder that counts as sent and never was, and nobody would hear of a lapse. This way
 * the engine remembers that the mail was taken and repeats the note alone; only a worker that dies in the moment between the
 * server's answer and its own report sends a mail again, under the same Message-ID.
 */
export function createCredentialClockActivities(deps: CredentialClockDependencies) {
  const { credentials, logger } = deps;
  return {
    /** What is due by now, the longest first, or when the next reminder is. What no connector uses may lapse. */
    async readClock({ credentialId, at }: CredentialInput & { at: string }): Promise<ClockReading> {
      const credential = await credentials.get(credentialId);
      if (!credential) return { kind: 'gone' };
      const isUsed = (await deps.queries.connectorsOf(credentialId)).length > 0;
      if (!isUsed) return { kind: 'waiting', until: null };
      const now = new Date(at);
      const rotateAt = rotationDue(credential);
      if (rotateAt && rotateAt <= now) return { kind: 'rotate' };
      const [first] = lapsingInUse(credential, now)
        .map((deadline) => ({ deadline, next: nextReminder(deadline, lastNote(credential, deadline), now) }))
        .sort((a, b) => a.next.at.getTime() - b.next.at.getTime());
      if (!first) return { kind: 'waiting', until: null };
      const { deadline, next } = first;
      const until = earliest([next.at, rotateAt, lookAgainAt(credential, now)]);
      if (until > now) return { kind: 'waiting', until: until.toISOString() };
      return {
        kind: 'due',
        reminder: { ...deadline, credentialId, dueAt: deadline.dueAt.toISOString(), day: next.day },
      };
    },

    /** Has a new client secret asked of Amazon, unless a rotation is under way. */
    async startRotation({ credentialId, at }: CredentialInput & { at: string }): Promise<void> {
      await deps.rotations.ask(credentialId, 'automatic', new Date(at));
      await deps.orchestrator.secretChanged(credentialId);
    },

    /**
     * Mails a reminder, unless its deadline was moved or the credential given up since.
     *
     * @throws ApplicationFailure `transient`, to be retried; `config` when the mail server refuses it for good.
     */
    async sendReminder({ reminder, at }: { reminder: Reminder; at: string }): Promise<SendResult> {
      const credential = await credentials.get(reminder.credentialId);
      if (!credential || !stillStands(credential, reminder, new Date(at))) return { state: 'outdated' };
      const { mailer } = deps;
      if (!mailer) return { state: 'not_sent', reason: NO_MAIL };
      const mail = reminderMail(reminder, {
        clientId: credential.clientId,
        connectors: await deps.queries.connectorsOf(credential._id),
        publicUrl: deps.publicUrl,
        at: new Date(at),
      });
      const signal = cancellationSignal();
      const { refused } = await classified(() => mailer.send(mail, signal), signal);
      return { state: 'sent', reason: refused.length > 0 ? `The mail server refused ${refused.join(', ')}.` : null };
    },

    /** Keeps what became of a reminder: what was sent is not sent again. */
    async noteReminder(input: { reminder: Reminder; outcome: ReminderOutcome; at: string }): Promise<void> {
      const { reminder, outcome, at } = input;
      await credentials.noteReminder(reminder, outcome, new Date(at));
      const facts = { ...reminder, ...outcome };
      if (outcome.state === 'sent' && !outcome.reason) logger.info(facts, 'a reminder of a credential was sent');
      else logger.warn(facts, 'a reminder of a credential did not reach everybody');
    },

    /** Moves the end of the secret in use to where Amazon says it is. */
    async noteExpiry({ credentialId, expiresAt, noticedAt }: CredentialInput & ExpiryNotice): Promise<void> {
      await credentials.noteExpiry(credentialId, { expiresAt: new Date(expiresAt), noticedAt: new Date(noticedAt) });
    },
  };
}

export type CredentialClockActivities = ReturnType<typeof createCredentialClockActivities>;

/** When a new client secret is to be asked of Amazon by itself, if that is wanted. */
function rotationDue(credential: CredentialDocument): Date | undefined {
  const { autoRotate, rotation, secretCreatedAt } = credential;
  const due = secretDueAt(credential);
  return autoRotate && due ? automaticRotationAt(due, rotation ?? null, secretCreatedAt) : undefined;
}

function lookAgainAt({ clientSecret }: CredentialDocument, now: Date): Date | undefined {
  const { previous } = clientSecret;
  return previous && previous.until > now ? new Date(now.getTime() + LOOK_AGAIN_MS) : undefined;
}

function earliest(dates: readonly (Date | undefined)[]): Date {
  return new Date(Math.min(...dates.flatMap((date) => date?.getTime() ?? [])));
}

/** What was told last of the same deadline: in between, the end of the secret before may have stood in its place. */
function lastNote(credential: CredentialDocument, deadline: Deadline) {
  const notes = credential.reminders?.[lapsingKey(deadline)];
  return notes?.findLast(({ dueAt }) => isSameDeadline(dueAt, deadline.dueAt));
}

function stillStands(credential: CredentialDocument, reminder: Reminder, now: Date): boolean {
  return lapsingInUse(credential, now).some(
    (each) => lapsingKey(each) === lapsingKey(reminder) && isSameDeadline(new Date(reminder.dueAt), each.dueAt)
  );
}
