import { LABEL_LOCALES, MARKETPLACES } from '../../domain/marketplaces';

/** Texts in another language, in the words of the file. */
export interface RawTexts {
  title?: string;
  productTitle?: string;
  description?: string;
  options?: Record<string, string>;
  attributes?: Record<string, string[]>;
}

/** The languages that some marketplace of Amazon has: other endings of a name are no language. */
const LANGUAGES = new Set(
  [...LABEL_LOCALES, ...MARKETPLACES.flatMap(({ valueLocales }) => valueLocales)].map((locale) => locale.slice(0, 2))
);

/**
 * The language that the key of a column ends in: `title_es` and `description_es_mx` are in `es` and `es_MX`.
 * Undefined when it ends in none.
 */
export function languageOf(key: string): { base: string; language: string } | undefined {
  const regional = /^(.+)_([a-z]{2})_([a-z]{2})$/.exec(key);
  if (regional && LANGUAGES.has(regional[2]!))
    return { base: regional[1]!, language: `${regional[2]}_${regional[3]!.toUpperCase()}` };
  const plain = /^(.+)_([a-z]{2})$/.exec(key);
  return plain && LANGUAGES.has(plain[2]!) ? { base: plain[1]!, language: plain[2]! } : undefined;
}

/** Lays texts over others, language by language. */
export function mergedTexts(
  below: Record<string, RawTexts>,
  above: Record<string, RawTexts>
): Record<string, RawTexts> {
  const languages = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries(
    [...languages].map((language) => {
      const [under, over] = [below[language] ?? {}, above[language] ?? {}];
      const options = { ...under.options, ...over.options };
      const attributes = { ...under.attributes, ...over.attributes };
      return [language, { ...under, ...over, options, attributes }];
    })
  );
}

/** A language in our form: `es-mx` is `es_MX`. */
export function localeOf(text: string): string {
  const [language = '', ...region] = text.trim().split(/[-_]/);
  return [language.toLowerCase(), ...region.map((each) => each.toUpperCase())].join('_');
}
