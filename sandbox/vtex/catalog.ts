import { AnswerError, json, plain, type Answer } from '../answer';
import type { CatalogProduct } from '../catalog';
import { pathParameter, queryText } from '../query';
import type { Store, StoreSku } from './store';
import { skuOf, type VtexCall } from './call';

const MAX_PAGE = 1000;
const MAX_RANGE = 50;

/** `?page=1&pagesize=1000`, both required and all lower case. An empty array ends the pages. */
export function listSkuIds({ request, world }: VtexCall): Answer {
  const { page, size } = pageOf(request.query, 'page', 'pagesize');
  return json(200, slice(world.store.skus(), page, size));
}

/** `?sc=1&page=1&pageSize=50&onlyAssigned=true`; without onlyAssigned=false only SKUs assigned to the trade policy. */
export function listSkuIdsBySalesChannel({ request, world }: VtexCall): Answer {
  const salesChannel = positiveInteger(request.query, 'sc');
  const { page, size } = pageOf(request.query, 'page', 'pageSize');
  const onlyAssigned = queryText(request, 'onlyAssigned')?.toLowerCase() !== 'false';
  const skus = world.store.skus().filter((sku) => !onlyAssigned || sku.product.salesChannels.includes(salesChannel));
  return json(200, slice(skus, page, size));
}

/** The SKU with its product, brand, images and specifications; neither price nor stock. `sc` is accepted and changes nothing. */
export function getSkuContext(call: VtexCall): Answer {
  const sku = skuOf(call);
  return json(200, skuContext(sku, call.world.store));
}

export function getSkuRecord(call: VtexCall): Answer {
  const sku = skuOf(call);
  const dimension = dimensionOf(sku);
  return json(200, {
    Id: sku.skuId,
    ProductId: sku.product.productId,
    IsActive: sku.active,
    ActivateIfPossible: true,
    Name: sku.name,
    RefId: sku.refId,
    PackagedHeight: dimension.height,
    PackagedLength: dimension.length,
    PackagedWidth: dimension.width,
    PackagedWeightKg: dimension.weight,
    Height: null,
    Length: null,
    Width: null,
    WeightKg: null,
    CubicWeight: dimension.cubicweight,
    IsKit: sku.isKit,
    CreationDate: '2024-01-01T00:00:00',
    RewardValue: null,
    EstimatedDateArrival: null,
    ManufacturerCode: '',
    CommercialConditionId: 1,
    MeasurementUnit: 'un',
    UnitMultiplier: 1,
    ModalType: null,
    KitItensSellApart: false,
    Videos: [],
  });
}

/** The id as a JSON string. */
export function getSkuIdByRefId({ request, world }: VtexCall): Answer {
  const refId = pathParameter(request, 'refId');
  const sku = world.store.find(refId);
  if (!sku || sku.refId !== refId) return plain(404, 'SKU not found');
  return json(200, String(sku.skuId));
}

export function getSkuEans(call: VtexCall): Answer {
  const { ean } = skuOf(call);
  return json(200, ean ? [ean] : []);
}

export function getSkuSpecifications(call: VtexCall): Answer {
  const sku = skuOf(call);
  const { store } = call.world;
  const specifications = Object.entries(sku.options).map(([name, value], index) => ({
    Id: sku.skuId * 100 + index,
    SkuId: sku.skuId,
    FieldId: store.fieldId(name),
    FieldValueId: store.fieldValueId(name, value),
    Text: value,
  }));
  return json(200, specifications);
}

export function getProduct({ request, world }: VtexCall): Answer {
  const product = productOf({ request, world });
  const { store } = world;
  return json(200, {
    Id: product.productId,
    Name: product.name.slice(0, 150),
    DepartmentId: store.categoryLine(product.categories[0] ?? '')[0]?.id ?? 0,
    CategoryId: store.categoryLine(product.categories[0] ?? '').at(-1)?.id ?? 0,
    BrandId: store.brandId(product.brand),
    LinkId: linkIdOf(product),
    RefId: product.refId,
    IsVisible: true,
    Description: product.descriptionHtml,
    DescriptionShort: '',
    ReleaseDate: '2024-01-01T00:00:00',
    KeyWords: '',
    Title: product.name,
    IsActive: product.active,
    TaxCode: '',
    MetaTagDescription: '',
    ShowWithoutStock: true,
    Score: null,
  });
}

export function getProductSalesPolicies(call: VtexCall): Answer {
  const product = productOf(call);
  return json(
    200,
    product.salesChannels.map((id) => ({ ProductId: product.productId, StoreId: id }))
  );
}

export function getProductSpecifications(call: VtexCall): Answer {
  const product = productOf(call);
  const { store } = call.world;
  const specifications = Object.entries(product.attributes).map(([name, value]) => ({
    Value: [value].flat(),
    Id: store.fieldId(name),
    Name: name,
  }));
  return json(200, specifications);
}

/** One object for `?skuId=` (a component in its kit), an array for `?parentSkuId=` (a kit's components). */
export function getKit({ request, world }: VtexCall): Answer {
  const parentSkuId = queryText(request, 'parentSkuId');
  const skuId = queryText(request, 'skuId');
  if (!parentSkuId && !skuId) return plain(400, 'skuId or parentSkuId is required');
  const rows = world.store.skus().flatMap((kit) => kitRows(kit, world.store));
  if (parentSkuId)
    return json(
      200,
      rows.filter((row) => row.StockKeepingUnitParent === Number(parentSkuId))
    );
  const row = rows.find((candidate) => candidate.StockKeepingUnitId === Number(skuId));
  return row ? json(200, row) : plain(404, 'Kit not found');
}

/** `?_from=1&_to=50`, one-based, at most 50 products a call; `categoryId` narrows. */
export function getProductAndSkuIds({ request, world }: VtexCall): Answer {
  const from = positiveInteger(request.query, '_from');
  const to = positiveInteger(request.query, '_to');
  if (to < from || to - from >= MAX_RANGE) return plain(400, `_from and _to may span ${MAX_RANGE} products at most`);
  const categoryId = Number(queryText(request, 'categoryId') ?? 0);
  const { store } = world;
  const products = store
    .products()
    .filter(
      (product) =>
        !categoryId || product.categories.some((path) => store.categoryLine(path).some(({ id }) => id === categoryId))
    );
  const data = products.slice(from - 1, to).map((product) => {
    const skuIds = product.skus.map((sku) => sku.skuId).filter((id) => store.sku(id));
    return [String(product.productId), skuIds];
  });
  return json(200, { data: Object.fromEntries(data) as object, range: { total: products.length, from, to } });
}

function productOf({ request, world }: Pick<VtexCall, 'request' | 'world'>): CatalogProduct {
  const product = world.store.product(Number(pathParameter(request, 'productId')));
  if (!product) throw new AnswerError(plain(404, 'Product not found'));
  return product;
}

function skuContext(sku: StoreSku, store: Store): object {
  const { product } = sku;
  const categories = store.categoryLine(product.categories[0] ?? '');
  const brandId = store.brandId(product.brand);
  const dimension = dimensionOf(sku);
  const full = [...categories.keys()]
    .map(
      (index) =>
        `/${categories
          .slice(0, index + 1)
          .map(({ id }) => id)
          .join('/')}/`
    )
    .reverse();
  return {
    Id: sku.skuId,
    ProductId: product.productId,
    NameComplete: nameComplete(sku),
    ComplementName: '',
    ProductName: product.name,
    ProductDescription: product.descriptionHtml,
    ProductRefId: product.refId,
    TaxCode: '',
    SkuName: sku.name,
    IsActive: sku.active,
    IsTransported: true,
    IsInventoried: true,
    IsGiftCardRecharge: false,
    ImageUrl: sku.images[0] ? store.imageUrl(sku.images[0]) : '',
    DetailUrl: `/${linkIdOf(product)}/p`,
    CSCIdentification: null,
    BrandId: String(brandId),
    BrandName: product.brand,
    IsBrandActive: brandId !== 0,
    Dimension: dimension,
    RealDimension: { realCubicWeight: 0, realHeight: 0, realLength: 0, realWeight: dimension.weight, realWidth: 0 },
    ManufacturerCode: '',
    IsKit: sku.isKit,
    KitItems: kitRows(sku, store).map((row) => ({ Id: row.StockKeepingUnitId, Amount: row.Quantity })),
    Services: [],
    Categories: [],
    CategoriesFullPath: full,
    Attachments: [],
    Collections: [],
    SkuSellers: [
      {
        SellerId: '1',
        StockKeepingUnitId: sku.skuId,
        SellerStockKeepingUnitId: String(sku.skuId),
        IsActive: true,
        FreightCommissionPercentage: 0,
        ProductCommissionPercentage: 0,
      },
    ],
    SalesChannels: product.salesChannels,
    Images: sku.images.map((path, index) => ({
      ImageUrl: store.imageUrl(path),
      ImageName: index === 0 ? 'main' : '',
      FileId: sku.skuId * 10 + index,
    })),
    Videos: [],
    SkuSpecifications: Object.entries(sku.options).map(([name, value]) => specification(store, name, [value])),
    ProductSpecifications: Object.entries(product.attributes).map(([name, value]) =>
      specification(store, name, [value].flat())
    ),
    ProductClustersIds: '',
    PositionsInClusters: {},
    ProductClusterNames: {},
    ProductClusterHighlights: {},
    ProductCategoryIds: full[0] ?? '/',
    IsDirectCategoryActive: true,
    ProductGlobalCategoryId: null,
    ProductCategories: Object.fromEntries(categories.map(({ id, name }) => [String(id), name])),
    CommercialConditionId: 1,
    RewardValue: 0,
    AlternateIds: { ...(sku.ean ? { Ean: sku.ean } : {}), RefId: sku.refId },
    AlternateIdValues: [...(sku.ean ? [sku.ean] : []), sku.refId],
    EstimatedDateArrival: null,
    MeasurementUnit: 'un',
    UnitMultiplier: 1,
    InformationSource: 'Indexer',
    ModalType: null,
    KeyWords: '',
    ReleaseDate: '2024-01-01T00:00:00',
    ProductIsVisible: true,
    ShowIfNotAvailable: true,
    IsProductActive: product.active,
    ProductFinalScore: 0,
  };
}

function nameComplete(sku: StoreSku): string {
  return sku.name.startsWith(sku.product.name) ? sku.name : `${sku.product.name} ${sku.name}`;
}

function specification(store: Store, name: string, values: string[]): object {
  return {
    FieldId: store.fieldId(name),
    FieldName: name,
    FieldValueIds: values.map((value) => store.fieldValueId(name, value)),
    FieldValues: values,
    IsFilter: false,
    FieldGroupId: 1,
    FieldGroupName: 'Specifications',
  };
}

interface KitRow {
  Id: number;
  StockKeepingUnitParent: number;
  StockKeepingUnitId: number;
  Quantity: number;
  /** Currency units. */
  UnitPrice: number;
}

function kitRows(kit: StoreSku, store: Store): KitRow[] {
  return kit.kitItems.flatMap((item, index) => {
    const component = store.find(item.refId);
    if (!component) return [];
    return {
      Id: kit.skuId * 100 + index,
      StockKeepingUnitParent: kit.skuId,
      StockKeepingUnitId: component.skuId,
      Quantity: item.quantity,
      UnitPrice: component.price ?? 0,
    };
  });
}

/** Grams and centimetres, as most stores have set it. */
function dimensionOf(sku: StoreSku) {
  return { cubicweight: 0, height: 10, length: 20, weight: Math.round((sku.weightKg ?? 0) * 1000), width: 15 };
}

function linkIdOf(product: CatalogProduct): string {
  return `${product.name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')}-${product.productId}`;
}

function slice(skus: StoreSku[], page: number, size: number): number[] {
  return skus.slice((page - 1) * size, page * size).map((sku) => sku.skuId);
}

/** Names are held to their exact casing, which is not the same for all lists. */
function pageOf(
  query: VtexCall['request']['query'],
  pageName: string,
  sizeName: string
): { page: number; size: number } {
  const size = positiveInteger(query, sizeName);
  if (size > MAX_PAGE) throw new AnswerError(plain(400, `${sizeName} must not exceed ${MAX_PAGE}`));
  return { page: positiveInteger(query, pageName), size };
}

function positiveInteger(query: VtexCall['request']['query'], name: string): number {
  const value = Number(query[name]);
  if (!Number.isInteger(value) || value < 1)
    throw new AnswerError(plain(400, `The query parameter ${name} is required and must be a positive integer`));
  return value;
}
