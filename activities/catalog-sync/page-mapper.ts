import type { CatalogItem } from '../../domain/catalog-item';
import { ruleSettingsOf } from '../../domain/listing-rules';
import type { Assignment, Mapping } from '../../domain/mapping-contract';
import { itemMapper, type MappedItem } from '../../domain/mapping-context';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { MappingSubject } from '../../models/mappings';
import type { CatalogSyncDependencies, OpenRun } from './dependencies';

/** What the connector's mappings make of a page of items, in the order of the items. */
export type PageMapper = (items: readonly CatalogItem[], signal: AbortSignal) => Promise<MappedItem[]>;

/**
 * Maps items by the versions of mappings and assignments that the run began with (V15); the first step of a run that asks
 * fixes them. Throws `OutsideError` when Amazon cannot give a definition that was never kept.
 */
export async function pageMapper(
  deps: Pick<CatalogSyncDependencies, 'runs' | 'mappings' | 'productTypes' | 'expressions'>,
  run: OpenRun,
  account: AmazonAccount
): Promise<PageMapper> {
  run.mappings ??= await fixVersions(deps, run);
  const settings = ruleSettingsOf(run.config);
  let assignments: readonly Assignment[] = [];
  const mappings = new Map<string, Mapping>();
  for (const name of run.mappings) {
    const { subject, number } = versionNamed(name);
    const found = await deps.mappings.version(run.connectorId, subject, number);
    if (!found) throw new TypeError(`The mapping ${name} is gone`);
    if (subject.kind === 'assignments') assignments = found.content as readonly Assignment[];
    else mappings.set(subject.productType, found.content as Mapping);
  }
  return itemMapper({
    settings,
    assignments,
    mappings,
    definitionOf: (productType, signal) =>
      deps.productTypes.shapeFor(account, productType, settings.requirements, signal),
    expressions: deps.expressions,
  });
}

async function fixVersions(
  { runs, mappings }: Pick<CatalogSyncDependencies, 'runs' | 'mappings'>,
  run: OpenRun
): Promise<string[]> {
  const heads = (await mappings.heads(run.connectorId)).filter(({ isRemoval }) => !isRemoval);
  const versions = heads.map(({ subject, version }) => nameOf(subject, version));
  await runs.update(run._id, { mappings: versions });
  return versions;
}

const ASSIGNMENTS = '(assignments)';

function nameOf(subject: MappingSubject, version: number): string {
  return `${subject.kind === 'assignments' ? ASSIGNMENTS : subject.productType}:${version}`;
}

function versionNamed(name: string): { subject: MappingSubject; number: number } {
  const [type = '', number] = name.split(':');
  const subject: MappingSubject =
    type === ASSIGNMENTS ? { kind: 'assignments' } : { kind: 'mapping', productType: type };
  return { subject, number: Number(number) };
}
