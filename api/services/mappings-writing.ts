import type { Assignment, Mapping } from '../../domain/mapping-contract';
import { connectorStore, type ConnectorDocument } from '../../models/connectors';
import { mappingStore, type MappingSubject, type MappingVersion } from '../../models/mappings';
import { canonicalJson } from '../canonical-json';
import { invalid, notFound, Problem } from '../errors';
import { auditService } from './audit';
import { changesBetween } from './audit-changes';
import type { By } from './by';
import type { ServiceDeps } from './index';

/** A change to a mapping or to the assignments. */
export interface MappingChange<T> {
  content: T;
  note?: string;
  /** The version that was read, and If-Match; at least one is given. */
  version?: number;
  ifMatch?: string;
}

/** How mappings and assignments are written, whoever asks for it. */
export function mappingWriting(deps: Pick<ServiceDeps, 'connection' | 'clock'>) {
  const connectors = connectorStore(deps.connection);
  const store = mappingStore(deps.connection);
  const audit = auditService(deps);

  return {
    /** @throws Problem `not_found`, `connector_removing` */
    async changeableConnector(id: string): Promise<ConnectorDocument> {
      const found = await connectors.get(id);
      if (!found) throw notFound('connector');
      if (found.state === 'removing')
        throw new Problem('connector_removing', 'The connector is being removed; nothing about it can be changed.');
      return found;
    },

    /**
     * Writes a version, unless it says what the current one says.
     *
     * @returns the current version then; undefined when there was never one.
     * @throws Problem `version_changed`
     */
    async write(
      connectorId: string,
      subject: MappingSubject,
      change: MappingChange<object | undefined>,
      by: By
    ): Promise<MappingVersion | undefined> {
      const current = await store.current(connectorId, subject);
      const { content, note } = change;
      if (canonicalJson(current?.content) === canonicalJson(content)) return current;
      checkVersion(current, change);
      const saved = await store.save(connectorId, subject, current?.version ?? 0, content, {
        at: deps.clock(),
        by: { id: by.actor.id, name: by.actor.name },
        note: note ?? null,
        rules: ruleCount(content),
      });
      if (!saved) throw changedMeanwhile(await store.current(connectorId, subject), current?.version ?? 0);
      await audit.note(by, {
        action: content === undefined ? 'mapping.removed' : `${subject.kind}.changed`,
        target: { type: 'connector', id: connectorId },
        connectorId,
        changes: changedRules(subject, current, saved),
      });
      return saved;
    },
  };
}

/** The mapping that a version holds; one without rules where it holds none. */
export function mappingIn(version: MappingVersion | undefined): Mapping {
  return (version?.content ?? { attributes: {} }) as Mapping;
}

export function assignmentsIn(version: MappingVersion | undefined): Assignment[] {
  return (version?.content ?? []) as Assignment[];
}

/** @throws Problem `validation_failed` when a change names no version. */
export function requireVersion({ version, ifMatch }: MappingChange<unknown>): void {
  if (version === undefined && ifMatch === undefined)
    throw invalid([
      {
        field: 'version',
        code: 'required',
        message:
          'Say which version you change, here or in If-Match, so that no change of others is lost; 0 when there is none.',
      },
    ]);
}

/** A version as its ETag. */
export function mappingEtag({ version }: { version: number }): string {
  return `"${version}"`;
}

function checkVersion(current: MappingVersion | undefined, { version, ifMatch }: MappingChange<unknown>): void {
  const now = current?.version ?? 0;
  if (version !== undefined && version !== now) throw changedMeanwhile(current, version);
  const tags = ifMatch?.split(',').map((tag) => tag.trim()) ?? ['*'];
  if (!tags.includes('*') && !tags.includes(mappingEtag({ version: now })))
    throw changedMeanwhile(current, Number(/^"(\d{1,9})"$/.exec(tags[0]!)?.[1]));
}

function changedMeanwhile(current: MappingVersion | undefined, read: number): Problem {
  const now = `It is at version ${current?.version ?? 0} now${current ? `, saved by ${current.by.name}` : ''}`;
  const made = Number.isNaN(read) ? 'another version' : `version ${read}`;
  return new Problem(
    'version_changed',
    `${now}, and this change was made to ${made}. Read it again and repeat the change.`
  );
}

function ruleCount(content: object | undefined): number {
  if (content === undefined) return 0;
  return Array.isArray(content) ? content.length : Object.keys((content as Mapping).attributes).length;
}

/** The rules that differ, by name and never by value. */
export function changedTargets(before: Mapping, after: Mapping): string[] {
  const targets = new Set([...Object.keys(before.attributes), ...Object.keys(after.attributes)]);
  return [...targets]
    .filter((each) => canonicalJson(before.attributes[each]) !== canonicalJson(after.attributes[each]))
    .sort();
}

/** Rules are told whole; of the assignments all, because their order counts. */
function changedRules(subject: MappingSubject, before: MappingVersion | undefined, after: MappingVersion) {
  if (subject.kind === 'assignments')
    return changesBetween({ assignments: before?.content }, { assignments: after.content });
  const rulesOf = (version: MappingVersion | undefined): object =>
    Object.fromEntries(
      Object.entries(mappingIn(version).attributes).map(([target, rule]) => [
        `mappings.${subject.productType}.${target}`,
        canonicalJson(rule),
      ])
    );
  return changesBetween(rulesOf(before), rulesOf(after));
}
