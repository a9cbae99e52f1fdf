import { fieldsSeen } from '../../domain/mapping-fields';
import { proposeMapping } from '../../domain/mapping-proposals';
import type { ConnectorDocument } from '../../models/connectors';
import { mappingStore } from '../../models/mappings';
import { sourceItemStore } from '../../models/source-items';
import type { MappingProposalsView } from '../contracts/mappings-view';
import { notFound } from '../errors';
import type { ServiceDeps } from './index';
import { givenBy, type MappingChecks } from './mappings-checks';
import { mappingIn } from './mappings-writing';

/** How many items of the catalogue are looked at. */
const SAMPLE_SIZE = 200;

/** What a mapping leaves open, and what could fill it (S14). */
export function mappingProposals(deps: Pick<ServiceDeps, 'connection'>, checks: MappingChecks) {
  const store = mappingStore(deps.connection);
  const sources = sourceItemStore(deps.connection);
  return {
    /** @throws Problem `not_found` for a product type that Amazon lacks, `amazon_unavailable`, `amazon_refused` */
    async propose(connector: ConnectorDocument, productType: string): Promise<MappingProposalsView> {
      const found = await checks.fieldsOf(connector, productType);
      if (!found) throw notFound(`product type at Amazon ${connector.config.amazon.country}`);
      const current = await store.current(connector._id, { kind: 'mapping', productType });
      const items = await sources.sample(connector._id, SAMPLE_SIZE);
      const mapping = mappingIn(current);
      const isGiven = givenBy(connector, mapping, items);
      // What is left out by a rule is decided, too.
      const isOpen = (name: string): boolean => !isGiven(name) && !Object.hasOwn(mapping.attributes, name);
      const seen = fieldsSeen(items);
      return {
        productType,
        version: current?.version ?? 0,
        itemsSeen: items.length,
        sourceFields: seen,
        unmapped: found.fields
          .filter(({ name }) => isOpen(name))
          .map(({ name, title, requirement, requiredWhen }) => ({ name, title, requirement, requiredWhen })),
        proposals: proposeMapping(found.fields, seen, (name) => !isOpen(name)),
      };
    },
  };
}
