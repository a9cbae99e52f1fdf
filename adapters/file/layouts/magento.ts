import type { SourceStock } from '../../../domain/catalog-item';
import { outcomeOf, type Component, type RawItem } from '../item';
import type { ReadingSettings } from '../settings';
import { BadValue } from '../../source-values';
import type { Layout } from './layout';
import type { Row } from './row';

/** What a configurable product gives to its variations. */
interface Parent {
  sku: string;
  title: string;
  description: string;
  categories: string;
  attributes: Record<string, string[]>;
}

/** Magento's own words about a row, which describe no product. */
const NO_ATTRIBUTES = new Set(['has_options', 'required_options']);

/** Magento's product export (Adobe Commerce, System > Data Transfer > Export). */
export const magento: Layout = {
  name: 'a Magento product export',
  isOf: (header) =>
    header.has('sku', 'product_type') && header.find(['additional_attributes', 'attribute_set_code']) !== undefined,
  skuColumn: () => 'sku',
  priceColumn: () => 'price',
  open(_header, settings) {
    const variations = new Map<string, { parent: Parent; options: Record<string, string> }>();
    return {
      learn(row) {
        if (row.text('store_view_code') !== '' || row.text('configurable_variations') === '') return;
        const parent: Parent = {
          sku: row.text('sku'),
          title: row.text('name'),
          description: row.text('description'),
          categories: row.text('categories'),
          attributes: attributesOf(row),
        };
        for (const variation of row.text('configurable_variations').split('|')) {
          const { sku, ...options } = Object.fromEntries(pairsOf(variation));
          if (sku) variations.set(sku, { parent, options });
        }
      },
      read(row) {
        // A row of a store view translates another one; a product of variations is sold as these.
        if (row.text('store_view_code') !== '' || ['configurable', 'grouped'].includes(typeOf(row))) return [];
        const sku = row.text('sku');
        return [outcomeOf(row.line, sku, settings, () => rawItem(row, settings, variations.get(sku)))];
      },
      end: () => [],
    };
  },
};

function typeOf(row: Row): string {
  return row.text('product_type').toLowerCase();
}

function rawItem(
  row: Row,
  { defaults }: ReadingSettings,
  variation?: { parent: Parent; options: Record<string, string> }
): RawItem {
  const { parent, options = {} } = variation ?? {};
  const own = Object.entries(attributesOf(row)).filter(([name]) => !Object.hasOwn(options, name));
  const attributes = { ...parent?.attributes, ...Object.fromEntries(own) };
  return {
    sku: row.text('sku'),
    productId: parent?.sku,
    productTitle: parent?.title,
    title: row.text('name'),
    brand: (attributes.brand ?? attributes.manufacturer)?.[0] ?? defaults?.brand,
    description: row.text('description') || row.text('short_description') || parent?.description || '',
    categories: categoriesOf(row.text('categories') || parent?.categories || ''),
    options,
    attributes,
    images: [row.text('base_image'), ...row.text('additional_images').split(',')],
    gtins: ['gtin', 'ean', 'upc', 'barcode'].flatMap((name) => attributes[name] ?? []),
    weight: row.text('weight'),
    price: row.text('price'),
    stock: stockOf(row),
    status: onlineOf(row.text('product_online')),
    ...(typeOf(row) === 'bundle' && { components: bundleOf(row.text('bundle_values')) }),
  };
}

/** `material=Wool|Fleece,pattern=Solid`; a comma counts only before the next name. */
function attributesOf(row: Row): Record<string, string[]> {
  return Object.fromEntries(
    pairsOf(row.text('additional_attributes'))
      .filter(([name]) => !NO_ATTRIBUTES.has(name))
      .map(([name, value]) => [name, value.split('|')])
  );
}

function pairsOf(text: string): [name: string, value: string][] {
  return text.split(/,(?="?[A-Za-z][A-Za-z0-9_]*=)/).flatMap((pair): [string, string][] => {
    const bare = pair.trim().replace(/^"(.*)"$/s, '$1');
    const equals = bare.indexOf('=');
    if (equals < 1) return [];
    const value = bare.slice(equals + 1).trim();
    return [[bare.slice(0, equals).trim().toLowerCase(), value.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"')]];
  });
}

/** `Default Category/Men/Tops,Default Category`: the store's root is no category. */
function categoriesOf(text: string): string[] {
  return text
    .split(/,(?=[^/,]+(?:\/|,|$))/)
    .map((path) => path.trim().split('/').slice(1).join('/'))
    .filter(Boolean);
}

/** Stock that is neither managed here nor by the store's own setting is not counted. */
function stockOf(row: Row): string | SourceStock {
  if (row.text('is_in_stock') === '0') return { kind: 'units', units: 0 };
  const isCounted = row.text('manage_stock') !== '0' || row.text('use_config_manage_stock') !== '0';
  return isCounted ? row.text('qty') : { kind: 'unlimited' };
}

/** 1 is enabled, 2 (in older versions 0) disabled. */
function onlineOf(text: string): string {
  return text === '2' ? 'inactive' : text;
}

/** The default choice of every option: `name=Ball,type=radio,required=1,sku=24-WG081-blue,default=1,default_qty=1|…`. */
function bundleOf(text: string): Component[] {
  const choices = text.split('|').map((choice) => Object.fromEntries(pairsOf(choice)));
  const options = [...new Set(choices.map(({ name }) => name))];
  return options.flatMap((option) => {
    const ofOption = choices.filter(({ name }) => name === option);
    const chosen = ofOption.find((each) => each.default === '1') ?? ofOption[0];
    return chosen?.sku ? [{ sku: chosen.sku, quantity: Number(chosen.default_qty) || 1 }] : [];
  });
}

/** Columns of the sample-data fixtures that are fields; every other column is an attribute. */
const FIXTURE_FIELDS = new Set(['category', 'name', 'sku', 'price', 'qty', 'description', 'bundle_options']);

/** The CSV that Magento's sample data modules carry: one row a product, values of one cell on lines of their own. */
export const magentoFixture: Layout = {
  name: 'a Magento sample-data file',
  isOf: (header) => header.has('category', 'name', 'sku', 'price', 'qty', 'attribute_set'),
  skuColumn: () => 'sku',
  priceColumn: () => 'price',
  open: (header, settings) => ({
    read(row) {
      const attributes = header.keys
        .filter((key) => !FIXTURE_FIELDS.has(key))
        .map((key) => [key, row.text(key).split('\n')]);
      const kit = row.text('bundle_options');
      return [
        outcomeOf(row.line, row.text('sku'), settings, () => ({
          sku: row.text('sku'),
          title: row.text('name'),
          description: row.text('description'),
          categories: [
            row
              .text('category')
              .split('\n')
              .map((level) => level.trim())
              .filter(Boolean)
              .join('/'),
          ],
          attributes: Object.fromEntries(attributes) as Record<string, string[]>,
          images: [],
          price: row.text('price'),
          stock: row.text('qty'),
          ...(kit && { components: kit.split('\n').map(fixtureChoice) }),
        })),
      ];
    },
    end: () => [],
  }),
};

/** `Sprite Yoga Strap|radio:24-WG085,24-WG086`: the first is what the kit holds. */
function fixtureChoice(option: string): Component {
  const sku = option.split(':')[1]?.split(',')[0]?.trim();
  if (!sku) throw new BadValue('What is in the kit cannot be read.');
  return { sku, quantity: 1 };
}
