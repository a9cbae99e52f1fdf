import { createHash, createHmac } from 'node:crypto';
import type { Request } from 'express';
import { json, plain, type Answer } from '../answer';
import type { SandboxClock } from '../clock';
import { pathParameter, queryList, queryText } from '../query';
import { badRequest, notFound } from './errors';
import { marketplace, type Marketplace } from './marketplaces';
import {
  displayName,
  ENFORCEMENTS,
  metaSchema,
  PARENTAGE_LEVELS,
  PRODUCT_TYPE_VERSION,
  PRODUCT_TYPES,
  productTypeSchema,
  propertyGroups,
  REQUIREMENTS,
  type SchemaRequest,
} from './product-types';

const LINK_LIFE_MS = 7 * 24 * 3600 * 1000;
const SIGNING_KEY = 'longshore-sandbox-definitions';
const LOCALES =
  'DEFAULT ar ar_AE de de_DE en en_AE en_AU en_CA en_GB en_IN en_SG en_US es es_ES es_MX es_US fr fr_CA fr_FR it it_IT ja ja_JP nl nl_NL pl pl_PL pt pt_BR pt_PT sv sv_SE tr tr_TR zh zh_CN zh_TW'.split(
    ' '
  );

/** searchDefinitionsProductTypes: `keywords` or `itemName`, not both; neither lists all. */
export function searchProductTypes(request: Request, marketplaceIds: string[]): Answer {
  const keywords = queryList(request, 'keywords');
  const itemName = queryText(request, 'itemName');
  if (keywords && itemName) throw badRequest("'keywords' cannot be used with 'itemName'.");
  const locale = queryText(request, 'locale') ?? marketplace(marketplaceIds[0] ?? '')?.languages[0] ?? 'en_US';
  const names = Object.keys(PRODUCT_TYPES).filter((name) =>
    keywords ? keywords.some((keyword) => isFoundBy(name, keyword)) : itemName ? isNamedIn(name, itemName) : true
  );
  return json(200, {
    productTypes: names.map((name) => ({ name, displayName: displayName(name, locale), marketplaceIds })),
    productTypeVersion: PRODUCT_TYPE_VERSION,
  });
}

function isFoundBy(name: string, keyword: string): boolean {
  const sought = keyword.trim().toLowerCase().replace(/\s+/g, '_');
  const row = PRODUCT_TYPES[name];
  if (!row || sought === '') return false;
  const titles = [name, row.displayName.en, row.displayName.es].map((title) =>
    title.toLowerCase().replace(/\s+/g, '_')
  );
  return titles.some((title) => title.includes(sought)) || row.words.includes(sought);
}

function isNamedIn(name: string, itemName: string): boolean {
  const words = itemName.toLowerCase().split(/[^\p{L}]+/u);
  return PRODUCT_TYPES[name]?.words.some((word) => words.includes(word) || words.includes(`${word}s`)) ?? false;
}

/** getDefinitionsProductType: the schema is not in the answer but behind a signed link that lives 7 days. */
export function getProductType(request: Request, marketplaceIds: string[], clock: SandboxClock): Answer {
  const productType = pathParameter(request, 'productType');
  const [marketplaceId, another] = marketplaceIds;
  if (another) throw badRequest("'marketplaceIds' is limited to one marketplace at this time.");
  const version = queryText(request, 'productTypeVersion') ?? 'LATEST';
  if (!['LATEST', 'RELEASE_CANDIDATE', PRODUCT_TYPE_VERSION].includes(version)) {
    throw badRequest(`'productTypeVersion' ${version} is not available.`);
  }
  const place = marketplace(marketplaceId ?? '') as Marketplace;
  const locale = oneOf(request, 'locale', LOCALES, 'DEFAULT');
  const schema: SchemaRequest = {
    productType,
    marketplace: place,
    requirements: oneOf(request, 'requirements', REQUIREMENTS, 'LISTING'),
    enforcement: oneOf(request, 'requirementsEnforced', ENFORCEMENTS, 'ENFORCED'),
    locale: locale === 'DEFAULT' ? place.languages[0] : locale,
    parentageLevel: queryText(request, 'parentageLevel')
      ? oneOf(request, 'parentageLevel', PARENTAGE_LEVELS, 'NONE')
      : undefined,
  };
  if (!PRODUCT_TYPES[productType]) throw notFound(`The product type '${productType}' was not found.`);
  const origin = `${request.protocol}://${request.get('host')}`;
  return json(200, {
    metaSchema: link(origin, metaSchemaPath, metaSchema(), clock),
    schema: link(origin, schemaPath(schema), productTypeSchema(schema), clock),
    requirements: schema.requirements,
    requirementsEnforced: schema.enforcement,
    propertyGroups: propertyGroups(schema),
    locale: schema.locale,
    marketplaceIds,
    productType,
    displayName: displayName(productType, schema.locale),
    productTypeVersion: { version: PRODUCT_TYPE_VERSION, latest: true, releaseCandidate: false },
  });
}

function oneOf<T extends string>(request: Request, name: string, values: readonly T[], otherwise: T): T {
  const text = queryText(request, name) ?? otherwise;
  if (!values.includes(text as T)) throw badRequest(`'${name}' must be one of ${values.join(', ')}.`);
  return text as T;
}

const metaSchemaPath = '/__definitions/meta-schema/v1.json';

function schemaPath(schema: SchemaRequest): string {
  const { productType, requirements, enforcement, locale, parentageLevel } = schema;
  return `/__definitions/${[productType, schema.marketplace.id, requirements, enforcement, locale, parentageLevel ?? 'ANY'].join('/')}.json`;
}

function link(origin: string, path: string, document: object, clock: SandboxClock): object {
  const expires = clock.now() + LINK_LIFE_MS;
  return {
    link: { resource: `${origin}${path}?expires=${expires}&signature=${sign(path, expires)}`, verb: 'GET' },
    checksum: createHash('md5').update(JSON.stringify(document)).digest('base64'),
  };
}

/** The download behind a link: 400 with an access token, 403 with a wrong signature, 404 after its 7 days. */
export function downloadSchema(request: Request, clock: SandboxClock): Answer {
  if (request.headers['x-amz-access-token'] !== undefined) {
    return plain(400, 'Only one auth mechanism allowed: the link is signed, send no access token.');
  }
  const path = decodeURIComponent(request.path);
  const expires = Number(queryText(request, 'expires'));
  if (queryText(request, 'signature') !== sign(path, expires)) return plain(403, 'SignatureDoesNotMatch');
  if (clock.now() >= expires) return plain(404, 'The link has expired.');
  return { status: 200, text: JSON.stringify(documentAt(path)), headers: { 'content-type': 'application/json' } };
}

function documentAt(path: string): object {
  if (path === metaSchemaPath) return metaSchema();
  const [productType, marketplaceId, requirements, enforcement, locale, parentage] = path
    .slice('/__definitions/'.length, -'.json'.length)
    .split('/');
  return productTypeSchema({
    productType: productType ?? '',
    marketplace: marketplace(marketplaceId ?? '') as Marketplace,
    requirements: requirements as SchemaRequest['requirements'],
    enforcement: enforcement as SchemaRequest['enforcement'],
    locale: locale ?? '',
    parentageLevel: parentage === 'ANY' ? undefined : (parentage as SchemaRequest['parentageLevel']),
  });
}

function sign(path: string, expires: number): string {
  return createHmac('sha256', SIGNING_KEY).update(`${path}:${expires}`).digest('hex');
}
