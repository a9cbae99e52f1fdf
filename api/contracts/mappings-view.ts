import { z } from 'zod';
import { assignmentsInput, mappingInput } from '../../domain/mapping-contract';
import { listingSummaryView } from './listing-view';
import { nextCursor } from './paging';

/** Amazon's names of product types. */
export const PRODUCT_TYPE = /^[A-Z][A-Z0-9_]{1,63}$/;

/** What a person writes for one product type. */
export const mappingBody = mappingInput.meta({
  id: 'Mapping',
  description: 'S14. What Amazon’s attributes are made of',
});

/** What a person writes for the whole connector, in order. */
export const assignmentsBody = assignmentsInput.meta({
  id: 'Assignments',
  description: 'Which items are of which product type: the first that fits wins, then the words of the categories',
});

/** The version that a change was made to. */
export const readVersion = z
  .number()
  .int()
  .min(0)
  .max(1_000_000_000)
  .optional()
  .describe('The version that was read and is changed; 0 when there was none. If-Match says the same');

export const note = z.string().trim().min(1).max(500).optional().describe('What this version is for, for people');

const author = z.object({ id: z.string(), name: z.string() });

const version = {
  version: z.number().int().describe('Rises by one with every change; 0 while there is none'),
  builtIn: z.boolean().describe('True while there are no rules of its own: the built-in one is used'),
  rules: z.number().int().describe('How many rules it has'),
  note: z.string().nullable(),
  savedAt: z.string().nullable(),
  savedBy: author.nullable(),
};

export const mappingVersionView = z.object(version).meta({ id: 'MappingVersion' });
export type MappingVersionView = z.infer<typeof mappingVersionView>;

export const mappingView = z
  .object({ productType: z.string(), ...version, mapping: mappingBody })
  .meta({ id: 'MappingOfProductType' });
export type MappingView = z.infer<typeof mappingView>;

export const assignmentsView = z
  .object({ ...version, assignments: assignmentsBody })
  .meta({ id: 'AssignmentsOfConnector' });
export type AssignmentsView = z.infer<typeof assignmentsView>;

export const mappingListView = z
  .object({
    items: z.array(
      z.object({
        productType: z.string(),
        ...version,
        unmappedRequired: z
          .array(z.string())
          .nullable()
          .describe(
            'Attributes that Amazon requires of every such item and that neither a rule nor the built-in mapping gives; null while Amazon cannot tell'
          ),
      })
    ),
    assignments: mappingVersionView,
  })
  .meta({ id: 'MappingList' });
export type MappingListView = z.infer<typeof mappingListView>;

export const mappingVersionPage = z
  .object({ items: z.array(mappingVersionView), nextCursor })
  .meta({ id: 'MappingVersionPage' });

/** What one mapping, or the assignments, may have as JSON: twice what a PUT takes. The database keeps each in one document. */
const LARGEST_BYTES = 2 * 1024 * 1024;

function isTooLarge(content: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(content)) > LARGEST_BYTES;
}

/** Everything that a connector maps, to be kept elsewhere or given to another connector. */
export const mappingsFile = z
  .strictObject({
    format: z.literal('longshore.mappings.v1'),
    mappings: z
      .record(z.string(), mappingBody)
      .superRefine((mappings, ctx) => {
        for (const productType of Object.keys(mappings).filter((each) => !PRODUCT_TYPE.test(each)))
          ctx.addIssue({
            code: 'custom',
            path: [productType],
            message: 'An Amazon product type looks like SHIRT or PET_FOOD.',
            params: { code: 'format' },
          });
        for (const [productType] of Object.entries(mappings).filter(([, mapping]) => isTooLarge(mapping)))
          ctx.addIssue({
            code: 'custom',
            path: [productType],
            message: 'One mapping may have 2 MB at most. Make its value tables smaller.',
            params: { code: 'too_big' },
          });
      })
      .describe('By product type'),
    assignments: assignmentsBody.optional(),
  })
  .meta({ id: 'MappingsFile' });

export type MappingsFile = z.infer<typeof mappingsFile>;

export const importView = z
  .object({
    dryRun: z.boolean().describe('True when nothing was written'),
    changes: z.array(
      z.object({
        what: z.enum(['mapping', 'assignments']),
        productType: z.string().nullable().describe('Null for the assignments'),
        change: z.enum(['added', 'changed', 'unchanged']),
        version: z.number().int().describe('The version that is current then'),
        attributes: z.array(z.string()).describe('The targets whose rules differ'),
      })
    ),
  })
  .meta({ id: 'MappingsImport' });
export type ImportView = z.infer<typeof importView>;

export const mappingTrialView = z
  .object({
    sku: z.string(),
    productType: z.string(),
    version: z
      .number()
      .int()
      .nullable()
      .describe('The saved version that was tried; null for a mapping of the request'),
    assignedTo: z
      .string()
      .nullable()
      .describe('The product type that a sync gives the item; null when it would give it none'),
    wouldBeSent: z.boolean().describe('Whether it would be sent, were it of this product type'),
    payload: z.object({
      productType: z.string(),
      requirements: z.string(),
      attributes: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))),
    }),
    remarks: z.array(z.string()).describe('What a sync adds to the payload, in sentences'),
    problems: listingSummaryView.shape.problems.describe(
      "What the mapping could not make, what our rules say, and what Amazon's definition does"
    ),
  })
  .meta({ id: 'MappingTrial' });
export type MappingTrialView = z.infer<typeof mappingTrialView>;

const plainValue = z.union([z.string(), z.number(), z.boolean()]);

export const mappingProposalsView = z
  .object({
    productType: z.string(),
    version: z.number().int().describe('The version of the mapping that was looked at'),
    itemsSeen: z
      .number()
      .int()
      .describe(
        'How many items of the catalogue were looked at; 0 while no run has read any: then nothing is proposed'
      ),
    sourceFields: z
      .array(
        z.object({
          name: z.string().describe('As a rule names it: options.size'),
          help: z.string(),
          type: z.enum(['text', 'number']),
          many: z.boolean().describe('Whether it may hold several values'),
          translated: z.boolean().describe('Whether it can differ from language to language'),
          items: z.number().int().describe('How many of the items have a value in it'),
          examples: z.array(plainValue),
        })
      )
      .describe('The fields that these items have'),
    unmapped: z
      .array(
        z.object({
          name: z.string(),
          title: z.string(),
          requirement: z.enum(['required', 'conditional', 'optional']),
          requiredWhen: z.array(z.string()),
        })
      )
      .describe('Attributes that no rule speaks of and that the built-in mapping gives none of these items'),
    proposals: z
      .array(
        z.object({
          target: z.string(),
          rule: mappingInput.shape.attributes.valueType,
          why: z.string(),
          confidence: z.number().describe('Above 0, at most 1'),
        })
      )
      .describe('Rules to take over, the surest first'),
  })
  .meta({ id: 'MappingProposals' });
export type MappingProposalsView = z.infer<typeof mappingProposalsView>;
