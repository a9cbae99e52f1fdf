import type { StepResult } from '../domain/connector';
import { isPassing, OutsideError } from '../domain/errors';
import type { SalesLayerCatalogue, SalesLayerLook } from '../domain/ports/sales-layer';

/** The credentials of a Sales Layer connector open a catalogue; what is missing in it is said. */
export async function checkSalesLayer(
  catalogue: SalesLayerCatalogue,
  field: 'source.secretKey' | 'source.apiKey',
  signal: AbortSignal
): Promise<StepResult> {
  const wait = (code: string, message: string): StepResult => ({
    kind: 'waiting',
    waitingFor: { code, field, message, owner: 'merchant' },
  });
  try {
    const look = await catalogue.look(signal);
    if (look.hasProducts) return { kind: 'done', detail: sentencesOf(look).join(' ') };
    return wait('catalogue_empty', 'Sales Layer lists no products. Choose in its connector what is exported.');
  } catch (error) {
    if (!(error instanceof OutsideError) || isPassing(error.code) || error.code === 'bug') throw error;
    return wait('source_refused', error.message);
  }
}

function sentencesOf({ languages, fields }: SalesLayerLook): string[] {
  const [own, ...others] = languages;
  const texts = own ? ` Texts are in ${own}${others.length > 0 ? `, and in ${others.join(', ')}` : ''}.` : '';
  const read = (['price', 'stock'] as const).flatMap((role) =>
    fields[role] ? `The ${role} is read from the attribute '${fields[role]}'.` : []
  );
  return [
    `Sales Layer is reachable and lists products.${texts}`,
    ...read,
    ...(fields.stock ? [] : ['No attribute is named like a stock, so every SKU counts as out of stock.']),
    ...(fields.price ? [] : ['No attribute is named like a price, so no SKU has one.']),
  ];
}
