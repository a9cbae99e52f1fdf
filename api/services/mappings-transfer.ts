import type { Assignment, Mapping } from '../../domain/mapping-contract';
import { connectorStore } from '../../models/connectors';
import { mappingStore, type MappingSubject, type MappingVersion } from '../../models/mappings';
import { canonicalJson } from '../canonical-json';
import type { ImportView, MappingsFile } from '../contracts/mappings-view';
import { invalid, notFound } from '../errors';
import type { By } from './by';
import type { ServiceDeps } from './index';
import type { MappingChecks } from './mappings-checks';
import { changedTargets, mappingIn, mappingWriting } from './mappings-writing';

/** What one part of a file changes. */
interface PlannedChange {
  subject: MappingSubject;
  content: Mapping | Assignment[];
  current: MappingVersion | undefined;
  view: ImportView['changes'][number];
}

/** All mappings and assignments of a connector as one JSON file (S14). */
export function mappingTransfer(deps: Pick<ServiceDeps, 'connection' | 'clock'>, checks: MappingChecks) {
  const store = mappingStore(deps.connection);
  const connectors = connectorStore(deps.connection);
  const writing = mappingWriting(deps);

  async function planned(
    connectorId: string,
    subject: MappingSubject,
    content: Mapping | Assignment[]
  ): Promise<PlannedChange> {
    const current = await store.current(connectorId, subject);
    const isSame = canonicalJson(current?.content) === canonicalJson(content);
    const version = current?.version ?? 0;
    return {
      subject,
      content,
      current,
      view: {
        what: subject.kind,
        productType: subject.kind === 'mapping' ? subject.productType : null,
        change: isSame ? 'unchanged' : current?.content === undefined ? 'added' : 'changed',
        version: isSame ? version : version + 1,
        attributes: subject.kind === 'mapping' ? changedTargets(mappingIn(current), content as Mapping) : [],
      },
    };
  }

  return {
    /** @throws Problem `not_found` */
    async exportAll(connectorId: string): Promise<MappingsFile> {
      if (!(await connectors.get(connectorId))) throw notFound('connector');
      const heads = (await store.heads(connectorId)).filter(({ isRemoval }) => !isRemoval);
      const file: MappingsFile = { format: 'longshore.mappings.v1', mappings: {} };
      for (const { subject, version } of heads) {
        const content = (await store.version(connectorId, subject, version))?.content;
        if (subject.kind === 'assignments') file.assignments = content as MappingsFile['assignments'];
        else file.mappings[subject.productType] = content as MappingsFile['mappings'][string];
      }
      return file;
    },

    /**
     * Writes what a file holds once all of it is right. Should another change come between, the import stops there and says
     * so; repeating it writes what is left.
     *
     * @throws Problem `not_found`, `connector_removing`, `validation_failed`, `version_changed`, `amazon_unavailable`,
     *   `amazon_refused`
     */
    async importAll(connectorId: string, file: MappingsFile, dryRun: boolean, by: By): Promise<ImportView> {
      const connector = await writing.changeableConnector(connectorId);
      const mappings = Object.entries(file.mappings) as [string, Mapping][];
      const assignments = file.assignments as Assignment[] | undefined;
      const problems = [
        await checks.assignmentProblems(connector, assignments ?? [], 'assignments.'),
        ...(await Promise.all(
          mappings.map(([productType, mapping]) =>
            checks.importedProblems(connector, productType, mapping, `mappings.${productType}`)
          )
        )),
      ].flat();
      if (problems.length > 0) throw invalid(problems);
      const plan = await Promise.all([
        ...mappings.map(([productType, mapping]) => planned(connectorId, { kind: 'mapping', productType }, mapping)),
        ...(assignments ? [planned(connectorId, { kind: 'assignments' }, assignments)] : []),
      ]);
      if (!dryRun)
        for (const { subject, content, current } of plan)
          await writing.write(connectorId, subject, { content, version: current?.version ?? 0, note: 'Imported' }, by);
      return { dryRun, changes: plan.map(({ view }) => view) };
    },
  };
}
