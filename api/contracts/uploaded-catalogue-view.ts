import { z } from 'zod';

export const uploadedCatalogueView = z
  .object({
    name: z.string(),
    size: z.number().int().describe('In bytes, unpacked'),
    sha256: z.string().describe('Of the unpacked bytes, in hex'),
    uploadedAt: z.string(),
    by: z.string().describe('The name of the API key'),
    look: z
      .object({
        form: z.string().describe('How it is read: a Shopify product export, UTF-8, separated by commas'),
        skus: z.number().int().describe('SKUs that can be read in its beginning'),
        unreadable: z.number().int().describe('Rows of its beginning that cannot'),
        problems: z.array(z.string()).describe('Why the first of them cannot, each with its line'),
        isWhole: z.boolean().describe('Whether its beginning is all of it'),
      })
      .nullable()
      .describe('What its beginning shows; null when it cannot be read at all'),
    problem: z.string().nullable().describe('Why it cannot be read at all'),
  })
  .meta({ id: 'UploadedCatalogue' });

export type UploadedCatalogueView = z.infer<typeof uploadedCatalogueView>;
