import type { CatalogItem } from '../../domain/catalog-item';
import type { ConnectorConfig } from '../../domain/connector';
import type { WantedListing } from '../../domain/listing';
import { putAttributes } from '../../domain/listing-changes';
import {
  draftOf,
  ruleSettingsOf,
  withPayloadProblems,
  withUnknownProductType,
  type Judgement,
  type KnownItem,
} from '../../domain/listing-rules';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { ProductTypeCatalog } from '../../domain/product-type-catalog';

/**
 * Holds what a verdict would send against Amazon's own definition of its product type (S8), so that a SKU which Amazon would
 * refuse is held back with all its problems, those of our own rules among them.
 *
 * The check throws `OutsideError` when Amazon cannot give a definition that was never kept.
 */
export function payloadCheck(
  productTypes: Pick<ProductTypeCatalog, 'validatorFor'>,
  account: AmazonAccount,
  config: ConnectorConfig,
  signal: AbortSignal
) {
  const rules = ruleSettingsOf(config);

  return async (item: CatalogItem, verdict: Judgement, known: KnownItem): Promise<Judgement> => {
    const wanted = payloadOf(item, verdict, known);
    if (!wanted) return verdict;
    const { productType, requirements } = wanted;
    const found = await productTypes.validatorFor(account, productType, requirements, signal);
    if (found.kind === 'unknown') return withUnknownProductType(verdict, { productType, said: found.said }, rules);
    const problems = found.validator.validate(putAttributes(wanted), rules.appliedRequirements);
    return withPayloadProblems(verdict, problems, rules);
  };

  /** Of an item that our own rules find invalid, what would have been sent: the definition may find more. */
  function payloadOf(item: CatalogItem, verdict: Judgement, known: KnownItem): WantedListing | undefined {
    if (verdict.kind !== 'block') return verdict.wanted;
    return verdict.reason === 'invalid' ? draftOf(item, rules, known) : undefined;
  }
}
