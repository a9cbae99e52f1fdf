import type { CatalogItem, ItemTexts } from './catalog-item';

/** `es-mx` → `es_MX`. */
function normalized(language: string): string {
  const [code = '', ...region] = language.trim().split(/[-_]/);
  return [code.toLowerCase(), ...region.map((each) => each.toUpperCase())].join('_');
}

/** How well a language serves a locale: 0 is the locale itself, 1 its language without a region, 2 another region's. */
function distance(language: string, locale: string): number | undefined {
  const [found, wanted] = [normalized(language), normalized(locale)];
  if (found === wanted) return 0;
  const [code] = wanted.split('_');
  if (found === code) return 1;
  return found.split('_')[0] === code ? 2 : undefined;
}

/**
 * The translation that serves a locale best (S13): `es_MX`, then `es`, then another `es_*`. Undefined when the item's own texts
 * serve it no worse, or there is none.
 */
export function translationFor(item: CatalogItem, locale: string): Partial<ItemTexts> | undefined {
  if (!item.translations) return undefined;
  let best = item.language === undefined ? undefined : distance(item.language, locale);
  let found: Partial<ItemTexts> | undefined;
  for (const language of Object.keys(item.translations).sort()) {
    const far = distance(language, locale);
    if (far === undefined || (best !== undefined && far >= best)) continue;
    best = far;
    found = item.translations[language];
  }
  return found;
}

/** An item's texts in a locale; what the translation lacks is the item's own. The item itself when it has no better ones. */
export function textsIn(item: CatalogItem, locale: string): ItemTexts {
  const translation = translationFor(item, locale);
  if (!translation) return item;
  return {
    title: translation.title || item.title,
    productTitle: translation.productTitle || item.productTitle,
    descriptionHtml: translation.descriptionHtml || item.descriptionHtml,
    options: { ...item.options, ...withTexts(translation.options) },
    attributes: { ...item.attributes, ...withTexts(translation.attributes) },
  };
}

function withTexts<T extends string | string[]>(values: Record<string, T> = {}): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value.length > 0));
}
