import { problemsOf } from '../../domain/connector-contract';
import { assignmentsInput, MAPPING_LIMITS, mappingInput } from '../../domain/mapping-contract';

function problems(schema: typeof mappingInput | typeof assignmentsInput, input: unknown) {
  const parsed = schema.safeParse(input, { reportInput: true });
  return parsed.success ? [] : problemsOf(parsed.error);
}

/** Field and code of each problem with one rule of a mapping, without the path to the rule. */
function rule(written: unknown, target = 'color') {
  return problems(mappingInput, { attributes: { [target]: written } }).map(({ field, code }) => [
    field.replace(`attributes.${target}`, ''),
    code,
  ]);
}

const rows = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`key ${at}`, 'x']));

describe('a rule of a mapping', () => {
  test.each<[string, unknown]>([
    ['a field', { from: 'title' }],
    ['an option', { from: 'options.size' }],
    ['an attribute with blanks, points and slashes', { from: 'attributes.shaft height (in./cm)' }],
    ['an image by its number', { from: 'image.2' }],
    ['a field with a table', { from: 'options.color', values: { table: { Preto: 'Black' } } }],
    ['a table with a constant for the rest', { from: 'brand', values: { table: {}, otherwise: { constant: 1 } } }],
    ['a constant', { constant: 'x' }],
    ['an empty constant', { constant: '' }],
    ['a number', { constant: 1.5 }],
    ['no', { constant: false }],
    ['an expression', { expression: '$uppercase(title) & " " & options.size' }],
    ['nothing', { omit: true }],
    ['a table of the largest size', { from: 'brand', values: { table: rows(MAPPING_LIMITS.tableRows) } }],
    ['an expression of the largest size', { expression: `"${'x'.repeat(MAPPING_LIMITS.expression - 2)}"` }],
  ])('may be %s', (_, written) => {
    expect(rule(written)).toEqual([]);
  });

  test.each<[string, unknown, [string, string][]]>([
    ['no kind', {}, [['', 'rule_empty']]],
    ['two kinds', { from: 'title', constant: 'x' }, [['', 'rule_ambiguous']]],
    ['no rule', 'title', [['', 'wrong_type']]],
    ['another key', { from: 'title', form: 'x' }, [['.form', 'unknown_field']]],
    ['a field that no source has', { from: 'colour' }, [['.from', 'source_field_unknown']]],
    ['an attribute without a name', { from: 'attributes.' }, [['.from', 'source_field_unknown']]],
    ['what every object has', { from: 'constructor' }, [['.from', 'source_field_unknown']]],
    ['a table without a field', { constant: 'x', values: { table: {} } }, [['.values', 'values_without_field']]],
    [
      'a table that is too large',
      { from: 'title', values: { table: rows(MAPPING_LIMITS.tableRows + 1) } },
      [['.values.table', 'too_big']],
    ],
    ['a table of numbers', { from: 'title', values: { table: { a: 1 } } }, [['.values.table.a', 'wrong_type']]],
    [
      'another way for the rest',
      { from: 'title', values: { table: {}, otherwise: 'drop' } },
      [['.values.otherwise', 'unknown_choice']],
    ],
    ['a constant that is a list', { constant: ['x'] }, [['.constant', 'unknown_choice']]],
    ['a constant that is too long', { constant: 'x'.repeat(MAPPING_LIMITS.text + 1) }, [['.constant', 'too_big']]],
    [
      'an empty expression',
      { expression: '' },
      [
        ['.expression', 'empty'],
        ['.expression', 'expression_syntax'],
      ],
    ],
    [
      'an expression that is too long',
      { expression: `"${'x'.repeat(MAPPING_LIMITS.expression)}"` },
      [['.expression', 'too_big']],
    ],
    ['an expression that ends too early', { expression: '$upper(title' }, [['.expression', 'expression_syntax']]],
    ['an expression with an open text', { expression: '"abc' }, [['.expression', 'expression_syntax']]],
    [
      'an expression with a wrong regular expression',
      { expression: '$match(title, /(/)' },
      [['.expression', 'expression_syntax']],
    ],
    ['an expression of expressions', { expression: '$eval(title)' }, [['.expression', 'expression_not_allowed']]],
    [
      'the same by another name',
      { expression: '($run := $eval; $run(title))' },
      [['.expression', 'expression_not_allowed']],
    ],
    [
      'the same in a function',
      { expression: '$map([1], function($x) { [$x].$random() })' },
      [['.expression', 'expression_not_allowed']],
    ],
    ['omit that is not true', { omit: false }, [['.omit', 'unknown_choice']]],
  ])('may not be %s', (_, written, expected) => {
    expect(rule(written).sort()).toEqual(expected.sort());
  });

  test.each([
    ['purchasable_offer', 'attribute_of_settings'],
    ['fulfillment_availability.quantity', 'attribute_of_settings'],
    ['merchant_shipping_group', 'attribute_of_settings'],
    ['parentage_level', 'attribute_of_settings'],
    ['child_parent_sku_relationship', 'attribute_of_settings'],
    ['variation_theme.name', 'attribute_of_settings'],
    ['item_name.language_tag', 'part_of_service'],
    ['item_name.marketplace_id', 'part_of_service'],
    ['', 'target_form'],
    ['item name', 'target_form'],
    ['item_name.', 'target_form'],
    ['item_name[0]', 'target_form'],
  ])('may not be for %j', (target, code) => {
    expect(rule({ constant: 'x' }, target).map((each) => each[1])).toEqual([code]);
  });

  test('says where an expression ends to make sense', () => {
    const [problem] = problems(mappingInput, { attributes: { color: { expression: 'title & & "x"' } } });

    expect(problem).toEqual({
      field: 'attributes.color.expression',
      code: 'expression_syntax',
      message: expect.stringContaining("The expression cannot be read at character 9, after 'title & &'") as string,
    });
  });

  test('says why an attribute cannot be mapped', () => {
    const [problem] = problems(mappingInput, { attributes: { merchant_shipping_group: { constant: 'Fast' } } });

    expect(problem?.message).toBe(
      'merchant_shipping_group cannot be mapped: it is the shipping template of the connector (offer.shippingTemplate).'
    );
  });
});

describe('a mapping', () => {
  test('has all its problems told at once', () => {
    const found = problems(mappingInput, {
      attributes: {
        color: { from: 'shade' },
        purchasable_offer: { constant: 1 },
        size: {},
        material: { constant: [] },
      },
      name: 'mine',
    });

    expect(found.map(({ field, code }) => `${field}: ${code}`).sort()).toEqual([
      'attributes.color.from: source_field_unknown',
      'attributes.material.constant: unknown_choice',
      'attributes.purchasable_offer: attribute_of_settings',
      'attributes.size: rule_empty',
      'name: unknown_field',
    ]);
  });

  test('has a bounded number of rules', () => {
    const attributes = Object.fromEntries(Array.from({ length: 501 }, (_, at) => [`a_${at}`, { constant: 1 }]));

    expect(problems(mappingInput, { attributes }).map(({ code }) => code)).toEqual(['too_big']);
  });

  test('does not leave an attribute out and map a part of it', () => {
    const attributes = { item_weight: { omit: true }, 'item_weight.unit': { constant: 'grams' } };

    expect(problems(mappingInput, { attributes }).map(({ code }) => code)).toEqual(['attribute_omitted']);
  });

  test('is the same after a way through JSON', () => {
    const written = {
      attributes: {
        color: { from: 'options.color', values: { table: { a: 'b' }, otherwise: 'keep' } },
        size: { omit: true },
      },
    };

    expect(mappingInput.parse(JSON.parse(JSON.stringify(mappingInput.parse(written))))).toEqual(written);
  });
});

describe('assignments', () => {
  const when = (condition: unknown) =>
    problems(assignmentsInput, [{ productType: 'BOOT', when: condition }]).map(({ field, code }) => [field, code]);

  test.each<[unknown]>([
    [{ category: 'Men/Boots' }],
    [{ attribute: 'tipo', is: 'bota' }],
    [{ attribute: 'tipo', is: ['bota', 'botín'] }],
    [{ expression: '$contains(title, "Boot")' }],
    [{ everything: true }],
  ])('may have %j', (condition) => {
    expect(when(condition)).toEqual([]);
  });

  test.each<[unknown, string, string]>([
    [{}, '0.when', 'condition_empty'],
    [{ category: 'A', everything: true }, '0.when', 'condition_ambiguous'],
    [{ attribute: 'tipo' }, '0.when.is', 'required'],
    [{ category: 'A', is: 'x' }, '0.when.is', 'values_without_field'],
    [{ category: ' ' }, '0.when.category', 'empty'],
    [{ expression: '(' }, '0.when.expression', 'expression_syntax'],
    [{ expression: '$now() > 1' }, '0.when.expression', 'expression_not_allowed'],
  ])('may not have %j', (condition, field, code) => {
    expect(when(condition)).toEqual([[field, code]]);
  });

  test('name product types as Amazon writes them', () => {
    const found = problems(assignmentsInput, [{ productType: 'boots', when: { everything: true } }]);

    expect(found.map(({ field, code }) => [field, code])).toEqual([['0.productType', 'format']]);
  });
});

test('expressions of the largest size are read in no time, however they nest', () => {
  const size = MAPPING_LIMITS.expression;
  const texts = ['(', '[', '{', '-', '%.', 'a.', 'a?', '$f(', 'function($a){', 'a[%.', '/a/', '"'].map((text) =>
    text.repeat(Math.floor(size / text.length))
  );
  const before = performance.now();

  for (const expression of texts) problems(mappingInput, { attributes: { color: { expression } } });

  expect(performance.now() - before).toBeLessThan(3_000);
});
