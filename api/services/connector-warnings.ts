import type { ConnectorConfig } from '../../domain/connector';
import type { FieldProblem } from '../../domain/connector-rules';
import { sendsPrice } from '../../domain/listing-rules';

/** What is accepted but perhaps not meant. */
export function warningsOf(config: ConnectorConfig): FieldProblem[] {
  const warnings: FieldProblem[] = [];
  if (!config.listing.sendVariations)
    warnings.push({
      field: 'listing.sendVariations',
      code: 'variations_office_only',
      message:
        'Every SKU is sent alone. This is meant for stores in the Office category; elsewhere Amazon expects variations under a parent.',
    });
  const { price } = config.offer;
  if (price && Object.keys(price).length > 0 && !sendsPrice(config.listing))
    warnings.push({
      field: 'offer.price',
      code: 'price_rules_unused',
      message:
        'The price rules change nothing, because this connector sends no price: listing.sendPrice is off, or listing.requirements is LISTING_PRODUCT_ONLY.',
    });
  if (config.schedule.mode === 'test')
    warnings.push({
      field: 'schedule.mode',
      code: 'nothing_is_sent',
      message:
        'In mode test every run asks Amazon to check the SKUs and sends none. Set the mode to synchronization to sell them.',
    });
  return warnings;
}
