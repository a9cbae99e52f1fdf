import type { AmazonAttributes } from '../domain/listing';
import { PayloadValidator } from '../domain/payload-validation';
import type { JsonSchema } from '../domain/product-type-schema';
import { fullSizeDefinition, nameOf, ODD_VALUES, rightPayload, rightValue } from '../test/domain/full-size-definition';
import { plainAjv } from './baselines/plain-ajv';
import { DefinitionHost } from './definition-host';
import { plain, type Figure } from './figure';
import type { Lab } from './lab';
import { keptMegabytes } from './memory';

/** Says whether a payload fits. */
type Check = (payload: AmazonAttributes) => boolean;

/** Attributes that a catalogue uses besides the required ones, and how many of them each SKU has. */
const USED = { inAll: 30, perSku: 9 } as const;

/**
 * A definition of full size: from Amazon's link to the first verdict, a thousand SKUs against it, and what keeping it takes.
 * Beside ajv, which compiles the same schema as a whole. Times are the processor's, so that a busy machine changes them little.
 */
export async function* measureDefinitions(lab: Lab): AsyncIterable<Figure> {
  const schema = lab.pick({ full: fullSizeDefinition(), short: fullSizeDefinition(140, 12) });
  const text = JSON.stringify(schema);
  lab.log(`definitions: one of ${(text.length / 1e6).toFixed(2)} MB`);
  const payloads = payloadsOf(schema);
  const rounds = lab.pick({ full: 5, short: 1 });

  const host = await DefinitionHost.start(text);
  const firstVerdict = (compile: Compile): Promise<number> =>
    processorMs(rounds, async () => void compile(await host.fetch())(payloads[0]!));
  try {
    yield plain('definitions/fetch-and-first-verdict', {
      value: await firstVerdict(ours),
      baseline: await firstVerdict(ajvs),
      unit: 'ms',
      target: { atMost: 2000 },
    });
  } finally {
    await host.close();
  }

  const thousand = async (compile: Compile): Promise<{ first: number; again: number }> => {
    let check: Check = () => false;
    const all = (): void => payloads.forEach((payload) => check(payload));
    const first = await processorMs(rounds, () => {
      check = compile(JSON.parse(text) as JsonSchema);
      all();
    });
    return { first, again: await processorMs(rounds, all) };
  };
  const [mine, theirs] = [await thousand(ours), await thousand(ajvs)];
  const compared = (figure: string, which: 'first' | 'again'): Figure =>
    plain(figure, { value: mine[which], baseline: theirs[which], unit: 'ms', target: { atMost: 5000 } });
  yield compared('definitions/compile-and-1000-skus', 'first');
  yield compared('definitions/1000-skus-more', 'again');

  const kept = (compile: Compile): number =>
    keptMegabytes(rounds, () => {
      const check = compile(JSON.parse(text) as JsonSchema);
      payloads.forEach((payload) => check(payload));
      return check;
    });
  yield plain('definitions/heap-kept', { value: kept(ours), baseline: kept(ajvs), unit: 'MB', target: { atMost: 10 } });
}

type Compile = (schema: JsonSchema) => Check;

const ours = (schema: JsonSchema): Check => {
  const validator = new PayloadValidator(schema, 'LARGE');
  return (payload) => validator.validate(payload, 'ENFORCED').length === 0;
};

const ajvs = (schema: JsonSchema): Check => {
  const { $schema: _, $id: __, ...rest } = schema;
  return plainAjv().compile(rest);
};

/** A thousand SKUs of some twenty attributes each; one in ten has something wrong. */
function payloadsOf(schema: JsonSchema): AmazonAttributes[] {
  return Array.from({ length: 1000 }, (_, sku) => {
    const payload = rightPayload(schema);
    for (let at = 0; at < USED.perSku; at++) {
      const name = nameOf(5 + ((sku + at * 7) % USED.inAll) * 4);
      payload[name] = rightValue(name);
    }
    if (sku % 10 === 0) {
      const name = Object.keys(payload)[(sku / 10) % 20] ?? nameOf(0);
      payload[name] = ODD_VALUES[sku % ODD_VALUES.length]!(rightValue(name)[0]!);
    }
    return payload;
  });
}

/** The median of the processor time that some rounds take, in milliseconds. */
async function processorMs(rounds: number, work: () => void | Promise<void>): Promise<number> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    took.push((user + system) / 1000);
  }
  return median(took);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
