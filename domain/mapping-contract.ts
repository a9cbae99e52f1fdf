import { z } from 'zod';
import { expressionFault } from './mapping-expressions';
import { sourceFieldFault } from './mapping-fields';

/** How much one mapping may hold. */
export const MAPPING_LIMITS = {
  rules: 500,
  /** Characters of one expression. */
  expression: 4_000,
  tableRows: 5_000,
  /** Characters of a constant, and of each side of a table. */
  text: 5_000,
  assignments: 500,
  /** Values that one assignment may compare with. */
  choices: 500,
} as const;

/** Attributes that settings of the connector decide, so that no mapping may touch them, each with those settings. */
export const ATTRIBUTES_OF_SETTINGS: ReadonlyMap<string, string> = new Map([
  ['purchasable_offer', 'the price comes from the source, by the price rules of the connector'],
  ['fulfillment_availability', 'the quantity comes from the source, by the stock rules of the connector'],
  ['merchant_shipping_group', 'it is the shipping template of the connector (offer.shippingTemplate)'],
  ['parentage_level', 'it follows from the variations of the source (listing.sendVariations)'],
  ['child_parent_sku_relationship', 'it follows from the variations of the source (listing.sendVariations)'],
  ['variation_theme', 'it follows from the variations of the source (listing.sendVariations)'],
]);

const constant = z.union([z.string().max(MAPPING_LIMITS.text), z.number(), z.boolean()], {
  error: `A constant is a text of at most ${MAPPING_LIMITS.text} characters, a number, true or false.`,
});

const expression = z
  .string()
  .min(1)
  .max(MAPPING_LIMITS.expression)
  .superRefine((text, ctx) => {
    const fault = text.length <= MAPPING_LIMITS.expression ? expressionFault(text) : undefined;
    if (fault) ctx.addIssue({ code: 'custom', message: fault.message, params: { code: fault.code } });
  })
  .describe('JSONata over the item');

const table = z
  .record(z.string().max(MAPPING_LIMITS.text), z.string().max(MAPPING_LIMITS.text))
  .superRefine((rows, ctx) => {
    const size = Object.keys(rows).length;
    if (size > MAPPING_LIMITS.tableRows)
      ctx.addIssue({
        code: 'custom',
        message: `The table has ${size} rows, and at most ${MAPPING_LIMITS.tableRows} are taken.`,
        params: { code: 'too_big' },
      });
  })
  .describe('The value in the source → the value for Amazon. Upper and lower case are alike');

const values = z
  .strictObject({
    table,
    otherwise: z
      .union([z.literal('keep'), z.literal('omit'), z.strictObject({ constant })], {
        error: "Write 'keep', 'omit' or {\"constant\": …}.",
      })
      .default('keep')
      .describe('What becomes of a value that the table lacks: it is kept, left out, or replaced'),
  })
  .describe('Puts other values in the place of the source’s own');

const KINDS = ['from', 'constant', 'expression', 'omit'] as const;

const rule = z
  .strictObject({
    from: z.string().optional().describe('A field of the source: title, options.size, attributes.material'),
    values: values.optional(),
    constant: constant.optional(),
    expression: expression.optional(),
    omit: z.literal(true).optional().describe('Nothing is sent, not even what the built-in mapping would send'),
  })
  .superRefine((written, ctx) => {
    const add = (path: string[], code: string, message: string): void =>
      ctx.addIssue({ code: 'custom', path, message, params: { code } });
    const kinds = KINDS.filter((kind) => written[kind] !== undefined);
    if (kinds.length !== 1)
      add(
        [],
        kinds.length === 0 ? 'rule_empty' : 'rule_ambiguous',
        `Give exactly one of from, constant, expression and omit${kinds.length > 1 ? `; here are ${kinds.join(' and ')}` : ''}.`
      );
    if (written.values && written.from === undefined)
      add(['values'], 'values_without_field', 'A value table goes with a field of the source: give from.');
    const fault = written.from === undefined ? undefined : sourceFieldFault(written.from);
    if (fault) add(['from'], 'source_field_unknown', fault);
  });

/** `item_name`, `item_weight.unit`, `closure.type.value`. */
const TARGET = /^[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*){0,9}$/;

/** What may be wrong with targets, whatever their rules are. Runs beside the checks of the rules and not after them. */
const targetsCheck = z.check<Record<string, unknown>>(({ value: written, issues }) => {
  if (typeof written !== 'object' || written === null) return;
  const targets = Object.keys(written);
  const add = (path: string[], code: string, message: string): void =>
    void issues.push({ code: 'custom', path, message, params: { code }, input: written, continue: true });
  if (targets.length > MAPPING_LIMITS.rules)
    add([], 'too_big', `There are ${targets.length} rules, and at most ${MAPPING_LIMITS.rules} are taken.`);
  for (const target of targets) {
    const [attribute = '', ...parts] = target.split('.');
    const decided = ATTRIBUTES_OF_SETTINGS.get(attribute);
    if (decided) add([target], 'attribute_of_settings', `${attribute} cannot be mapped: ${decided}.`);
    else if (!TARGET.test(target))
      add(
        [target],
        'target_form',
        `'${target}' is no attribute of Amazon; it looks like item_name, or item_weight.unit for a part of one.`
      );
    else if (parts.some((part) => part === 'marketplace_id' || part === 'language_tag'))
      add([target], 'part_of_service', 'Marketplace and language of a value are filled in by themselves.');
    const whole = parts.length > 0 && Object.hasOwn(written, attribute) ? written[attribute] : undefined;
    if (typeof whole === 'object' && whole !== null && 'omit' in whole && whole.omit === true)
      add(
        [target],
        'attribute_omitted',
        `${attribute} is left out as a whole by a rule of its own; remove one of them.`
      );
  }
});
targetsCheck._zod.def.when = () => true;

const rules = z.record(z.string().max(200), rule).check(targetsCheck);

/** What a person writes for one product type of one connector (S14). */
export const mappingInput = z.strictObject({
  attributes: rules.describe(
    'Amazon’s attribute, or a part of one, → where its value comes from. What is not named here is as the built-in mapping has it'
  ),
});

/** What takes the place of a value of the source. */
export interface ValueTable {
  table: Record<string, string>;
  otherwise: 'keep' | 'omit' | { constant: Constant };
}

export type Constant = string | number | boolean;

/** Where the value of one target comes from. */
export type MappingRule =
  { from: string; values?: ValueTable } | { constant: Constant } | { expression: string } | { omit: true };

/** A mapping that has passed {@link mappingInput}, which sees to it that each rule is of one kind. */
export interface Mapping {
  /** By target: `item_name`, `item_weight.unit`. */
  attributes: Record<string, MappingRule>;
}

const productType = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{1,63}$/, { error: 'An Amazon product type looks like SHIRT or PET_FOOD.' });

const CONDITIONS = ['category', 'attribute', 'expression', 'everything'] as const;
const comparable = z.string().max(MAPPING_LIMITS.text);

const condition = z
  .strictObject({
    category: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .optional()
      .describe('The beginning of a category path, level by level: Men/Tops'),
    attribute: z.string().trim().min(1).max(200).optional().describe('An option or attribute of the item, with `is`'),
    is: z
      .union([comparable, z.array(comparable).min(1).max(MAPPING_LIMITS.choices)])
      .optional()
      .describe('The value, or one of the values, that the attribute has'),
    expression: expression.optional(),
    everything: z.literal(true).optional().describe('Every item that no assignment above has taken'),
  })
  .superRefine((written, ctx) => {
    const add = (path: string[], code: string, message: string): void =>
      ctx.addIssue({ code: 'custom', path, message, params: { code } });
    const kinds = CONDITIONS.filter((kind) => written[kind] !== undefined);
    if (kinds.length !== 1)
      add(
        [],
        kinds.length === 0 ? 'condition_empty' : 'condition_ambiguous',
        `Give exactly one of category, attribute, expression and everything${kinds.length > 1 ? `; here are ${kinds.join(' and ')}` : ''}.`
      );
    if (written.attribute !== undefined && written.is === undefined)
      add(['is'], 'required', 'Say which value the attribute has to have.');
    if (written.attribute === undefined && written.is !== undefined)
      add(['is'], 'values_without_field', 'A value is compared with an attribute: give attribute.');
  });

/**
 * Which items are of which product type, per connector, in order: the first that fits wins. Items that none fits have the product
 * type that the words of their categories speak of.
 */
export const assignmentsInput = z
  .array(z.strictObject({ productType, when: condition }))
  .max(MAPPING_LIMITS.assignments);

/** When an assignment takes an item. */
export type AssignmentCondition =
  { category: string } | { attribute: string; is: string | string[] } | { expression: string } | { everything: true };

/** One assignment that has passed {@link assignmentsInput}. */
export interface Assignment {
  productType: string;
  when: AssignmentCondition;
}
