import { z } from 'zod';

export const productTypeListView = z
  .object({
    marketplace: z.string().describe("Amazon's country code"),
    locale: z.string().describe('Of the names'),
    version: z.string().describe("Amazon's version of its list of product types"),
    items: z.array(z.object({ name: z.string().describe('As it is sent: SHIRT'), displayName: z.string() })),
  })
  .meta({ id: 'ProductTypeList' });
export type ProductTypeListView = z.infer<typeof productTypeListView>;

const limits = z
  .object({
    minLength: z.number().optional(),
    maxLength: z.number().optional(),
    minBytes: z.number().optional().describe('Of UTF-8'),
    maxBytes: z.number().optional().describe('Of UTF-8'),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    above: z.number().optional().describe('More than this'),
    below: z.number().optional().describe('Less than this'),
    pattern: z.string().optional().describe('A regular expression'),
    format: z.string().optional().describe('uri, date, date-time'),
  })
  .describe('What a value may be; absent where there is no limit');

const part = z.object({
  path: z.string().describe('Inside each value of the attribute: value, unit, our_price.schedule.value_with_tax'),
  title: z.string(),
  type: z.string(),
  required: z.boolean(),
  selector: z.boolean().describe('Tells values of one attribute apart, such as the language'),
  values: z
    .array(z.object({ value: z.union([z.string(), z.number(), z.boolean()]), label: z.string() }))
    .nullable()
    .describe('Allowed values as they are sent, with their labels; null when Amazon lists none'),
  otherValues: z.boolean().describe('Whether values beyond the listed ones are taken too'),
  limits,
  examples: z.array(z.string()),
  editable: z.boolean().describe('Whether it can be changed once the listing exists'),
  hidden: z.boolean().describe('Not for people: it is filled in for them'),
});

const field = z
  .object({
    name: z.string().describe('As it is sent: item_name'),
    title: z.string(),
    help: z.string(),
    group: z.object({ name: z.string(), title: z.string() }).nullable(),
    requirement: z.enum(['required', 'conditional', 'optional']),
    requiredWhen: z.array(z.string()).describe('With conditional: any of these asks for it'),
    count: z
      .object({ min: z.number().int(), max: z.number().int().nullable() })
      .describe('How many values for each marketplace, language and other selector'),
    parts: z.array(part),
  })
  .meta({ id: 'ProductTypeField' });

const change = z
  .object({
    version: z.string(),
    fromVersion: z.string(),
    noticedAt: z.string(),
    skusTouched: z.number().int().describe('SKUs that have what is gone, or lack what is newly asked for'),
    skusOfType: z.number().int(),
    added: z.array(z.string()),
    removed: z.array(z.string()),
    newlyRequired: z.array(z.string()),
    newlyConditional: z.array(z.object({ attribute: z.string(), when: z.string() })),
    changedValues: z.array(
      z.object({
        attribute: z.string(),
        part: z.string(),
        added: z.array(z.string()),
        removed: z.array(z.string()),
      })
    ),
  })
  .meta({ id: 'ProductTypeChange', description: 'B19. What a new version of the definition changed' });

export const productTypeFieldsView = z
  .object({
    productType: z.string(),
    displayName: z.string(),
    marketplace: z.string(),
    requirements: z.enum(['LISTING', 'LISTING_PRODUCT_ONLY', 'LISTING_OFFER_ONLY']),
    locale: z.string().describe("Of titles, help and labels; values are the marketplace's own"),
    version: z.string(),
    firstSeenAt: z.string(),
    lookedAt: z.string().describe('When Amazon was last asked for a newer version'),
    changes: z.array(change).describe('The newest first; empty while only one version was seen'),
    notChecked: z.array(z.string()).describe('Kinds of rules that only Amazon itself checks'),
    fields: z.array(field),
  })
  .meta({ id: 'ProductTypeFields' });
export type ProductTypeFieldsView = z.infer<typeof productTypeFieldsView>;
