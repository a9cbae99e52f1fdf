import { fieldsSeen } from '../../domain/mapping-fields';
import { proposeMapping } from '../../domain/mapping-proposals';
import { fieldsOf } from '../../domain/product-type-fields';
import { BOOTS } from './boots-definition';
import { anItem } from './items';

const fields = fieldsOf({ schema: BOOTS }, { schema: BOOTS, groups: [] });

function propose(items: Parameters<typeof anItem>[0][], isGiven: (attribute: string) => boolean = () => false) {
  return proposeMapping(fields, fieldsSeen(items.map(anItem)), isGiven);
}

function proposed(attributes: Record<string, string[]>) {
  const proposals = propose([{ options: {}, attributes, weightGrams: undefined }]);
  return Object.fromEntries(
    proposals.flatMap(({ target, rule }) =>
      'from' in rule && rule.from.startsWith('attributes.') ? [[target, rule.from]] : []
    )
  );
}

describe('a proposal', () => {
  test.each<[string, Record<string, string[]>, Record<string, string>]>([
    ['by the attribute’s name', { 'country of origin': ['MX'] }, { country_of_origin: 'attributes.country of origin' }],
    ['by the name in Spanish', { 'país de origen': ['México'] }, { country_of_origin: 'attributes.país de origen' }],
    ['by the name in Portuguese', { 'país de origem': ['BR'] }, { country_of_origin: 'attributes.país de origem' }],
    ['by the title', { warranty: ['12 months'] }, { warranty_description: 'attributes.warranty' }],
    ['by a word of the same meaning', { fecho: ['Zíper'] }, { 'closure.type.value': 'attributes.fecho' }],
    ['by the name of a part', { largo: ['30'] }, { 'item_dimensions.length.value': 'attributes.largo' }],
    ['for numbers only where there are numbers', { ancho: ['wide'] }, {}],
    ['none for a name that says nothing', { tag: ['new'] }, {}],
  ])('%s', (_, attributes, expected) => {
    expect(proposed(attributes)).toEqual(expected);
  });

  test('by the values alone, where there are enough of them', () => {
    const seen = (...values: string[]) => values.map((value) => ({ attributes: { line: [value] } }));

    const [found] = propose(seen('mens', 'Mujeres', 'unisex'), (name) => name !== 'department');

    expect(found).toMatchObject({ target: 'department', rule: { from: 'attributes.line' }, confidence: 0.5 });
    expect(propose(seen('mens', 'other', 'unisex'), (name) => name !== 'department')).toEqual([]);
    expect(propose(seen('mens'), (name) => name !== 'department')).toEqual([]);
  });

  test('is surer when the values fit too', () => {
    const sure = (value: string) =>
      propose([{ attributes: { departamento: [value] } }]).find(({ target }) => target === 'department')?.confidence;

    expect(sure('Hombres')).toBeGreaterThan(sure('Señores')!);
  });

  test('of a weight comes with its unit', () => {
    expect(propose([{}], (name) => name !== 'item_weight')).toMatchObject([
      { target: 'item_weight', rule: { from: 'weightGrams' } },
      { target: 'item_weight.unit', rule: { constant: 'grams' } },
    ]);
  });

  test('is not made for what is given already', () => {
    const given = propose([{ attributes: { closure: ['Zip'] } }], (name) => name === 'closure');

    expect(given.some(({ target }) => target.startsWith('closure'))).toBe(false);
  });

  test('comes with what speaks for it, the surest first', () => {
    const proposals = propose([{ attributes: { closure: ['Zip'], departamento: ['Señores'] } }]);

    const sureness = proposals.map(({ confidence }) => confidence);
    expect(sureness).toEqual([...sureness].sort((one, other) => other - one));
    for (const each of proposals) {
      expect(each.why).toMatch(/\w{3}/);
      expect(each.confidence).toBeGreaterThan(0);
      expect(each.confidence).toBeLessThanOrEqual(1);
    }
  });
});

test('the fields seen are those that some item has, with examples', () => {
  const seen = fieldsSeen([anItem(), anItem({ attributes: { Fit: [] }, options: { size: 'M' }, price: undefined })]);

  expect(seen.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['title', 'price', 'options.size', 'attributes.material'])
  );
  expect(seen.map(({ name }) => name)).not.toContain('productReference');
  expect(seen.find(({ name }) => name === 'options.size')).toMatchObject({ items: 2, examples: ['XS', 'M'] });
  expect(seen.find(({ name }) => name === 'price')).toMatchObject({ items: 1, examples: [52.5], type: 'number' });
});
