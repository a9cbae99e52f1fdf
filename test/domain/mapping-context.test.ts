import { jsonataExpressions } from '../../adapters/expressions';
import { builtInDetails, type MappingSettings } from '../../domain/default-mapping';
import { itemMapper, type ItemMapperDependencies } from '../../domain/mapping-context';
import type { Assignment, Mapping } from '../../domain/mapping-contract';
import { DefinitionShape } from '../../domain/mapping-definition';
import type { Evaluation, Expressions } from '../../domain/ports/expressions';
import { BOOTS } from './boots-definition';
import { anItem } from './items';

const here = { marketplace_id: 'A1AM78C64UM0Y8' };
const settings: MappingSettings = {
  marketplaceId: here.marketplace_id,
  valueLocales: ['es_MX', 'en_US'],
  requirements: 'LISTING',
  sendPrice: true,
};
const forever = new AbortController().signal;

let evaluator: Expressions;
beforeAll(() => (evaluator = jsonataExpressions()));
afterAll(() => evaluator.close());

/** The real evaluator, with a note of what it was asked. */
function noting(): { batches: (readonly Evaluation[])[]; evaluate: Expressions['evaluate'] } {
  const batches: (readonly Evaluation[])[] = [];
  return { batches, evaluate: (batch, signal) => (batches.push(batch), evaluator.evaluate(batch, signal)) };
}

function mapper(changes: Partial<ItemMapperDependencies> = {}) {
  return itemMapper({
    settings,
    assignments: [],
    mappings: new Map(),
    definitionOf: async () => new DefinitionShape(BOOTS),
    expressions: evaluator,
    ...changes,
  });
}

async function typeOf(assignments: Assignment[], item: Parameters<typeof anItem>[0] = {}) {
  const [mapped] = await mapper({ assignments })([anItem(item)], forever);
  return mapped?.productType;
}

describe('the product type of an item', () => {
  const boots = (when: Assignment['when']): Assignment => ({ productType: 'BOOT', when });

  test.each<[string, Assignment['when'], Parameters<typeof anItem>[0], boolean]>([
    ['a category', { category: 'Men/Tops' }, {}, true],
    ['a category in other letters', { category: ' men / TOPS/' }, {}, true],
    ['a whole path', { category: 'Men/Tops/Hoodies & Sweatshirts' }, {}, true],
    ['not a part of a level', { category: 'Men/Top' }, {}, false],
    ['not a level further down', { category: 'Tops' }, {}, false],
    ['any of several paths', { category: 'Sale' }, { categories: ['Men/Tops', 'Sale/Men'] }, true],
    ['an option', { attribute: 'Color', is: 'black' }, {}, true],
    ['one of several values', { attribute: 'material', is: ['Silk', 'cotton'] }, {}, true],
    ['not another value', { attribute: 'material', is: 'Silk' }, {}, false],
    ['not an attribute that is not there', { attribute: 'constructor', is: 'x' }, {}, false],
    ['an expression', { expression: '$contains(title, "Hoodie") and weightGrams > 500' }, {}, true],
    ['not an expression that is not true', { expression: '$contains(title, "Boot")' }, {}, false],
    ['not an expression that gives nothing', { expression: 'attributes.boot' }, {}, false],
    ['not an expression that gives an empty list', { expression: '[]' }, {}, false],
    ['everything', { everything: true }, { categories: [] }, true],
  ])('follows %s', async (_, when, item, fits) => {
    expect((await typeOf([boots(when)], item)) === 'BOOT').toBe(fits);
  });

  test('is of the first assignment that fits, else of the words of the categories', async () => {
    const assignments: Assignment[] = [
      { productType: 'SCARF', when: { category: 'Women' } },
      { productType: 'COAT', when: { attribute: 'material', is: 'wool' } },
      { productType: 'BOOT', when: { category: 'Men' } },
    ];

    expect(await typeOf(assignments)).toBe('COAT');
    expect(await typeOf(assignments, { attributes: {} })).toBe('BOOT');
    expect(await typeOf(assignments, { attributes: {}, categories: ['Kids/Hoodies'] })).toBe('SWEATSHIRT');
    expect(await typeOf(assignments, { attributes: {}, categories: ['Kids'] })).toBeUndefined();
  });

  test('is unknown when the expression that decides fails, and not what comes after', async () => {
    const assignments = [boots({ expression: '$number(title) > 1' }), boots({ everything: true })];

    const [mapped] = await mapper({ assignments })([anItem()], forever);

    expect(mapped).toEqual({
      productType: undefined,
      details: {},
      problems: [
        {
          code: 'unmapped',
          message:
            'Whether it is BOOT cannot be said, because the expression of assignment 1 failed: Unable to cast value to a number: "Chaz Kangeroo Hoodie". Correct that expression.',
          severity: 'error',
          owner: 'merchant',
          rule: 'expression',
        },
      ],
    });
  });

  test('is not decided by an expression that fails further down than one that fits', async () => {
    const assignments = [boots({ category: 'Men' }), boots({ expression: '$number(title) > 1' })];

    expect(await typeOf(assignments)).toBe('BOOT');
  });
});

describe('the attributes of an item', () => {
  const mapping: Mapping = {
    attributes: {
      color: { expression: '$uppercase(options.color)' },
      special_feature: { expression: 'attributes.material' },
      item_weight: { expression: 'weightGrams / 1000' },
      'item_weight.unit': { constant: 'kilograms' },
    },
  };
  const mappings = new Map([['SWEATSHIRT', mapping]]);

  test('follow the mapping of its product type', async () => {
    const [mapped] = await mapper({ mappings })([anItem()], forever);

    expect(mapped).toMatchObject({ productType: 'SWEATSHIRT', problems: [] });
    expect(mapped?.details.color).toEqual([
      { value: 'BLACK', language_tag: 'es_MX', ...here },
      { value: 'BLACK', language_tag: 'en_US', ...here },
    ]);
    expect(mapped?.details.special_feature).toEqual([
      { value: 'Wool', ...here },
      { value: 'Cotton', ...here },
    ]);
    expect(mapped?.details.item_weight).toEqual([{ value: 0.6, unit: 'kilograms', ...here }]);
  });

  test('are those of the built-in mapping for a type without a mapping, or one that Amazon lacks', async () => {
    const item = anItem({ categories: ['Watches'] });
    const unknown = mapper({ mappings, definitionOf: async () => undefined });

    expect(await mapper({ mappings })([item], forever)).toEqual([
      { productType: 'WATCH', details: builtInDetails(item, settings), problems: [] },
    ]);
    expect(await unknown([anItem()], forever)).toEqual([
      { productType: 'SWEATSHIRT', details: builtInDetails(anItem(), settings), problems: [] },
    ]);
  });

  test('are in the languages of the item, evaluated once where they are the same', async () => {
    const expressions = noting();
    const item = anItem({
      language: 'en',
      translations: { es: { options: { color: 'negro' }, attributes: { material: ['Lana'] } } },
    });

    const [mapped, plain] = await mapper({ mappings, expressions })([item, anItem({ title: 'Plain' })], forever);

    expect(mapped?.details.color?.map(({ value }) => value)).toEqual(['NEGRO', 'BLACK']);
    expect(mapped?.details.special_feature).toEqual([{ value: 'Lana', ...here }]);
    expect(plain?.details.color?.map(({ value }) => value)).toEqual(['BLACK', 'BLACK']);
    expect(expressions.batches.map((batch) => batch.length)).toEqual([4 + 3]);
  });

  test('take one batch for the assignments and one for the mappings of a page', async () => {
    const expressions = noting();
    const assignments: Assignment[] = [{ productType: 'SWEATSHIRT', when: { expression: 'price > 0' } }];
    const items = Array.from({ length: 50 }, (_, at) => anItem({ sku: String(at), title: `Item ${at}` }));

    const mapped = await mapper({ assignments, mappings, expressions })(items, forever);

    expect(mapped).toHaveLength(50);
    expect(expressions.batches.map((batch) => batch.length)).toEqual([50, 150]);
  });

  test('ask for no evaluator and no definition where nothing needs them', async () => {
    const expressions = noting();
    let asked = 0;
    const map = mapper({
      expressions,
      mappings: new Map([['WATCH', mapping]]),
      definitionOf: async () => {
        asked += 1;
        return undefined;
      },
    });

    await map([anItem(), anItem()], forever);

    expect([expressions.batches, asked]).toEqual([[], 0]);
  });

  test('one item’s failing expression is a problem of that item alone', async () => {
    const failing = new Map([['SWEATSHIRT', { attributes: { number_of_items: { expression: '$number(title)' } } }]]);

    const [good, bad] = await mapper({ mappings: failing })([anItem({ title: '2' }), anItem()], forever);

    expect(good).toMatchObject({ problems: [], details: { number_of_items: [{ value: 2, ...here }] } });
    expect(bad?.problems).toMatchObject([{ code: 'invalid', attributes: ['number_of_items'], rule: 'expression' }]);
  });

  test('an abort passes through', async () => {
    await expect(mapper({ mappings })([anItem()], AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});
