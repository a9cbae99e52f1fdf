import Ajv2019 from 'ajv/dist/2019';
import addFormats from 'ajv-formats';

/** ajv as one would set it up for Amazon's vocabulary without more thought: the whole schema in one compilation. */
export function plainAjv(): Ajv2019 {
  const ajv = new Ajv2019({ strict: false, validateSchema: false, allErrors: true });
  addFormats(ajv);
  const bytes = (text: string): number => Buffer.byteLength(text);
  const text = (keyword: string, validate: (limit: number, value: string) => boolean): unknown =>
    ajv.addKeyword({ keyword, type: 'string', validate });
  const items = (keyword: string, holds: (limit: number, count: number) => boolean): unknown =>
    ajv.addKeyword({
      keyword,
      type: 'array',
      validate: (limit: number, value: object[], parent?: object) =>
        perCombination(value, parent).every((count) => holds(limit, count)),
    });
  text('maxUtf8ByteLength', (limit, value) => bytes(value) <= limit);
  text('minUtf8ByteLength', (limit, value) => bytes(value) >= limit);
  items('maxUniqueItems', (limit, count) => count <= limit);
  items('minUniqueItems', (limit, count) => count >= limit);
  return ajv;
}

function perCombination(items: readonly object[], parent: object = {}): number[] {
  const { selectors = [] } = parent as { selectors?: string[] };
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = selectors.map((name) => String((item as Record<string, unknown>)[name])).join('|');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts.values()];
}
