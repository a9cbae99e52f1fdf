import type { SourceRecord, Values } from './records';

/**
 * Sales Layer has no fields of its own for prices, stock and the like: a merchant makes attributes and names them. These names
 * are taken for what they say, in the languages that Sales Layer is sold in. Where a record has several, the first counts.
 */
const NAMES = {
  reference: 'reference, ref, sku, referencia, codigo, code',
  title: 'title, name, titulo, nombre, nome, titre, nom, titel, titolo',
  description:
    'description, descripcion, descricao, beschreibung, descrizione, long_description, desc, descripcion_larga',
  brand: 'brand, marca, marque, marke, manufacturer, fabricante',
  price: 'price, precio, pvp, preco, prix, preis, prezzo, regular_price, sale_price',
  currency: 'currency, moneda, moeda, devise, wahrung, valuta',
  stock:
    'stock, quantity, qty, cantidad, existencias, inventory, estoque, quantidade, quantite, bestand, lagerbestand, giacenza, unidades, units',
  gtin: 'ean, gtin, upc, ean13, gtin13, barcode, codigo_de_barras, codigo_barras',
  weight: 'weight, peso, poids, gewicht',
  status: 'status, stat, estado, statut',
  kit: 'is_kit, kit, es_kit, is_bundle, bundle',
} as const;

export type Role = keyof typeof NAMES;

const BY_ROLE = Object.fromEntries(
  Object.entries(NAMES).map(([role, names]) => [role, names.split(',').map((name) => name.trim())])
) as Record<Role, string[]>;

const ALL_NAMES = new Set(Object.values(BY_ROLE).flat());

/** Whether a field is an attribute like any other, without a meaning of its own. */
export function isPlainAttribute(name: string): boolean {
  return !ALL_NAMES.has(folded(name));
}

/** The first of these fields that plays a role. */
export function fieldOf(role: Role, names: readonly string[]): string | undefined {
  const byName = new Map(names.map((name) => [folded(name), name]));
  return BY_ROLE[role].map((name) => byName.get(name)).find((name) => name !== undefined);
}

/** The values of the field that plays a role; undefined when the record says nothing. */
export function valuesOf(role: Role, { fields }: SourceRecord): Values | undefined {
  const name = fieldOf(role, Object.keys(fields));
  return name === undefined ? undefined : fields[name];
}

/** The one value of a role that no language changes; undefined when there is none. */
export function valueOf(role: Role, record: SourceRecord, language: string): string | undefined {
  const values = valuesOf(role, record);
  return values && (values[language] ?? values[''] ?? Object.values(values)[0])?.[0];
}

/** Lower case, without accents, words joined by `_`. */
function folded(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
}
