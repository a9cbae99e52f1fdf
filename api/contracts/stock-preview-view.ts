import { z } from 'zod';
import { LISTING_STATES } from '../../domain/listing';
import { nextCursor } from './paging';

/** V6: what a minimum stock would do. */
export const stockPreviewView = z
  .object({
    minimumStock: z.number().int().describe('The minimum that was tried'),
    configuredMinimumStock: z.number().int(),
    known: z.boolean().describe('False while the assortment was never read'),
    readAt: z
      .string()
      .nullable()
      .describe('When the newest reading of the assortment began; null while none has come to its end'),
    count: z.number().int().describe('How many SKUs would not be advertised'),
    note: z.string().nullable().describe('What to know, and what to do where the stock is not known yet'),
    items: z.array(
      z.object({
        sku: z.string(),
        title: z.string(),
        state: z.enum(LISTING_STATES).describe('As it is now, under the configured minimum'),
        stock: z.number().describe('Units that the source had; of a kit, what its parts make'),
        because: z
          .enum(['minimum_stock', 'stock_rules'])
          .describe(
            'Below the minimum, or above it and left with nothing by the buffer or percentage of the connector'
          ),
        readAt: z
          .string()
          .nullable()
          .describe('When the reading of this SKU began; null when its run is not kept any more'),
      })
    ),
    nextCursor,
  })
  .meta({ id: 'StockPreview' });

export type StockPreviewView = z.infer<typeof stockPreviewView>;
