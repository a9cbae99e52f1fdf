export interface Marketplace {
  id: string;
  name: string;
  countryCode: string;
  currency: string;
  /** Default language first; the others are accepted as language_tag too. */
  languages: [string, ...string[]];
  domainName: string;
}

const TABLE: Marketplace[] = [
  row('ATVPDKIKX0DER', 'Amazon.com', 'US', 'USD', ['en_US', 'es_US'], 'www.amazon.com'),
  row('A2EUQ1WTGCTBG2', 'Amazon.ca', 'CA', 'CAD', ['en_CA', 'fr_CA'], 'www.amazon.ca'),
  row('A1AM78C64UM0Y8', 'Amazon.com.mx', 'MX', 'MXN', ['es_MX', 'en_US'], 'www.amazon.com.mx'),
  row('A2Q3Y263D00KWC', 'Amazon.com.br', 'BR', 'BRL', ['pt_BR', 'en_US'], 'www.amazon.com.br'),
  row('A1RKKUPIHCS9HS', 'Amazon.es', 'ES', 'EUR', ['es_ES', 'en_GB'], 'www.amazon.es'),
  row('A1F83G8C2ARO7P', 'Amazon.co.uk', 'UK', 'GBP', ['en_GB'], 'www.amazon.co.uk'),
  row('A13V1IB3VIYZZH', 'Amazon.fr', 'FR', 'EUR', ['fr_FR', 'en_GB'], 'www.amazon.fr'),
  row('A1PA6795UKMFR9', 'Amazon.de', 'DE', 'EUR', ['de_DE', 'en_GB'], 'www.amazon.de'),
  row('APJ6JRA9NG5V4', 'Amazon.it', 'IT', 'EUR', ['it_IT', 'en_GB'], 'www.amazon.it'),
  row('A1805IZSGTT6HS', 'Amazon.nl', 'NL', 'EUR', ['nl_NL', 'en_GB'], 'www.amazon.nl'),
  row('A28R8C7NBKEWEA', 'Amazon.ie', 'IE', 'EUR', ['en_IE'], 'www.amazon.ie'),
  row('AMEN7PMS3EDWL', 'Amazon.com.be', 'BE', 'EUR', ['fr_BE', 'nl_BE', 'en_GB'], 'www.amazon.com.be'),
  row('A2NODRKZP88ZB9', 'Amazon.se', 'SE', 'SEK', ['sv_SE', 'en_GB'], 'www.amazon.se'),
  row('A1C3SOZRARQ6R3', 'Amazon.pl', 'PL', 'PLN', ['pl_PL', 'en_GB'], 'www.amazon.pl'),
  row('A33AVAJ2PDY3EV', 'Amazon.com.tr', 'TR', 'TRY', ['tr_TR', 'en_GB'], 'www.amazon.com.tr'),
  row('AE08WJ6YKNBMC', 'Amazon.co.za', 'ZA', 'ZAR', ['en_ZA'], 'www.amazon.co.za'),
  row('ARBP9OOSHTCHU', 'Amazon.eg', 'EG', 'EGP', ['ar_AE', 'en_AE'], 'www.amazon.eg'),
  row('A17E79C6D8DWNP', 'Amazon.sa', 'SA', 'SAR', ['ar_AE', 'en_AE'], 'www.amazon.sa'),
  row('A2VIGQ35RCS4UG', 'Amazon.ae', 'AE', 'AED', ['en_AE', 'ar_AE'], 'www.amazon.ae'),
  row('A21TJRUUN4KGV', 'Amazon.in', 'IN', 'INR', ['en_IN', 'hi_IN'], 'www.amazon.in'),
  row('A19VAU5U5O7RUS', 'Amazon.sg', 'SG', 'SGD', ['en_SG'], 'www.amazon.sg'),
  row('A1VC38T7YXB528', 'Amazon.co.jp', 'JP', 'JPY', ['ja_JP', 'en_US'], 'www.amazon.co.jp'),
  row('A39IBJ37TRP1C6', 'Amazon.com.au', 'AU', 'AUD', ['en_AU'], 'www.amazon.com.au'),
];

export const DEFAULT_MARKETPLACES = ['ATVPDKIKX0DER'];

export function marketplace(id: string): Marketplace | undefined {
  return TABLE.find((known) => known.id === id);
}

function row(
  id: string,
  name: string,
  countryCode: string,
  currency: string,
  languages: [string, ...string[]],
  domainName: string
): Marketplace {
  return { id, name, countryCode, currency, languages, domainName };
}
