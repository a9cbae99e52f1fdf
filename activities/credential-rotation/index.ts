import { cancellationSignal } from '@temporalio/activity';
import type { WaitingFor } from '../../domain/connector';
import type { CredentialInput } from '../../domain/credential-clock';
import { PREVIOUS_KEPT_MS, rotationStep, type RotationStep } from '../../domain/credential-rotation';
import { FAILURES, isAuthFailure, isPassing, type FailureCode } from '../../domain/errors';
import { requireMarketplace, type Region } from '../../domain/marketplaces';
import type { AmazonApplications, SecretRequest } from '../../domain/ports/applications';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { Sealed, SecretBox } from '../../domain/ports/secrets';
import { secretInUse, type ClientSecretStore } from '../../models/client-secrets';
import type { ConnectorStore } from '../../models/connectors';
import type { CredentialQueries } from '../../models/credential-queries';
import type { RotationStore } from '../../models/credential-rotations';
import type { CredentialDocument, CredentialStore } from '../../models/credentials';
import type { SyncRunStore } from '../../models/sync-runs';
import { classified } from '../failures';

export interface CredentialRotationDependencies {
  credentials: Pick<CredentialStore, 'get' | 'noteExpiry'>;
  secrets: ClientSecretStore;
  rotations: RotationStore;
  queries: Pick<CredentialQueries, 'connectorsOf'>;
  connectors: Pick<ConnectorStore, 'get'>;
  runs: Pick<SyncRunStore, 'atWork'>;
  applications: AmazonApplications;
  secretBox: SecretBox;
  orchestrator: Pick<Orchestrator, 'credentialChanged' | 'configurationChanged' | 'wakeSync'>;
  logger: { warn: (facts: object, message: string) => void; info: (facts: object, message: string) => void };
}

type Moment = CredentialInput & {
  /** The workflow's time, ISO 8601. */
  at: string;
};

/** The steps of a rotation. Secrets are opened here, and go to Amazon and nowhere else. */
export function createCredentialRotationActivities(deps: CredentialRotationDependencies) {
  const { credentials, secrets, rotations, secretBox, orchestrator, logger } = deps;

  /** Whether Amazon takes a secret, asked with any seller's refresh token. */
  function isTaken({ clientId, refreshTokens }: CredentialDocument, secret: Sealed): Promise<boolean> {
    const tokens = Object.values(refreshTokens ?? {});
    const token = tokens.find(({ current }) => current)?.current ?? tokens.find(({ next }) => next)?.next;
    const application = { clientId, clientSecret: secretBox.open(secret) };
    const signal = cancellationSignal();
    return classified(
      () => deps.applications.takesSecret(application, token ? secretBox.open(token) : null, signal),
      signal
    );
  }

  /** Takes a waiting secret into use if Amazon takes it. @returns whether it waits no longer. */
  async function prove(credential: CredentialDocument, slot: 'received' | 'next', now: Date): Promise<boolean> {
    const { _id: id, clientSecret } = credential;
    const { received, current } = clientSecret;
    const secret = slot === 'received' ? received?.secret : clientSecret.next;
    if (!secret) return true;
    if (current && secretBox.open(current) === secretBox.open(secret)) {
      if (slot === 'received' && received) await secrets.noteEnds(id, received);
      await secrets.clear(id, slot, secret);
      return true;
    }
    if (!(await isTaken(credential, secret))) return false;
    if (slot === 'received' && received) await secrets.takeReceived(id, received);
    else await secrets.takeSaved(id, secret, now);
    logger.info({ credentialId: id, slot }, 'a new client secret is in use');
    return true;
  }

  async function regionOf(credentialId: string): Promise<Region> {
    const [first] = await deps.queries.connectorsOf(credentialId);
    const connector = first && (await deps.connectors.get(first.id));
    return connector ? requireMarketplace(connector.config.amazon.country).region : 'NA';
  }

  return {
    /** What is to be done next. */
    async readRotation({ credentialId, at }: Moment): Promise<RotationStep> {
      const credential = await credentials.get(credentialId);
      if (!credential) return { kind: 'end' };
      const { received, next, previous, fallback } = credential.clientSecret;
      const facts = {
        rotation: credential.rotation ?? null,
        unproved: received ? ('received' as const) : next ? ('saved' as const) : null,
        isFallenBack: Boolean(fallback),
        previousUntil: previous?.until ?? null,
      };
      return rotationStep(facts, new Date(at));
    },

    /**
     * Asks Amazon for a new secret, once. That it is asked is kept before it is.
     *
     * @returns `later` when Amazon has made none for a passing reason, and may be asked again; `settled` otherwise.
     */
    async requestSecret({ credentialId, at }: Moment): Promise<'settled' | 'later'> {
      const requestedAt = new Date(at);
      const credential = await credentials.get(credentialId);
      const secret = credential && secretInUse(credential, requestedAt);
      if (!credential) return 'settled';
      if (!secret) {
        const waitingFor = waitingForA('required', UNPROVED, 'longshore', at);
        await rotations.end(credentialId, 'requesting', { state: 'failed', waitingFor }, requestedAt);
        return 'settled';
      }
      const application = { clientId: credential.clientId, clientSecret: secretBox.open(secret) };
      const region = await regionOf(credentialId);
      const unanswered = 'Amazon was asked for a new client secret, and has not answered';
      if (!(await rotations.markRequested(credentialId, requestedAt, awaited(unanswered, at)))) return 'settled';
      const answer = await deps.applications.requestSecret(application, region, new AbortController().signal);
      logger.info({ credentialId, answer: answer.kind }, 'Amazon was asked for a new client secret');
      if (answer.kind === 'accepted') {
        const said = awaited('Amazon makes a new client secret', at);
        await rotations.noteAccepted(credentialId, requestedAt, said);
      }
      const waitingFor = answer.kind === 'not-enrolled' ? notEnrolled(at) : refusal(answer, at);
      if (!waitingFor) return 'settled';
      await rotations.noteRefused(credentialId, requestedAt, waitingFor);
      if (answer.kind === 'refused' && isPassing(answer.code)) return 'later';
      await rotations.end(credentialId, 'requesting', { state: 'failed', waitingFor }, requestedAt);
      await orchestrator.credentialChanged(credentialId);
      return 'settled';
    },

    /**
     * Tries the secrets that wait for their proof, and the current one while the one before it is used.
     *
     * @throws ApplicationFailure `transient` or `throttled` while Amazon does not say.
     */
    async proveSecret({ credentialId, at }: Moment): Promise<'nothing-open' | 'open'> {
      const now = new Date(at);
      let isTakenNow = false;
      for (const slot of ['received', 'next'] as const) {
        const credential = await credentials.get(credentialId);
        if (!credential) return 'nothing-open';
        const isWaiting = Boolean(credential.clientSecret[slot]);
        if ((await prove(credential, slot, now)) && isWaiting) isTakenNow = true;
      }
      const credential = await credentials.get(credentialId);
      if (!credential) return 'nothing-open';
      const { fallback, current, received, next } = credential.clientSecret;
      // What still waits, also what was saved meanwhile, is tried again.
      let isOpen = Boolean(received ?? next);
      if (fallback && current) {
        if (await isTaken(credential, current)) await secrets.fallBack(credentialId, null);
        else isOpen = true;
      }
      if (isOpen) {
        const code = received ? 'auth.secret_pending' : 'auth.wrong_secret';
        const { owner } = FAILURES[code];
        await rotations.noteWaiting(credentialId, waitingForA(code, received ? PENDING : NOT_TAKEN, owner, at));
        if (!isTakenNow) return 'open';
        // One of two works: whatever was parked goes on, and the other is tried again after that.
        await orchestrator.credentialChanged(credentialId);
        return 'nothing-open';
      }
      await rotations.end(credentialId, 'proving', { state: 'done', waitingFor: null }, now);
      await orchestrator.credentialChanged(credentialId);
      return 'nothing-open';
    },

    /** Ends a rotation that a person has to look after. Whatever comes later is taken all the same. */
    async giveUpRotation({ credentialId, why, at }: Moment & { why: 'no-message' | 'not-taken' }): Promise<void> {
      const credential = await credentials.get(credentialId);
      const requestedAt = credential?.rotation?.requestedAt;
      const now = new Date(at);
      if (why === 'not-taken') {
        const waitingFor = waitingForA('auth.wrong_secret', GIVEN_UP, 'longshore', at);
        await rotations.end(credentialId, 'proving', { state: 'failed', waitingFor }, now);
        // Where there is one that works, what does not must not stand before it at the next onboarding.
        const { current, next } = credential?.clientSecret ?? {};
        if (current && next) await secrets.clear(credentialId, 'next', next);
      } else if (requestedAt && credential.secretCreatedAt && credential.secretCreatedAt > requestedAt) {
        // Another secret has come into use since: there is nothing to wait for.
        await rotations.end(credentialId, 'awaiting', { state: 'done', waitingFor: null }, now);
      } else if (requestedAt) {
        const endsAt = new Date(requestedAt.getTime() + PREVIOUS_KEPT_MS);
        const message = `${MISSING} The one in use may end on ${endsAt.toISOString().slice(0, 10)}.`;
        const waitingFor = waitingForA('new_secret_missing', message, 'longshore', at);
        await rotations.end(credentialId, 'awaiting', { state: 'failed', waitingFor }, now);
        // From here on the clock reminds people of it.
        await credentials.noteExpiry(credentialId, { expiresAt: endsAt, noticedAt: requestedAt });
      }
      logger.warn({ credentialId, why }, 'a rotation of a client secret needs a person');
      await orchestrator.credentialChanged(credentialId);
    },

    /** Deletes the secret before; where Amazon takes that one and not the current one, it stays and the other goes. */
    async dropPreviousSecret({ credentialId, at }: Moment): Promise<void> {
      const credential = await credentials.get(credentialId);
      if (!credential) return;
      const { fallback, current, previous } = credential.clientSecret;
      if (!previous) return;
      const isCurrentLost = fallback && current && !(await isTaken(credential, current));
      const isTheOneThatWorks = Boolean(isCurrentLost && (await isTaken(credential, previous.secret)));
      await secrets.dropPrevious(credentialId, previous.secret, isTheOneThatWorks);
      logger.info({ credentialId, at, isTheOneThatWorks }, 'the client secret before was let go');
    },

    /** Has everything that waits for the credential look again: the runs of its connectors, and those being onboarded. */
    async wakeConnectors({ credentialId }: CredentialInput): Promise<void> {
      for (const { id } of await deps.queries.connectorsOf(credentialId)) {
        for (const { workflowId } of await deps.runs.atWork(id)) await orchestrator.wakeSync(workflowId);
        const waitsFor = (await deps.connectors.get(id))?.onboarding.waitingFor?.code;
        if (waitsFor && waitsFor in FAILURES && isAuthFailure(waitsFor as FailureCode))
          await orchestrator.configurationChanged(id);
      }
    },
  };
}

export type CredentialRotationActivities = ReturnType<typeof createCredentialRotationActivities>;

const UNPROVED = 'Amazon has taken no client secret of this credential yet. Save one that works first.';
const PENDING =
  'Amazon has sent a new client secret and does not take it yet. It is tried again by itself, and used as soon as it works.';
const NOT_TAKEN =
  'Amazon does not take the client secret that was saved. It is tried again for a day; if it was mistyped, save it again.';
const GIVEN_UP =
  'Amazon has not taken the client secret that was saved for a day: it is not one of this application. Copy it again at Amazon and save it.';
const NOT_ENROLLED =
  "The application is not enrolled for rotation: register a queue for 'Application Client New Secret' under its notification preferences in the Developer Console, then ask again.";
const MISSING =
  'Amazon was asked for a new client secret, and no message with it has come for a day. Look for it among the dead letters and in the queue; otherwise make a client secret in the Developer Console and save it.';

function notEnrolled(since: string): WaitingFor {
  return waitingForA('not_enrolled', NOT_ENROLLED, 'longshore', since);
}

function refusal(answer: SecretRequest, since: string): WaitingFor | undefined {
  if (answer.kind !== 'refused') return undefined;
  const { sentence, action, owner } = FAILURES[answer.code];
  return waitingForA(answer.code, `${sentence} ${answer.message} ${action}`, owner, since);
}

function awaited(what: string, at: string): WaitingFor {
  const message = `${what}. It comes by the queue that is registered for the application; the one in use works for up to seven days more.`;
  return waitingForA('new_secret_awaited', message, 'amazon', at);
}

function waitingForA(code: string, message: string, owner: WaitingFor['owner'], since: string): WaitingFor {
  return { code, message, owner, since };
}
