/** Amazon's store regions; each has its own Selling Partner API host. */
export type Region = 'NA' | 'EU' | 'FE';

/** One Amazon marketplace. Source: SP-API "Marketplace IDs" and the locale list of Product Type Definitions 2020-09-01. */
export interface Marketplace {
  /** The code Amazon's documentation uses; note `UK`, not ISO's `GB`. */
  country: string;
  /** ISO 3166-1 alpha-3, as VTEX wants it. */
  alpha3: string;
  id: string;
  region: Region;
  /** ISO 4217. */
  currency: string;
  /** The language a listing has when nothing else is said. */
  nativeLocale: string;
  /** Locales in which attribute values may be sent. The native one comes first. */
  valueLocales: readonly string[];
}

function marketplace(
  country: string,
  alpha3: string,
  id: string,
  region: Region,
  currency: string,
  nativeLocale: string,
  ...others: string[]
): Marketplace {
  return { country, alpha3, id, region, currency, nativeLocale, valueLocales: [nativeLocale, ...others] };
}

export const MARKETPLACES: readonly Marketplace[] = [
  marketplace('US', 'USA', 'ATVPDKIKX0DER', 'NA', 'USD', 'en_US', 'es_US'),
  marketplace('CA', 'CAN', 'A2EUQ1WTGCTBG2', 'NA', 'CAD', 'en_CA', 'fr_CA'),
  marketplace('MX', 'MEX', 'A1AM78C64UM0Y8', 'NA', 'MXN', 'es_MX', 'en_US'),
  marketplace('BR', 'BRA', 'A2Q3Y263D00KWC', 'NA', 'BRL', 'pt_BR'),
  marketplace('IE', 'IRL', 'A28R8C7NBKEWEA', 'EU', 'EUR', 'en_GB'),
  marketplace('ES', 'ESP', 'A1RKKUPIHCS9HS', 'EU', 'EUR', 'es_ES', 'pt_PT', 'en_GB'),
  marketplace('UK', 'GBR', 'A1F83G8C2ARO7P', 'EU', 'GBP', 'en_GB'),
  marketplace('FR', 'FRA', 'A13V1IB3VIYZZH', 'EU', 'EUR', 'fr_FR', 'en_GB'),
  marketplace('BE', 'BEL', 'AMEN7PMS3EDWL', 'EU', 'EUR', 'fr_FR', 'nl_NL', 'en_GB'),
  marketplace('NL', 'NLD', 'A1805IZSGTT6HS', 'EU', 'EUR', 'nl_NL', 'en_GB'),
  marketplace('DE', 'DEU', 'A1PA6795UKMFR9', 'EU', 'EUR', 'de_DE', 'en_GB', 'nl_NL', 'pl_PL', 'tr_TR'),
  marketplace('IT', 'ITA', 'APJ6JRA9NG5V4', 'EU', 'EUR', 'it_IT', 'en_GB'),
  marketplace('SE', 'SWE', 'A2NODRKZP88ZB9', 'EU', 'SEK', 'sv_SE', 'en_GB'),
  marketplace('ZA', 'ZAF', 'AE08WJ6YKNBMC', 'EU', 'ZAR', 'en_GB'),
  marketplace('PL', 'POL', 'A1C3SOZRARQ6R3', 'EU', 'PLN', 'pl_PL', 'en_GB'),
  marketplace('EG', 'EGY', 'ARBP9OOSHTCHU', 'EU', 'EGP', 'ar_AE', 'en_AE'),
  marketplace('TR', 'TUR', 'A33AVAJ2PDY3EV', 'EU', 'TRY', 'tr_TR', 'en_GB'),
  marketplace('SA', 'SAU', 'A17E79C6D8DWNP', 'EU', 'SAR', 'ar_AE', 'en_AE'),
  marketplace('AE', 'ARE', 'A2VIGQ35RCS4UG', 'EU', 'AED', 'en_AE', 'ar_AE'),
  marketplace('IN', 'IND', 'A21TJRUUN4KGV', 'EU', 'INR', 'en_IN'),
  marketplace('SG', 'SGP', 'A19VAU5U5O7RUS', 'FE', 'SGD', 'en_SG', 'zh_CN'),
  marketplace('AU', 'AUS', 'A39IBJ37TRP1C6', 'FE', 'AUD', 'en_AU', 'zh_CN'),
  marketplace('JP', 'JPN', 'A1VC38T7YXB528', 'FE', 'JPY', 'ja_JP', 'en_US', 'zh_CN'),
];

/** Locales in which Amazon can answer field names and help (S5). Source: `locale` of getDefinitionsProductType. */
export const LABEL_LOCALES: readonly string[] =
  `ar ar_AE de de_DE en en_AE en_AU en_CA en_GB en_IN en_SG en_US es es_ES es_MX es_US fr fr_CA fr_FR it it_IT ja ja_JP nl nl_NL pl pl_PL pt pt_BR pt_PT sv sv_SE tr tr_TR zh zh_CN zh_TW`.split(
    ' '
  );

const byCountry = new Map(MARKETPLACES.map((each) => [each.country, each]));

/** Finds a marketplace by the code Amazon's documentation uses (`US`, `UK`, …). */
export function marketplaceOf(country: string): Marketplace | undefined {
  return byCountry.get(country);
}

/** As {@link marketplaceOf}, for a country that the contract has already checked. */
export function requireMarketplace(country: string): Marketplace {
  const found = byCountry.get(country);
  if (!found) throw new RangeError(`Unknown Amazon country '${country}'`);
  return found;
}
