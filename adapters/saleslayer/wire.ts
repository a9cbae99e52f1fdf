import { z } from 'zod';

/**
 * Sales Layer's answers; nothing outside this folder sees them. PHP writes an empty object as `[]`, and numbers as either.
 * Source: the official PHP SDK, the REST documentation.
 */
const object = <T extends z.ZodType>(values: T) =>
  z
    .preprocess((value) => (Array.isArray(value) || value === null ? {} : value), z.record(z.string(), values))
    .default({});

const list = z.preprocess((value) => (value === null || value === undefined ? [] : value), z.array(z.unknown()));

const fieldInfo = z.looseObject({
  type: z.string().nullish(),
  language_code: z.string().nullish(),
  basename: z.string().nullish(),
});

/** One page of the connector API. */
export const envelope = z.object({
  error: z.coerce.number().default(0),
  time: z.coerce.number().int(),
  action: z.string().nullish(),
  schema: z
    .object({ default_language: z.string().nullish(), languages: z.array(z.string()).catch([]) })
    .catch({ default_language: null, languages: [] }),
  data_schema: object(list),
  data_schema_info: object(object(fieldInfo)),
  data: object(z.array(list)),
  next_page: z
    .string()
    .nullish()
    .transform((text) => text || undefined),
});
export type Envelope = z.infer<typeof envelope>;

/** One page of the REST catalogue. */
export const restPage = z.object({
  value: z.array(z.record(z.string(), z.unknown())),
  '@count': z.number().nullish(),
  '@nextLink': z.string().nullish(),
});

/** The only thing that is read of an entity's metadata. */
export const restMetadata = z.object({
  value: z.array(z.looseObject({ default: z.object({ culture: z.string() }).optional() })),
});
