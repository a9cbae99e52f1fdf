import { amazonAccount } from '../../domain/amazon-account';
import type { CatalogItem } from '../../domain/catalog-item';
import type { ConnectorConfig } from '../../domain/connector';
import { knownPriceOf } from '../../domain/ledger';
import type { ListingProblem, WantedListing } from '../../domain/listing';
import { putAttributes } from '../../domain/listing-changes';
import { draftOf, judge, ruleSettingsOf, withPayloadProblems, type RuleSettings } from '../../domain/listing-rules';
import { itemMapper, type ItemMapperDependencies, type MappedItem } from '../../domain/mapping-context';
import type { Assignment, Mapping } from '../../domain/mapping-contract';
import type { DefinitionShape } from '../../domain/mapping-definition';
import type { KnownPrice } from '../../domain/price-rules';
import { listingQueries } from '../../models/listing-queries';
import type { ConnectorDocument } from '../../models/connectors';
import { mappingStore } from '../../models/mappings';
import { sourceItemStore } from '../../models/source-items';
import type { MappingTrialView } from '../contracts/mappings-view';
import { invalid, notFound, Problem } from '../errors';
import { askAmazon } from './ask-amazon';
import type { ServiceDeps } from './index';
import type { MappingChecks } from './mappings-checks';
import { assignmentsIn, mappingIn } from './mappings-writing';

/** How long the expressions of one item may take in all, in milliseconds. */
const EXPRESSIONS_BOUND_MS = 5_000;

/** What a mapping makes of one item, before it is saved (S14). Nothing is written and nothing is sent. */
export function mappingTrial(deps: Pick<ServiceDeps, 'connection' | 'expressions'>, checks: MappingChecks) {
  const store = mappingStore(deps.connection);
  const items = sourceItemStore(deps.connection);
  const listings = listingQueries(deps.connection);

  async function mapped(
    item: CatalogItem,
    by: Pick<ItemMapperDependencies, 'settings' | 'assignments' | 'mappings'>,
    definition?: DefinitionShape
  ): Promise<MappedItem> {
    const map = itemMapper({
      ...by,
      definitionOf: () => Promise.resolve(definition),
      expressions: deps.expressions,
    });
    const signal = AbortSignal.timeout(EXPRESSIONS_BOUND_MS);
    try {
      const [found] = await map([item], signal);
      return found!;
    } catch (error) {
      if (!signal.aborted) throw error;
      throw invalid([
        {
          field: '',
          code: 'expressions_too_slow',
          message: `The expressions take longer than ${EXPRESSIONS_BOUND_MS / 1000} seconds for this SKU in all; make them simpler, or fewer.`,
        },
      ]);
    }
  }

  async function definitionProblems(
    connector: ConnectorDocument,
    wanted: WantedListing,
    settings: RuleSettings
  ): Promise<ListingProblem[]> {
    const account = amazonAccount(connector._id, connector.config);
    const { productType, requirements } = wanted;
    const found = await askAmazon((signal) => checks.catalog.validatorFor(account, productType, requirements, signal));
    if (found.kind === 'unknown') throw notFound(`product type at Amazon ${settings.country}`);
    const problems = found.validator.validate(putAttributes(wanted), settings.appliedRequirements);
    return withPayloadProblems({ kind: 'sell', wanted, quantity: 0, reasons: [] }, problems, settings).problems ?? [];
  }

  return {
    /**
     * The payload that would be sent of a SKU as an item of the product type, and everything that is wrong with it: what the
     * mapping could not make, what our rules say, and what Amazon's definition does. Prices are held against the last one that
     * was sent, as in a sync.
     *
     * @param draft - the mapping to try; the saved one unless given.
     * @throws Problem `not_found` for a product type that Amazon lacks or a SKU that no run has read, `amazon_unavailable`,
     *   `amazon_refused`
     */
    async tryOn(
      connector: ConnectorDocument,
      productType: string,
      sku: string,
      draft: Mapping | undefined
    ): Promise<MappingTrialView> {
      const item = await items.item(connector._id, sku);
      if (!item)
        throw new Problem(
          'not_found',
          'No run has read this SKU yet. Check its spelling, or run a preview or a sync first and try again then.'
        );
      const settings = ruleSettingsOf(connector.config);
      const current = draft ? undefined : await store.current(connector._id, { kind: 'mapping', productType });
      const mapping = draft ?? mappingIn(current);
      const definition = await checks.definitionOf(connector, productType, settings.requirements);
      if (!definition) throw notFound(`product type at Amazon ${settings.country}`);
      const assignments: Assignment[] = [{ productType, when: { everything: true } }];
      const mappings = new Map([[productType, mapping]]);
      const made = await mapped(item, { settings, assignments, mappings }, definition);
      const assigned = await mapped(item, {
        settings,
        assignments: assignmentsIn(await store.current(connector._id, { kind: 'assignments' })),
        mappings: new Map(),
      });
      const known = knownPriceOf(await listings.get(connector._id, sku));
      const wanted = draftOf(item, settings, { mapped: made, ...known });
      if (!wanted) throw new TypeError(`Nothing was made of ${sku} as ${productType}`);
      const ours = [...assigned.problems, ...made.problems, ...ruleProblems(item, settings, known)];
      const problems = [...ours, ...news(await definitionProblems(connector, wanted, settings), ours)];
      return {
        sku,
        productType,
        version: draft ? null : (current?.version ?? 0),
        assignedTo: assigned.productType ?? null,
        wouldBeSent: problems.every((each) => each.severity !== 'error' && !isHeldBack(each)),
        remarks: remarksOn(connector.config),
        payload: { productType, requirements: wanted.requirements, attributes: putAttributes(wanted) },
        problems,
      };
    },
  };
}

/** Settings that hold the SKU back whatever its data, and what is wrong with its price; the mapping answers for the rest. */
function ruleProblems(item: CatalogItem, settings: RuleSettings, known: KnownPrice): ListingProblem[] {
  const unheld = { ...item, isKit: false, status: settings.statuses[0] ?? item.status };
  const isOfPrice = ({ attributes = [] }: ListingProblem): boolean => attributes.includes('purchasable_offer');
  return [
    ...(judge(item, settings, known).problems ?? []).filter(isHeldBack),
    ...(judge(unheld, settings, known).problems ?? []).filter(isOfPrice),
  ];
}

/** What a payload of one SKU by itself cannot show. */
function remarksOn({ listing: { sendVariations, requirements } }: ConnectorConfig): string[] {
  if (!sendVariations || requirements === 'LISTING_OFFER_ONLY') return [];
  return [
    'Where the product has several SKUs, the sync makes this one a child of their parent and adds parentage_level, child_parent_sku_relationship and variation_theme.',
  ];
}

function isHeldBack({ code }: ListingProblem): boolean {
  return code === 'inactive' || code === 'status' || code === 'kit';
}

/** What the definition misses is news only where nobody has said yet why it is missing. */
function news(found: readonly ListingProblem[], told: readonly ListingProblem[]): ListingProblem[] {
  const names = new Set(told.flatMap(({ attributes = [] }) => attributes));
  return found.filter(
    ({ rule, attributes = [] }) => rule !== 'required' || !attributes.some((name) => names.has(name))
  );
}
