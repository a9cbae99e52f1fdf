/** What a parcel's carrier is for Amazon. */
interface AmazonCarrier {
  carrierCode: string;
  /** Required by Amazon where the code is `Other`. */
  carrierName?: string;
}

/** Amazon's code for whoever is not in its list. */
const OTHER_CARRIER = 'Other';

/** Amazon's codes. Source: `CarrierCode` of Amazon's order fulfillment schema (amzn-base.xsd). */
const CODES = [
  'USPS',
  'UPS',
  'UPS Mail Innovations',
  'FedEx',
  'FedEx SmartPost',
  'DHL',
  'DHL Global Mail',
  'OnTrac',
  'Lasership',
  'OSM',
  'Newgistics',
  'Canada Post',
  'Royal Mail',
  'Parcelforce',
  'Hermes Logistik Gruppe',
  'Deutsche Post',
  'DPD',
  'GLS',
  'TNT',
  'Chronopost',
  'La Poste',
  'Poste Italiane',
  'SDA',
  'SagawaExpress',
  'NipponExpress',
  'YamatoTransport',
  'BlueDart',
  'Delhivery',
  'India Post',
];

/** Other names under which stores know the same carriers. */
const ALIASES: Record<string, string> = {
  'United States Postal Service': 'USPS',
  'US Postal Service': 'USPS',
  'United Parcel Service': 'UPS',
  'Federal Express': 'FedEx',
  'DHL eCommerce': 'DHL Global Mail',
  Postes: 'La Poste',
  Colissimo: 'La Poste',
  Sagawa: 'SagawaExpress',
  Yamato: 'YamatoTransport',
  'Blue Dart': 'BlueDart',
};

const KNOWN = new Map<string, string>([
  ...CODES.map((code): [string, string] => [wordsOf(code), code]),
  ...Object.entries(ALIASES).map(([name, code]): [string, string] => [wordsOf(name), code]),
]);

/**
 * Amazon's code for a carrier in the store's words: as the connector's table says, else a carrier that Amazon knows and that the words
 * begin with (`FedEx Ground` is `FedEx`), else `Other` with the words themselves.
 *
 * @param own - the connector's table, the store's words to Amazon's code, in any casing.
 */
export function amazonCarrierOf(said: string | undefined, own: Readonly<Record<string, string>>): AmazonCarrier {
  const name = said?.trim() || OTHER_CARRIER;
  const words = wordsOf(name);
  const mapped = Object.entries(own).find(([each]) => wordsOf(each) === words)?.[1];
  const carrierCode = mapped ?? longestBeginning(words) ?? OTHER_CARRIER;
  return carrierCode === OTHER_CARRIER ? { carrierCode, carrierName: name } : { carrierCode };
}

/** `UPS Mail Innovations` before `UPS`, and no `UPSO` for `UPS`. */
function longestBeginning(words: string): string | undefined {
  const found = [...KNOWN.keys()].filter((known) => `${words} `.startsWith(`${known} `));
  const [longest] = found.sort((one, other) => other.length - one.length);
  return longest === undefined ? undefined : KNOWN.get(longest);
}

/** In lower case, one space between words, nothing but letters and digits. */
function wordsOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
