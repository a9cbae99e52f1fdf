import { daysLeft, deadlinesOf, lapsingKey, nextReminder, type Deadline, type Lapsing } from '../../domain/reminders';
import { credentialQueries, type ConnectorName } from '../../models/credential-queries';
import { clientSecretStore } from '../../models/client-secrets';
import { rotationStore } from '../../models/credential-rotations';
import { credentialIdOf, credentialStore, datesOf, type CredentialDocument } from '../../models/credentials';
import type { Sealed } from '../../domain/ports/secrets';
import type { CredentialTestView, CredentialView } from '../contracts/credential-view';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { invalid, notFound, Problem } from '../errors';
import { auditService } from './audit';
import type { By } from './by';
import { testCredential } from './credential-test';
import type { ServiceDeps } from './index';
import { askWorkflows } from './workflow-engine';

/** What a person says about a credential's dates. */
export interface CredentialDates {
  secretCreatedAt?: Date;
  authorisations?: { seller: string; authorisedAt: Date }[];
  /** Whether a new client secret is asked of Amazon by itself. */
  autoRotate?: boolean;
}

/** An application that no connector has named yet. */
export interface NewCredential {
  clientId: string;
  clientSecret: string;
  authorisations: { seller: string; refreshToken: string }[];
  autoRotate: boolean;
}

type CredentialServiceDeps = Pick<
  ServiceDeps,
  'connection' | 'orchestrator' | 'clock' | 'secretBox' | 'accounts' | 'applications'
>;

/** Credentials: what they hold, whether it works, and when it lapses (S6, B15, B16). */
export function credentialService(deps: CredentialServiceDeps) {
  const store = credentialStore(deps.connection);
  const secrets = clientSecretStore(deps.connection);
  const rotations = rotationStore(deps.connection);
  const queries = credentialQueries(deps.connection);
  const workflows = askWorkflows(deps.orchestrator);
  const audit = auditService(deps);

  async function shown(credential: CredentialDocument): Promise<CredentialView> {
    return viewOf(credential, await queries.connectorsOf(credential._id), deps.clock());
  }

  /** @throws Problem `not_found` */
  async function found(id: string): Promise<CredentialDocument> {
    const credential = await store.get(id);
    if (!credential) throw notFound('credential');
    return credential;
  }

  /** @throws Problem `not_found` */
  async function get(id: string): Promise<CredentialView> {
    return shown(await found(id));
  }

  return {
    get,

    /**
     * Keeps an application before any connector names it. Its secret is proved at Amazon at once.
     *
     * @throws Problem `credential_exists`, `workflows_unavailable`
     */
    async create(input: NewCredential, by: By): Promise<CredentialView> {
      const { clientId, autoRotate, authorisations } = input;
      const id = credentialIdOf(clientId);
      const clientSecret = deps.secretBox.seal(input.clientSecret);
      const tokens = authorisations.map(({ seller, refreshToken }) => [seller, deps.secretBox.seal(refreshToken)]);
      const refreshTokens = Object.fromEntries(tokens) as Record<string, Sealed>;
      if (!(await store.create(clientId, { clientSecret, refreshTokens }, autoRotate)))
        throw new Problem('credential_exists', `The application ${clientId} is kept as ${id}.`);
      await rotations.prove(id, 'saved', deps.clock());
      const written = ['clientSecret', ...authorisations.map(({ seller }) => `authorisations.${seller}.refreshToken`)];
      await audit.note(by, {
        action: 'credential.created',
        target: { type: 'credential', id },
        changes: [
          { field: 'clientId', before: null, after: clientId },
          ...written.map((field) => ({ field, before: null, after: '[secret]' })),
        ],
      });
      await workflows((orchestrator) => orchestrator.secretChanged(id));
      return get(id);
    },

    /**
     * Keeps a new client secret, which is used once Amazon takes it; the one in use goes on until then.
     *
     * @throws Problem `not_found`, `workflows_unavailable`
     */
    async saveSecret(id: string, clientSecret: string, by: By): Promise<CredentialView> {
      const { clientSecret: before } = await found(id);
      if (!(await secrets.save(id, deps.secretBox.seal(clientSecret)))) throw notFound('credential');
      await rotations.prove(id, 'saved', deps.clock());
      await audit.note(by, {
        action: 'credential.secret_saved',
        target: { type: 'credential', id },
        changes: [
          { field: 'clientSecret', before: (before.current ?? before.next) ? '[secret]' : null, after: '[secret]' },
        ],
      });
      await workflows((orchestrator) => orchestrator.secretChanged(id));
      return get(id);
    },

    /**
     * Tries what is kept at Amazon. A new client secret that Amazon takes is then used at once.
     *
     * @throws Problem `not_found`, `workflows_unavailable`
     */
    async test(id: string): Promise<CredentialTestView> {
      const result = await testCredential(await found(id), deps, deps.clock());
      const works = (slot: string): boolean =>
        result.secrets.some(({ secret, verdict }) => secret === slot && verdict === 'works');
      const taken = (['received', 'saved'] as const).find(works);
      if (taken) {
        await rotations.prove(id, taken, deps.clock());
        await workflows((orchestrator) => orchestrator.secretChanged(id));
      }
      return result;
    },

    /**
     * Has Amazon asked for a new client secret. While one rotation is under way, that goes on and no other begins.
     *
     * @throws Problem `not_found`, `credential_unproved`, `workflows_unavailable`
     */
    async rotate(id: string, by: By): Promise<CredentialView> {
      const { clientSecret, rotation } = await found(id);
      if (!clientSecret.current)
        throw new Problem(
          'credential_unproved',
          'Amazon can be asked for a new client secret with one that works only.'
        );
      if (await rotations.ask(id, 'asked', deps.clock()))
        await audit.note(by, {
          action: 'credential.rotation_asked',
          target: { type: 'credential', id },
          changes: [{ field: 'rotation', before: rotation?.state ?? null, after: 'requesting' }],
        });
      await workflows((orchestrator) => orchestrator.secretChanged(id));
      return get(id);
    },

    async list(query: { cursor?: string; limit?: number }): Promise<Page<CredentialView>> {
      const [afterId] = decodeCursor(query.cursor, 's') ?? [];
      const size = query.limit ?? DEFAULT_LIMIT;
      const rows = await queries.page(afterId as string | undefined, size + 1);
      const page = pageOf(
        rows,
        size,
        (row) => [row._id],
        (row) => row
      );
      return { ...page, items: await Promise.all(page.items.map(shown)) };
    },

    /**
     * Writes when the secret in use was created, and when sellers authorised; reminders follow.
     *
     * @throws Problem `not_found`, `validation_failed`, `workflows_unavailable`
     */
    async setDates(id: string, dates: CredentialDates, by: By): Promise<CredentialView> {
      checkDates(await found(id), dates, deps.clock());
      const { secretCreatedAt, authorisations = [] } = dates;
      const authorisedAt = Object.fromEntries(authorisations.map((each) => [each.seller, each.authorisedAt]));
      const before = await store.setDates(id, { secretCreatedAt, authorisedAt, autoRotate: dates.autoRotate });
      if (!before) throw notFound('credential');
      const changes = changesOf(before, dates);
      await audit.note(by, {
        action: 'credential.dates_set',
        target: { type: 'credential', id },
        changes,
      });
      await workflows((orchestrator) => orchestrator.credentialChanged(id));
      return get(id);
    },
  };
}

/** @throws Problem `validation_failed` naming every date that cannot be. */
function checkDates(credential: CredentialDocument, dates: CredentialDates, now: Date): void {
  const known = datesOf(credential);
  const problems = [];
  const late = { code: 'in_future', message: 'This is still to come; write when it was.' };
  if (dates.secretCreatedAt && known.secretCreatedAt === null)
    problems.push({ field: 'secretCreatedAt', code: 'not_proved', message: 'No client secret was proved yet.' });
  else if (dates.secretCreatedAt && dates.secretCreatedAt > now) problems.push({ field: 'secretCreatedAt', ...late });
  for (const [index, { seller, authorisedAt }] of (dates.authorisations ?? []).entries()) {
    const at = `authorisations.${index}`;
    if (!Object.hasOwn(known.authorisedAt, seller))
      problems.push({
        field: `${at}.seller`,
        code: 'unknown_seller',
        message: `No refresh token of ${seller} was proved; authorisations of the credential lists the sellers.`,
      });
    else if (authorisedAt > now) problems.push({ field: `${at}.authorisedAt`, ...late });
  }
  if (problems.length > 0) throw invalid(problems);
}

function changesOf(before: CredentialDocument, dates: CredentialDates) {
  const { secretCreatedAt, authorisations = [], autoRotate } = dates;
  const known = datesOf(before);
  const change = (field: string, was: Date | null | undefined, is: Date) => ({
    field,
    before: was?.toISOString() ?? null,
    after: is.toISOString(),
  });
  return [
    ...(secretCreatedAt ? [change('secretCreatedAt', known.secretCreatedAt, secretCreatedAt)] : []),
    ...authorisations.map(({ seller, authorisedAt }) =>
      change(`authorisations.${seller}.authorisedAt`, known.authorisedAt[seller], authorisedAt)
    ),
    ...(autoRotate === undefined
      ? []
      : [{ field: 'autoRotate', before: String(before.autoRotate ?? false), after: String(autoRotate) }]),
  ];
}

function viewOf(credential: CredentialDocument, connectors: ConnectorName[], now: Date): CredentialView {
  const dates = datesOf(credential);
  const deadlines = new Map(deadlinesOf(dates).map((each) => [lapsingKey(each), each]));
  const lapsing = (what: Lapsing) => lapsingView(credential, what, deadlines.get(lapsingKey(what)), now, connectors);
  return {
    id: credential._id,
    clientId: credential.clientId,
    connectors,
    secretCreatedAt: dates.secretCreatedAt?.toISOString() ?? null,
    dueAtFrom: dates.secretExpiresAt ? 'notice' : dates.secretCreatedAt ? 'creation' : null,
    ...lapsing({ of: 'client-secret' }),
    ...secretView(credential),
    authorisations: Object.entries(dates.authorisedAt).map(([seller, at]) => ({
      seller,
      authorisedAt: at.toISOString(),
      ...lapsing({ of: 'authorisation', seller }),
    })),
  };
}

/** How far the change of the client secret is. */
function secretView({ clientSecret, autoRotate, rotation }: CredentialDocument) {
  const { received, next, previous, fallback } = clientSecret;
  return {
    autoRotate: autoRotate ?? false,
    newSecret: received ? ('received' as const) : next ? ('saved' as const) : null,
    previousUntil: previous?.until.toISOString() ?? null,
    usesPrevious: Boolean(fallback && previous),
    rotation: rotation
      ? {
          state: rotation.state,
          cause: rotation.cause,
          startedAt: rotation.startedAt.toISOString(),
          requestedAt: rotation.requestedAt?.toISOString() ?? null,
          waitingFor: rotation.waitingFor,
          endedAt: rotation.endedAt?.toISOString() ?? null,
        }
      : null,
  };
}

function lapsingView(
  credential: CredentialDocument,
  what: Lapsing,
  deadline: Deadline | undefined,
  now: Date,
  connectors: ConnectorName[]
) {
  const notes = credential.reminders?.[lapsingKey(what)] ?? [];
  const isWatched = deadline !== undefined && connectors.length > 0;
  return {
    dueAt: deadline?.dueAt.toISOString() ?? null,
    daysLeft: deadline ? daysLeft(deadline.dueAt, now) : null,
    nextReminderAt: isWatched ? nextReminder(deadline, notes.at(-1), now).at.toISOString() : null,
    reminders: notes
      .map(({ day, dueAt, state, reason, at }) => ({
        day,
        dueAt: dueAt.toISOString(),
        state,
        reason,
        at: at.toISOString(),
      }))
      .reverse(),
  };
}
