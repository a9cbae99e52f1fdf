import { z } from 'zod';

/**
 * VTEX's answers with VTEX's own spellings; nothing outside this folder sees them. Optional fields may be missing or null.
 * Source: VTEX OpenAPI schemas (catalog, checkout, logistics, pricing, affiliates).
 */

const text = z.string().nullish();
const flag = z.boolean().nullish();
/** Ids are numbers in the catalogue and text elsewhere. */
const id = z.union([z.string(), z.number()]).transform(String);

const specifications = z
  .array(z.object({ FieldName: z.string(), FieldValues: z.array(z.string().nullable()).nullish() }))
  .nullish();

export const skuIdList = z.array(id);

export const skuContext = z.object({
  Id: id,
  ProductId: id,
  NameComplete: text,
  ProductName: text,
  SkuName: text,
  ProductDescription: text,
  ProductRefId: text,
  IsActive: flag,
  IsProductActive: flag,
  BrandName: text,
  Dimension: z.object({ weight: z.number().nullish() }).nullish(),
  IsKit: flag,
  KitItems: z.array(z.object({ Id: id, Amount: z.number().nullish() })).nullish(),
  /** Ids of the trade policies that it is assigned to. */
  SalesChannels: z.array(id).nullish(),
  /** How many measurement units one of it holds; prices are registered for one measurement unit. */
  UnitMultiplier: z.number().nullish(),
  ImageUrl: text,
  Images: z.array(z.object({ ImageUrl: text })).nullish(),
  SkuSpecifications: specifications,
  ProductSpecifications: specifications,
  /** Names by category id. */
  ProductCategories: z.record(z.string(), z.string().nullable()).nullish(),
  /** Ids of the main category from the root down, `/1/10/`. */
  ProductCategoryIds: text,
  /** The same for every category of the product. */
  CategoriesFullPath: z.array(z.string()).nullish(),
  AlternateIds: z.object({ Ean: text, RefId: text }).nullish(),
});
export type SkuContext = z.infer<typeof skuContext>;

const kitRow = z.object({ StockKeepingUnitId: id, Quantity: z.number().nullish() });

/** A kit's parts; the reference shows one object where there are several. */
export const kitRows = z.union([z.array(kitRow), kitRow.transform((row) => [row])]);

const cents = z.number().nullish();

/** Money in hundredths. An item that cannot be sold may be missing. */
export const simulation = z.object({
  items: z.array(
    z.object({
      id,
      requestIndex: z.number().nullish(),
      quantity: z.number().nullish(),
      price: cents,
      sellingPrice: cents,
      unitMultiplier: z.number().nullish(),
      availability: text,
      priceDefinition: z.object({ calculatedSellingPrice: cents, total: cents }).nullish(),
    })
  ),
  logisticsInfo: z
    .array(
      z.object({
        itemIndex: z.number(),
        stockBalance: z.number().nullish(),
        slas: z.array(z.object({ id: text, name: text, shippingEstimate: text, deliveryChannel: text })).nullish(),
      })
    )
    .nullish(),
});
export type Simulation = z.infer<typeof simulation>;

/** Decimals in units of the currency. */
export const computedPrice = z.object({ sellingPrice: z.number().nullish() });

export const inventory = z.object({
  balance: z
    .array(
      z.object({
        warehouseId: id.nullish(),
        totalQuantity: z.number().nullish(),
        reservedQuantity: z.number().nullish(),
        hasUnlimitedQuantity: flag,
      })
    )
    .nullish(),
});
export type Inventory = z.infer<typeof inventory>;

export const salesChannelList = z.array(z.object({ Id: id, Name: text, IsActive: flag, CurrencyCode: text }));

/** Loose: what a replacement does not know must survive it. */
export const affiliateRecord = z.looseObject({
  id: text,
  name: text,
  followUpEmail: text,
  salesChannel: id.nullish(),
  searchURIEndpoint: text,
});
export type AffiliateRecord = z.infer<typeof affiliateRecord>;
