import { shown } from '../../source-values';
import { googleMerchant } from './google-merchant';
import type { Layout } from './layout';
import { magento, magentoFixture } from './magento';
import { plain } from './plain';
import { keyOf, type Header } from './row';
import { shopify } from './shopify';
import type { ReadingSettings } from '../settings';

/** The most telling ones first. */
const RECOGNISED: readonly Layout[] = [shopify, magento, magentoFixture, googleMerchant, plain()];

/** The layout of a file with this header: the mapping's where there is one, else the first that it is recognised by. */
export function layoutOf(header: Header, columns: ReadingSettings['columns']): Layout | undefined {
  const candidates = hasMapping(columns) ? [plain(columns)] : RECOGNISED;
  return candidates.find((layout) => layout.isOf(header));
}

function hasMapping(columns: ReadingSettings['columns']): boolean {
  return columns !== undefined && Object.keys(columns).length > 0;
}

/** Column names that a message repeats. */
const NAMES_SHOWN = 15;

/** What is wrong with a header, and what to do; undefined when it can be read. */
export function headerProblem(name: string, header: Header, columns: ReadingSettings['columns']): string | undefined {
  const named = header.names.filter((each) => each.trim() !== '');
  const found = `${named.slice(0, NAMES_SHOWN).map(shown).join(', ')}${named.length > NAMES_SHOWN ? ' …' : ''}`;
  for (const [field, column] of Object.entries(columns ?? {}))
    if (!header.has(keyOf(column)))
      return `source.columns.${field} names the column ${shown(column)}, which ${name} does not have; it has ${found}.`;
  if (layoutOf(header, columns)) return undefined;
  if (hasMapping(columns))
    return `${name} needs a column for the SKU and one for the title, the price or the stock; it has ${found}. Name them in source.columns.`;
  return `The columns of ${name} are not known: it has ${found}. Name at least the columns of sku, title, price and stock in source.columns, or give a product export of Shopify (Handle, Title, Variant SKU …) or Magento (sku, product_type, additional_attributes …), or a Google Merchant feed (id, title, link, price …).`;
}
