import { daysLeft, deadlinesOf, lapsingKey, nextReminder, type Deadline, type Lapsing } from '../../domain/reminders';
import { credentialQueries, type ConnectorName } from '../../models/credential-queries';
import { credentialStore, datesOf, type CredentialDocument } from '../../models/credentials';
import type { CredentialView } from '../contracts/credential-view';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { invalid, notFound } from '../errors';
import { auditService } from './audit';
import type { By } from './by';
import type { ServiceDeps } from './index';
import { askWorkflows } from './workflow-engine';

/** What a person says about a credential's dates. */
export interface CredentialDates {
  secretCreatedAt?: Date;
  authorisations?: { seller: string; authorisedAt: Date }[];
}

/** Credentials, and when what they hold lapses (S6, B15). */
export function credentialService(deps: Pick<ServiceDeps, 'connection' | 'orchestrator' | 'clock'>) {
  const store = credentialStore(deps.connection);
  const queries = credentialQueries(deps.connection);
  const workflows = askWorkflows(deps.orchestrator);
  const audit = auditService(deps);

  async function shown(credential: CredentialDocument): Promise<CredentialView> {
    return viewOf(credential, await queries.connectorsOf(credential._id), deps.clock());
  }

  /** @throws Problem `not_found` */
  async function get(id: string): Promise<CredentialView> {
    const found = await store.get(id);
    if (!found) throw notFound('credential');
    return shown(found);
  }

  return {
    get,

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
      const found = await store.get(id);
      if (!found) throw notFound('credential');
      checkDates(found, dates, deps.clock());
      const { secretCreatedAt, authorisations = [] } = dates;
      const authorisedAt = Object.fromEntries(authorisations.map((each) => [each.seller, each.authorisedAt]));
      const before = await store.setDates(id, { secretCreatedAt, authorisedAt });
      if (!before) throw notFound('credential');
      const changes = changesOf(before, dates);
      await audit.note(by, {
        action: 'credential.dates_set',
        target: { type: 'credential', id },
        fields: changes.map(({ field }) => field),
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

function changesOf(before: CredentialDocument, { secretCreatedAt, authorisations = [] }: CredentialDates) {
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
    authorisations: Object.entries(dates.authorisedAt).map(([seller, at]) => ({
      seller,
      authorisedAt: at.toISOString(),
      ...lapsing({ of: 'authorisation', seller }),
    })),
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
