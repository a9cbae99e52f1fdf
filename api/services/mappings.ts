import type { Assignment, Mapping } from '../../domain/mapping-contract';
import { connectorStore, type ConnectorDocument } from '../../models/connectors';
import { mappingStore, type MappingSubject, type MappingVersion, type MappingVersionHead } from '../../models/mappings';
import {
  PRODUCT_TYPE,
  type AssignmentsView,
  type MappingListView,
  type MappingProposalsView,
  type MappingTrialView,
  type MappingVersionView,
  type MappingView,
} from '../contracts/mappings-view';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { invalid, notFound } from '../errors';
import type { By } from './by';
import type { ServiceDeps } from './index';
import { mappingChecks } from './mappings-checks';
import { mappingProposals } from './mappings-proposals';
import { mappingTransfer } from './mappings-transfer';
import { mappingTrial } from './mappings-trial';
import { assignmentsIn, mappingIn, mappingWriting, requireVersion, type MappingChange } from './mappings-writing';

const ASSIGNMENTS: MappingSubject = { kind: 'assignments' };

/** Mappings and assignments of connectors (S14): every version is kept, and a change names the one it was made to. */
export function mappingService(deps: Pick<ServiceDeps, 'connection' | 'productTypes' | 'clock' | 'expressions'>) {
  const connectors = connectorStore(deps.connection);
  const store = mappingStore(deps.connection);
  const checks = mappingChecks(deps);
  const trial = mappingTrial(deps, checks);
  const proposals = mappingProposals(deps, checks);
  const writing = mappingWriting(deps);

  async function connectorOf(id: string): Promise<ConnectorDocument> {
    const found = await connectors.get(id);
    if (!found) throw notFound('connector');
    return found;
  }

  async function versionOf(
    connectorId: string,
    subject: MappingSubject,
    number: number | undefined
  ): Promise<MappingVersion | undefined> {
    if (number === undefined) return store.current(connectorId, subject);
    const found = number === 0 ? undefined : await store.version(connectorId, subject, number);
    if (!found && number !== 0) throw notFound('version');
    return found;
  }

  return {
    ...mappingTransfer(deps, checks),

    /**
     * What a connector maps, and which product types it may have to map.
     *
     * @throws Problem `not_found`
     */
    async list(connectorId: string): Promise<MappingListView> {
      const connector = await connectorOf(connectorId);
      const heads = await store.heads(connectorId);
      const assignments = await store.current(connectorId, ASSIGNMENTS);
      const assigned = assignmentsIn(assignments).map(({ productType }) => productType);
      const mapped = heads.flatMap(({ subject }) => (subject.kind === 'mapping' ? [subject.productType] : []));
      const productTypes = [...new Set([...mapped, ...assigned, ...connector.config.listing.productTypes])].sort();
      const items = await Promise.all(
        productTypes.map(async (productType) => {
          const current = await store.current(connectorId, { kind: 'mapping', productType });
          return {
            productType,
            ...versionView(current),
            unmappedRequired: await checks.unmappedRequired(connector, productType, mappingIn(current)),
          };
        })
      );
      return { items, assignments: versionView(assignments) };
    },

    /** @throws Problem `not_found` for a connector, a product type's form, or a version that is not there. */
    async get(connectorId: string, productType: string, version?: number): Promise<MappingView> {
      checkForm(productType);
      await connectorOf(connectorId);
      return mappingViewOf(productType, await versionOf(connectorId, { kind: 'mapping', productType }, version));
    },

    /**
     * Saves a whole mapping once it fits Amazon's definition of the product type. Repeating it changes nothing.
     *
     * @throws Problem `not_found`, `connector_removing`, `version_changed`, `validation_failed`, `amazon_unavailable`,
     *   `amazon_refused`
     */
    async put(connectorId: string, productType: string, change: MappingChange<Mapping>, by: By): Promise<MappingView> {
      checkForm(productType);
      const connector = await writing.changeableConnector(connectorId);
      requireVersion(change);
      const problems = await checks.mappingProblems(connector, productType, change.content, 'mapping.');
      if (problems.length > 0) throw invalid(problems);
      return mappingViewOf(productType, await writing.write(connectorId, { kind: 'mapping', productType }, change, by));
    },

    /**
     * Goes back to the built-in mapping. The versions stay, and repeating it changes nothing.
     *
     * @throws Problem `not_found`, `connector_removing`, `version_changed`
     */
    async remove(connectorId: string, productType: string, ifMatch: string | undefined, by: By): Promise<void> {
      checkForm(productType);
      await writing.changeableConnector(connectorId);
      await writing.write(
        connectorId,
        { kind: 'mapping', productType },
        { content: undefined, ifMatch: ifMatch ?? '*' },
        by
      );
    },

    /** As `mappingTrial` has it. @throws Problem `not_found`, `validation_failed`, `amazon_unavailable`, `amazon_refused` */
    async tryOn(connectorId: string, productType: string, sku: string, draft?: Mapping): Promise<MappingTrialView> {
      checkForm(productType);
      const connector = await connectorOf(connectorId);
      const problems = draft && (await checks.mappingProblems(connector, productType, draft, 'mapping.'));
      if (problems && problems.length > 0) throw invalid(problems);
      return trial.tryOn(connector, productType, sku, draft);
    },

    /** @throws Problem `not_found`, `amazon_unavailable`, `amazon_refused` */
    async propose(connectorId: string, productType: string): Promise<MappingProposalsView> {
      checkForm(productType);
      return proposals.propose(await connectorOf(connectorId), productType);
    },

    /** The newest first. @throws Problem `not_found` */
    async versions(
      connectorId: string,
      productType: string,
      query: { cursor?: string; limit?: number }
    ): Promise<Page<MappingVersionView>> {
      checkForm(productType);
      await connectorOf(connectorId);
      const [before = Infinity] = (decodeCursor(query.cursor, 'n') ?? []) as number[];
      const history = await store.history(connectorId, { kind: 'mapping', productType });
      return pageOf(
        history.filter(({ version }) => version < before),
        query.limit ?? DEFAULT_LIMIT,
        ({ version }) => [version],
        versionView
      );
    },

    /** @throws Problem `not_found` */
    async assignments(connectorId: string, version?: number): Promise<AssignmentsView> {
      await connectorOf(connectorId);
      return assignmentsViewOf(await versionOf(connectorId, ASSIGNMENTS, version));
    },

    /** As {@link put}, for the assignments of items to product types; an empty list goes back to the built-in choice. */
    async putAssignments(connectorId: string, change: MappingChange<Assignment[]>, by: By): Promise<AssignmentsView> {
      const connector = await writing.changeableConnector(connectorId);
      requireVersion(change);
      const problems = await checks.assignmentProblems(connector, change.content, 'assignments.');
      if (problems.length > 0) throw invalid(problems);
      return assignmentsViewOf(await writing.write(connectorId, ASSIGNMENTS, change, by));
    },
  };
}

function versionView(head: MappingVersionHead | undefined): MappingVersionView {
  return {
    version: head?.version ?? 0,
    builtIn: !head || head.rules === 0,
    rules: head?.rules ?? 0,
    note: head?.note ?? null,
    savedAt: head?.at.toISOString() ?? null,
    savedBy: head?.by ?? null,
  };
}

function mappingViewOf(productType: string, version: MappingVersion | undefined): MappingView {
  return { productType, ...versionView(version), mapping: mappingIn(version) };
}

function assignmentsViewOf(version: MappingVersion | undefined): AssignmentsView {
  return { ...versionView(version), assignments: assignmentsIn(version) };
}

function checkForm(productType: string): void {
  if (!PRODUCT_TYPE.test(productType)) throw notFound('product type; Amazon writes them as SHIRT or PET_FOOD');
}
