import type { CatalogItem, KitComponent, SourceStock } from '../../domain/catalog-item';
import type { Money } from '../../domain/money';
import type { SkuContext } from './wire';

/** What the store says of a SKU's offer. */
interface Offer {
  price: Money | undefined;
  stock: SourceStock;
  /** Of a kit, as far as they are known. */
  components: KitComponent[] | undefined;
}

/** One SKU of the store in the domain's words. */
export function itemOf(context: SkuContext, { price, stock, components }: Offer): CatalogItem {
  const { Id, ProductId, AlternateIds, Dimension } = context;
  const weight = Dimension?.weight;
  const [productTitle, productReference] = [context.ProductName?.trim(), context.ProductRefId?.trim()];
  return {
    sku: AlternateIds?.RefId?.trim() || Id,
    sourceId: Id,
    productId: ProductId,
    ...(productReference ? { productReference } : {}),
    title: titleOf(context),
    ...(productTitle ? { productTitle } : {}),
    brand: context.BrandName?.trim() ?? '',
    descriptionHtml: context.ProductDescription ?? '',
    categories: categoriesOf(context),
    options: optionsOf(context),
    attributes: attributesOf(context),
    images: imagesOf(context),
    gtins: AlternateIds?.Ean?.trim() ? [AlternateIds.Ean.trim()] : [],
    ...(weight && weight > 0 ? { weightGrams: weight } : {}),
    ...(price ? { price } : {}),
    stock,
    status: context.IsActive && context.IsProductActive ? 'active' : 'inactive',
    isKit: context.IsKit ?? false,
    ...(components ? { components } : {}),
  };
}

/** NameComplete, which is the product's and the SKU's name together: only it tells siblings apart. */
function titleOf({ NameComplete, ProductName, SkuName }: SkuContext): string {
  return (
    NameComplete?.trim() ||
    [ProductName, SkuName]
      .map((each) => each?.trim())
      .filter(Boolean)
      .join(' ')
  );
}

/** The main category comes last; before it, deeper paths come later. */
function categoriesOf({ ProductCategories, ProductCategoryIds, CategoriesFullPath }: SkuContext): string[] {
  const main = ProductCategoryIds ?? '';
  const depth = (path: string): number => path.split('/').length;
  const others = (CategoriesFullPath ?? []).filter((each) => each !== main).sort((one, two) => depth(one) - depth(two));
  const named = [...others, main].map((path) => namesOf(path, ProductCategories ?? {})).filter((each) => each !== '');
  return [...new Set(named.reverse())].reverse();
}

function namesOf(idPath: string, names: Record<string, string | null>): string {
  const ids = idPath.split('/').filter((each) => each !== '');
  return ids
    .map((id) => names[id]?.trim())
    .filter(Boolean)
    .join('/');
}

function optionsOf({ SkuSpecifications }: SkuContext): Record<string, string> {
  return Object.fromEntries(
    valuesOf(SkuSpecifications).flatMap(([name, [value]]) => (value === undefined ? [] : [[name, value]]))
  );
}

function attributesOf({ ProductSpecifications }: SkuContext): Record<string, string[]> {
  return Object.fromEntries(valuesOf(ProductSpecifications).filter(([, values]) => values.length > 0));
}

function valuesOf(specifications: SkuContext['SkuSpecifications']): [string, string[]][] {
  return (specifications ?? []).map(({ FieldName, FieldValues }) => [
    FieldName.trim().toLowerCase(),
    (FieldValues ?? []).flatMap((each) => each?.trim() || []),
  ]);
}

/** Absolute, in the store's order; `ImageUrl` alone is a smaller copy of the main image. */
function imagesOf({ Images, ImageUrl }: SkuContext): string[] {
  const listed = (Images ?? []).flatMap((each) => each.ImageUrl || []);
  const urls = listed.length > 0 ? listed : [ImageUrl ?? ''];
  const absolute = urls.map((url) => (url.startsWith('//') ? `https:${url}` : url));
  return [...new Set(absolute.filter((url) => /^https?:\/\//i.test(url)))];
}
