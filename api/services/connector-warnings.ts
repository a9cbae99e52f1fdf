import type { ConnectorConfig } from '../../domain/connector';
import type { FieldProblem } from '../../domain/connector-rules';

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
  if (config.schedule.mode === 'test')
    warnings.push({
      field: 'schedule.mode',
      code: 'mode_not_available',
      message: 'Mode test is kept, but not available yet: nothing is tested until it is.',
    });
  return warnings;
}
