import Ajv2019, { type ValidateFunction } from 'ajv/dist/2019';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { PayloadValidator, PayloadValidators, type EnforcementMode } from '../../domain/payload-validation';
import type { AmazonAttributes } from '../../domain/listing';
import type { JsonSchema } from '../../domain/product-type-schema';
import {
  fullSizeDefinition,
  nameOf,
  ODD_VALUES,
  rightPayload,
  rightValue,
  triggeringValue,
  without,
} from './full-size-definition';

const US = 'ATVPDKIKX0DER';
const here = { marketplace_id: US };

/** ajv as it comes, with the vocabulary written once more, for its verdict and nothing else. */
function plainAjv(): Ajv2019 {
  const ajv = new Ajv2019({ strict: false, validateSchema: false });
  addFormats(ajv);
  const bytes = (text: string): number => Buffer.byteLength(text);
  ajv.addKeyword({
    keyword: 'maxUtf8ByteLength',
    type: 'string',
    validate: (n: number, text: string) => bytes(text) <= n,
  });
  ajv.addKeyword({
    keyword: 'minUtf8ByteLength',
    type: 'string',
    validate: (n: number, text: string) => bytes(text) >= n,
  });
  const counts = (items: Record<string, unknown>[], schema?: object): number[] => {
    const { selectors } = schema as { selectors: string[] };
    const keys = items.map((item) => selectors.map((each) => String(item[each])).join('|'));
    return keys.map((key) => keys.filter((other) => other === key).length);
  };
  ajv.addKeyword({
    keyword: 'maxUniqueItems',
    type: 'array',
    validate: (n: number, items: Record<string, unknown>[], schema?: object) =>
      counts(items, schema).every((each) => each <= n),
  });
  ajv.addKeyword({
    keyword: 'minUniqueItems',
    type: 'array',
    validate: (n: number, items: Record<string, unknown>[], schema?: object) =>
      counts(items, schema).every((each) => each >= n),
  });
  return ajv;
}

interface Oracle {
  whole: ValidateFunction;
  /** Attributes at fault, each by a verdict of ajv's of its own. */
  atFault(payload: AmazonAttributes, mode: EnforcementMode): string[];
  /** Whether ajv takes the payload, without what asks for attributes in the mode that asks for none. */
  takes(payload: AmazonAttributes, mode: EnforcementMode): boolean;
}

/** Splits a definition into questions about single attributes, and has ajv answer each of them. */
function oracleOf(schema: JsonSchema): Oracle {
  const ajv = plainAjv();
  const plain = without(schema, '$schema', '$id');
  const { $defs, properties, required, allOf } = plain as {
    $defs: JsonSchema;
    properties: Record<string, JsonSchema>;
    required: string[];
    allOf: JsonSchema[];
  };
  const compiled = new Map<string, ValidateFunction>();
  const ask = (key: string, question: JsonSchema, value: unknown): boolean => {
    const check = compiled.get(key) ?? ajv.compile({ $defs, ...question });
    compiled.set(key, check);
    return check(value);
  };
  const single = (each: JsonSchema, keyword: 'then' | 'else'): [string, JsonSchema][] => {
    const branch = (each[keyword] ?? {}) as { required?: string[]; properties?: Record<string, JsonSchema> };
    return [
      ...(branch.required ?? []).map((name): [string, JsonSchema] => [
        name,
        { if: each.if, [keyword]: { required: [name] } },
      ]),
      ...Object.entries(branch.properties ?? {}).map(([name, of]): [string, JsonSchema] => [
        name,
        { if: each.if, [keyword]: { properties: { [name]: of } } },
      ]),
    ];
  };
  const asks = (question: JsonSchema): boolean => JSON.stringify(question).match(/"(then|else)":\{"required"/) !== null;
  const questions = allOf.flatMap((each, index) =>
    each.if === undefined
      ? []
      : [...single(each, 'then'), ...single(each, 'else')].map(([name, question], at) => ({
          name,
          question,
          key: `condition ${index}.${at}`,
        }))
  );
  const withoutDemands = {
    ...plain,
    required: [],
    allOf: allOf
      .filter((each) => !('anyOf' in each) && !('dependentRequired' in each))
      .map((each) =>
        Object.fromEntries(
          Object.entries(each).map(([keyword, value]) => {
            if (keyword !== 'then' && keyword !== 'else') return [keyword, value];
            return [keyword, without(value as JsonSchema, 'required')];
          })
        )
      ),
  };
  const enforced = ajv.compile(plain);
  const structure = ajv.compile(withoutDemands);
  return {
    whole: enforced,
    takes: (payload, mode) => (mode === 'ENFORCED' ? enforced(payload) : structure(payload)),
    atFault(payload, mode) {
      const found = new Set<string>();
      for (const [name, value] of Object.entries(payload)) {
        const own = properties[name];
        if (!own || !ask(`value ${name}`, own, value)) found.add(name);
      }
      if (mode === 'ENFORCED')
        for (const name of required) if (!ask(`required ${name}`, { required: [name] }, payload)) found.add(name);
      for (const { name, question, key } of questions)
        if ((mode === 'ENFORCED' || !asks(question)) && !ask(key, question, payload)) found.add(name);
      allOf.forEach((each, index) => {
        if (each.if !== undefined || ask(`rule ${index}`, each, payload)) return;
        if (each.anyOf && mode === 'ENFORCED')
          for (const branch of each.anyOf as { required: string[] }[]) found.add(branch.required[0]!);
        if (each.not) for (const name of (each.not as { required: string[] }).required) found.add(name);
        if (each.dependentRequired && mode === 'ENFORCED')
          for (const names of Object.values(each.dependentRequired as Record<string, string[]>))
            for (const name of names) if (!(name in payload)) found.add(name);
      });
      return [...found].sort();
    },
  };
}

function attributesOf(problems: { attributes: string[] }[]): string[] {
  return [...new Set(problems.flatMap(({ attributes }) => attributes))].sort();
}

describe.each([
  ['small enough for many runs', fullSizeDefinition(140, 12), 140, 500],
  ['of full size', fullSizeDefinition(), 420, 60],
] as const)(
  "a payload held against a definition %s, beside ajv's own verdict",
  (_size, schema, attributes, numRuns) => {
    const validator = new PayloadValidator(schema, 'LARGE');
    const oracle = oracleOf(schema);

    const mutation = fc.record({
      index: fc.integer({ min: 0, max: attributes - 1 }),
      what: fc.oneof(
        { weight: 3, arbitrary: fc.constant('right' as const) },
        { weight: 2, arbitrary: fc.constant('trigger' as const) },
        { weight: 2, arbitrary: fc.constant('drop' as const) },
        { weight: 4, arbitrary: fc.constant('odd' as const) },
        { weight: 1, arbitrary: fc.constant('stranger' as const) }
      ),
      odd: fc.integer({ min: 0, max: ODD_VALUES.length - 1 }),
    });

    function mutated(mutations: { index: number; what: string; odd: number }[]): AmazonAttributes {
      const payload = rightPayload(schema);
      for (const { index, what, odd } of mutations) {
        const name = nameOf(index);
        if (what === 'right') payload[name] = rightValue(name);
        if (what === 'trigger') payload[name] = triggeringValue(name);
        if (what === 'drop') delete payload[name];
        if (what === 'odd') payload[name] = ODD_VALUES[odd]!(rightValue(name)[0]!);
        if (what === 'stranger') payload[`stranger_${index}`] = rightValue('flag_0');
      }
      return payload;
    }

    it.each(['ENFORCED', 'NOT_ENFORCED'] as const)('finds every attribute at fault and invents none, %s', (mode) => {
      fc.assert(
        fc.property(fc.array(mutation, { maxLength: 14 }), (mutations) => {
          const payload = mutated(mutations);
          const problems = validator.validate(payload, mode);
          expect(attributesOf(problems)).toEqual(oracle.atFault(payload, mode));
          expect(problems.length === 0).toBe(oracle.takes(payload, mode));
        }),
        { numRuns }
      );
      expect([...validator.unchecked]).toEqual([]);
    });

    it('says each thing once, in a sentence with what to do', () => {
      fc.assert(
        fc.property(fc.array(mutation, { maxLength: 14 }), (mutations) => {
          const problems = validator.validate(mutated(mutations), 'ENFORCED');
          const messages = problems.map(({ message }) => message);
          expect(new Set(messages).size).toBe(messages.length);
          for (const message of messages) {
            expect(message).toMatch(/^\S.*\. \S.*\.$/s);
            expect(message).not.toMatch(/undefined|\[object|schema|must /);
          }
        }),
        { numRuns: Math.round(numRuns / 2) }
      );
    });
  }
);

describe('the words of a problem', () => {
  const text = { type: 'string', maxUtf8ByteLength: 10 };
  const list = (title: string, value: JsonSchema, more: JsonSchema = {}): JsonSchema => ({
    title,
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      required: ['value'],
      properties: { value, marketplace_id: {} },
      additionalProperties: false,
    },
    ...more,
  });
  const holds = (name: string, value: unknown): JsonSchema => ({
    required: [name],
    properties: { [name]: { contains: { required: ['value'], properties: { value: { enum: [value] } } } } },
  });
  const schema: JsonSchema = {
    $defs: { short: text },
    type: 'object',
    required: ['item_name'],
    properties: {
      item_name: list('Title', { $ref: '#/$defs/short' }, { maxUniqueItems: 1, selectors: ['marketplace_id'] }),
      batteries: list('Batteries included', { type: 'boolean', enum: [true, false], enumNames: ['Yes', 'No'] }),
      battery_type: list('Battery type', { type: 'string', enum: ['aa', 'aaa'], enumNames: ['AA', 'AAA'] }),
      material: list('Material', {
        anyOf: [
          { type: 'string', maxLength: 5 },
          { type: 'string', enum: ['Cotton'] },
        ],
      }),
      odd: list('Odd', { type: 'string', pattern: '(?<=[unclosed' }),
    },
    additionalProperties: false,
    allOf: [
      { if: holds('batteries', true), then: { required: ['battery_type', 'material'] } },
      { if: { not: holds('batteries', false) }, then: { required: ['material'] } },
    ],
  };
  const validator = new PayloadValidator(schema, 'LAMP');
  const messages = (payload: AmazonAttributes, mode: EnforcementMode = 'ENFORCED'): string[] =>
    validator.validate(payload, mode).map(({ message }) => message);

  it.each<[string, AmazonAttributes, string[]]>([
    [
      'a missing attribute',
      { batteries: [{ value: false }] },
      ['Title (item_name): it is missing, and Amazon wants it for LAMP. Give it in the source.'],
    ],
    [
      'a condition, and an attribute that two conditions ask for',
      { item_name: [{ value: 'a' }], batteries: [{ value: true }] },
      [
        'Battery type (battery_type): it is missing, and Amazon wants it for LAMP, when Batteries included is Yes. Give it in the source.',
        'Material (material): it is missing, and Amazon wants it for LAMP, when Batteries included is Yes, or when Batteries included is not No. Give it in the source.',
      ],
    ],
    [
      'bytes',
      { item_name: [{ value: 'ééééééé' }], batteries: [{ value: false }] },
      [
        'Title (item_name): it has 14 bytes, and Amazon takes 10 at most. Shorten it; an accented letter counts two bytes, and many others three.',
      ],
    ],
    [
      'a closed list',
      { item_name: [{ value: 'a' }], batteries: [{ value: false }], battery_type: [{ value: 'c' }] },
      ["Battery type (battery_type): 'c' is not a value that Amazon takes. Use aa (AA) or aaa (AAA)."],
    ],
    [
      'an open list, by the form that fits best',
      { item_name: [{ value: 'a' }], batteries: [{ value: false }], material: [{ value: 'Linen and more' }] },
      ['Material (material): it has 14 characters, and Amazon takes 5 at most. Shorten it.'],
    ],
    [
      'an attribute that Amazon does not know',
      { item_name: [{ value: 'a' }], batteries: [{ value: false }], colour: [{ value: 'x' }] },
      [
        'Colour (colour): Amazon knows no such attribute of this product type. Leave it out, or choose another attribute.',
      ],
    ],
    [
      'a part that Amazon does not know, and one that is missing',
      { item_name: [{ text: 'a' }], batteries: [{ value: false }] },
      [
        'Title (item_name): its part Value (value) is missing. Give it in the source.',
        "Title (item_name): Amazon knows no part 'text' of it. Leave that part out.",
      ],
    ],
    [
      'more values than a marketplace takes',
      {
        item_name: [
          { value: 'a', ...here },
          { value: 'b', ...here },
        ],
        batteries: [{ value: false }],
      },
      ['Title (item_name): it has more values than the 1 that Amazon takes in one marketplace. Leave some out.'],
    ],
    [
      'a pattern of another engine is left to Amazon',
      { item_name: [{ value: 'a' }], batteries: [{ value: false }], odd: [{ value: 'x' }] },
      [],
    ],
  ])('%s', (_what, payload, expected) => {
    expect(messages(payload)).toEqual(expected);
  });

  it('asks for nothing when required values are not enforced, and still looks at what is there', () => {
    expect(messages({}, 'NOT_ENFORCED')).toEqual([]);
    expect(messages({ battery_type: [{ value: 'c' }] }, 'NOT_ENFORCED')).toHaveLength(1);
  });

  it('carries attribute, rule and value apart from the words', () => {
    expect(
      validator.validate({ item_name: [{ value: 'x'.repeat(200) }], batteries: [{ value: false }] }, 'ENFORCED')
    ).toEqual([
      {
        code: 'invalid',
        severity: 'error',
        owner: 'merchant',
        attributes: ['item_name'],
        rule: 'maxUtf8ByteLength',
        value: `${'x'.repeat(79)}…`,
        message: expect.stringContaining('200 bytes') as string,
      },
    ]);
  });

  it('tells of many values with one fault once', () => {
    const bullets = Array.from({ length: 4 }, (_, index) => ({ value: `a long text ${index}${'!'.repeat(index)}` }));
    const [only, ...others] = new PayloadValidator(
      { properties: { bullet_point: list('Bullet', text) } },
      'LAMP'
    ).validate({ bullet_point: bullets }, 'ENFORCED');
    expect(others).toEqual([]);
    expect(only?.message).toContain('(and 3 more like it)');
  });
});

/** Time of this process alone: the machine may be busy with other tests. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

describe('a definition of full size', () => {
  const schema = fullSizeDefinition();
  const megabytes = JSON.stringify(schema).length / 1_000_000;

  it('holds 1,000 SKUs in seconds, and takes a few megabytes of memory', () => {
    expect(megabytes).toBeGreaterThan(0.5);
    expect(megabytes).toBeLessThan(0.9);
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    const startedAt = cpuMs();
    const validator = new PayloadValidator(schema, 'LARGE');
    const payloads = Array.from({ length: 1000 }, (_, index) => {
      const payload = rightPayload(schema);
      for (let at = 0; at < 20; at++)
        payload[nameOf((at * 3 + (index % 5)) % 420)] = rightValue(nameOf((at * 3 + (index % 5)) % 420));
      return payload;
    });
    validator.validate(payloads[0]!, 'ENFORCED');
    const firstMs = cpuMs() - startedAt;
    let problems = 0;
    for (const payload of payloads) problems += validator.validate(payload, 'ENFORCED').length;
    const allMs = cpuMs() - startedAt;
    global.gc?.();
    const heapMb = (process.memoryUsage().heapUsed - before) / 1_000_000;
    process.stdout.write(
      `definition ${megabytes.toFixed(2)} MB: first SKU ${firstMs.toFixed(0)} ms, 1,000 SKUs ${allMs.toFixed(0)} ms of CPU, ` +
        `${problems} problems, heap ${heapMb.toFixed(1)} MB${global.gc ? '' : ' with garbage'}\n`
    );
    expect(problems).toBeGreaterThan(0);
    // Some 1 s outside of jest, whose sandbox makes every global slow.
    expect(allMs).toBeLessThan(15_000);
  });

  it('is kept by checksum, and the one used least is let go first', () => {
    const kept = new PayloadValidators(2);
    const one = kept.add('1', {}, 'A');
    kept.add('2', {}, 'B');
    expect(kept.get('1')).toBe(one);
    kept.add('3', {}, 'C');
    expect([kept.get('1') === one, kept.get('2')]).toEqual([true, undefined]);
  });
});
