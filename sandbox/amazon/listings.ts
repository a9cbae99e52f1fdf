import { randomUUID } from 'node:crypto';
import { AnswerError, json, type Answer } from '../answer';
import { bodyJson, headerText, pathParameter, queryList } from '../query';
import { applyPatches, PATCH_OPERATIONS, type AttributePatch } from './attribute-patches';
import { badRequest, notFound, spApiFault } from './errors';
import { searchMatches, searchQuery, sortAndPage } from './listing-search';
import { INCLUDED_DATA, isVisible, itemOf } from './listing-view';
import { marketplace, type Marketplace } from './marketplaces';
import { attributeNames, GENERIC_PRODUCT_TYPE, PRODUCT_TYPES, REQUIREMENTS, type Requirements } from './product-types';
import { issuesOf, suppressed, unknownAttribute, type Attributes, type Issue } from './schema-issues';
import { offerOfParent } from './variations';
import type { SpApiCall } from './call';
import type { SubmissionContent } from './listing-book';

const SUBMISSION_DATA = ['identifiers', 'issues'] as const;
/** Not documented; a real submission is far below it. */
const MAX_BODY_BYTES = 1024 * 1024;

interface SubmissionResult {
  issues: Issue[];
  /** What to queue when there is no ERROR. */
  content: SubmissionContent;
}

/** putListingsItem: creates, or replaces every attribute. */
export function putListing(call: SpApiCall): Answer {
  const marketplaceId = onlyMarketplace(call);
  const sku = skuOf(call);
  const body = jsonBody(call);
  const { productType, attributes, requirements = 'LISTING' } = body;
  if (typeof productType !== 'string' || productType === '') throw badRequest("'productType' is required.");
  if (!isObject(attributes)) throw badRequest("'attributes' is required and must be an object.");
  if (!REQUIREMENTS.includes(requirements as Requirements)) {
    throw badRequest(`'requirements' must be one of ${REQUIREMENTS.join(', ')}.`);
  }
  checkMode(call);
  const included = includedIn(call, SUBMISSION_DATA, ['issues']);
  const set = requirements as Requirements;
  const issues = [...productTypeIssues(productType, set === 'LISTING_OFFER_ONLY'), ...moodIssues(call, sku)];
  if (PRODUCT_TYPES[productType] || productType === GENERIC_PRODUCT_TYPE) {
    issues.push(...schemaIssues(attributes as Attributes, marketplaceId, productType, set));
    issues.push(...offerOfParent(attributes as Attributes));
  }
  const content: SubmissionContent = {
    kind: 'put',
    productType,
    requirements: set,
    attributes: attributes as Attributes,
  };
  return submit(call, sku, included, new Map([[marketplaceId, { issues, content }]]));
}

/** patchListingsItem: changes top-level attributes, in every marketplace named. */
export function patchListing(call: SpApiCall): Answer {
  const sku = skuOf(call);
  const body = jsonBody(call);
  const { productType } = body;
  if (typeof productType !== 'string' || productType === '') throw badRequest("'productType' is required.");
  const patches = patchesOf(body.patches);
  checkMode(call);
  const included = includedIn(call, SUBMISSION_DATA, ['issues']);
  const results = new Map(
    call.marketplaceIds.map((id) => [id, patchResult(call, sku, id, productType, patches)] as const)
  );
  return submit(call, sku, included, results);
}

/** getListingsItem */
export function getListing(call: SpApiCall): Answer {
  const sku = skuOf(call);
  const included = includedIn(call, INCLUDED_DATA, ['summaries']);
  const { listings } = call.world;
  const found = call.marketplaceIds.flatMap((id) => listings.find(id, sku) ?? []).filter(isVisible);
  if (found.length === 0) throw notFound(`SKU '${sku}' not found in marketplace ${call.marketplaceIds.join(',')}`);
  return json(200, itemOf(found, included, listings));
}

/** deleteListingsItem: accepted whether or not the SKU exists, as PUT and PATCH it has no 404. */
export function deleteListing(call: SpApiCall): Answer {
  const marketplaceId = onlyMarketplace(call);
  const sku = skuOf(call);
  const { listings } = call.world;
  const submissionId = listings.find(marketplaceId, sku)
    ? listings.accept(marketplaceId, sku, { kind: 'delete' })
    : randomUUID();
  return json(200, { sku, status: 'ACCEPTED', submissionId, issues: [] });
}

/** searchListingsItems */
export function searchListings(call: SpApiCall): Answer {
  const query = searchQuery(call.request);
  const included = includedIn(call, INCLUDED_DATA, ['summaries']);
  const matches = searchMatches(call.world.listings, call.marketplaceIds, query);
  const { page, pagination, total } = sortAndPage(matches, query);
  return json(200, {
    numberOfResults: total,
    pagination,
    items: page.map((listings) => itemOf(listings, included, call.world.listings)),
  });
}

/** Answers INVALID when any marketplace's result has an ERROR, VALID in a preview, and else queues and answers ACCEPTED. */
function submit(
  call: SpApiCall,
  sku: string,
  included: readonly (typeof SUBMISSION_DATA)[number][],
  results: Map<string, SubmissionResult>
): Answer {
  const { listings } = call.world;
  const issues = [...results.values()].flatMap((result) => result.issues);
  const isInvalid = issues.some((issue) => issue.severity === 'ERROR');
  const isPreview = call.request.query.mode === 'VALIDATION_PREVIEW';
  let submissionId: string = randomUUID();
  if (!isInvalid && !isPreview) {
    for (const [marketplaceId, { content }] of results) submissionId = listings.accept(marketplaceId, sku, content);
  }
  const identifiers = [...results.keys()].flatMap((marketplaceId) => {
    const listing = listings.find(marketplaceId, sku);
    return listing?.hasContent ? [{ marketplaceId, asin: listing.asin }] : [];
  });
  return json(200, {
    sku,
    status: isInvalid ? 'INVALID' : isPreview ? 'VALID' : 'ACCEPTED',
    submissionId,
    ...(included.includes('issues') ? { issues } : {}),
    ...(included.includes('identifiers') ? { identifiers } : {}),
  });
}

function patchResult(
  call: SpApiCall,
  sku: string,
  marketplaceId: string,
  productType: string,
  patches: AttributePatch[]
): SubmissionResult {
  const content: SubmissionContent = { kind: 'patch', patches };
  const typeIssues = [...productTypeIssues(productType, true), ...moodIssues(call, sku)];
  const present = call.world.listings.prospect(marketplaceId, sku);
  if (!present) return { issues: [...typeIssues, unknownSku(sku)], content };
  const touched = new Set(patches.map((patch) => patch.name));
  const after = applyPatches(present.attributes, patches);
  const issues = [
    ...schemaIssues(after, marketplaceId, present.productType, present.requirements),
    ...offerOfParent(after),
  ].filter((issue) => issue.attributeNames?.some((name) => touched.has(name)));
  const known = attributeNames(present.productType, present.requirements);
  const strangers = [...touched].filter(
    (name) => !known.includes(name) && !issues.some((issue) => issue.attributeNames?.includes(name))
  );
  return { issues: [...typeIssues, ...issues, ...strangers.map(unknownAttribute)], content };
}

function schemaIssues(
  attributes: Attributes,
  marketplaceId: string,
  productType: string,
  requirements: Requirements
): Issue[] {
  const place = marketplace(marketplaceId) as Marketplace;
  return issuesOf(attributes, {
    productType,
    marketplace: place,
    requirements,
    enforcement: 'ENFORCED',
    locale: place.languages[0],
  });
}

function productTypeIssues(productType: string, mayBeGeneric: boolean): Issue[] {
  if (PRODUCT_TYPES[productType] || (mayBeGeneric && productType === GENERIC_PRODUCT_TYPE)) return [];
  return [
    {
      code: '4000001',
      message: `The product type '${productType}' is not supported in this Amazon store.`,
      severity: 'ERROR',
      attributeNames: ['productType'],
      categories: ['INVALID_ATTRIBUTE'],
    },
  ];
}

function moodIssues(call: SpApiCall, sku: string): Issue[] {
  if (call.world.moodOf(sku) !== 'invalid') return [];
  return [
    {
      code: '99300',
      message: 'Product Detail Page Rules Violation (Inaccurate information on product detail page).',
      severity: 'ERROR',
      attributeNames: ['item_name'],
      categories: ['INVALID_ATTRIBUTE'],
      enforcements: suppressed('ATTRIBUTE_SUPPRESSED'),
    },
  ];
}

/** A PATCH has no 404: the submission is understood and refused. The code is that of inventory for an unknown SKU. */
function unknownSku(sku: string): Issue {
  return {
    code: '13013',
    message: `The SKU '${sku}' does not exist in the Amazon catalog; it must be created before it can be updated.`,
    severity: 'ERROR',
    categories: [],
  };
}

function patchesOf(value: unknown): AttributePatch[] {
  if (!Array.isArray(value) || value.length === 0)
    throw badRequest("'patches' is required and must hold at least one operation.");
  return value.map((patch: unknown) => {
    if (!isObject(patch)) throw badRequest('A patch must be an object.');
    const { op, path, value: instances } = patch;
    if (!PATCH_OPERATIONS.includes(op as AttributePatch['op'])) {
      throw badRequest(`'op' must be one of ${PATCH_OPERATIONS.join(', ')}.`);
    }
    const [, name] = /^\/attributes\/([^/]+)$/.exec(String(path)) ?? [];
    if (!name)
      throw badRequest(`'path' must be /attributes/<name>; nested attributes cannot be patched: '${String(path)}'.`);
    if (!Array.isArray(instances) || instances.length === 0 || !instances.every(isObject)) {
      throw badRequest(`'value' of '${String(path)}' must be an array of objects.`);
    }
    return { op: op as AttributePatch['op'], name, value: instances };
  });
}

function onlyMarketplace({ marketplaceIds }: SpApiCall): string {
  const [first, second] = marketplaceIds;
  if (!first || second) throw badRequest("'marketplaceIds' must hold exactly one marketplace.");
  return first;
}

function skuOf({ request }: SpApiCall): string {
  const sku = pathParameter(request, 'sku');
  if (sku === 'BadSKU' || sku.trim() !== sku || Buffer.byteLength(sku) > 40)
    throw badRequest(`'sku' is invalid: '${sku}'.`);
  return sku;
}

function checkMode({ request }: SpApiCall): void {
  if (request.query.mode !== undefined && request.query.mode !== 'VALIDATION_PREVIEW') {
    throw badRequest("'mode' must be VALIDATION_PREVIEW.");
  }
}

function includedIn<T extends string>({ request }: SpApiCall, allowed: readonly T[], otherwise: T[]): readonly T[] {
  const names = queryList(request, 'includedData');
  if (!names) return otherwise;
  const wrong = names.find((name) => !allowed.includes(name as T));
  if (wrong !== undefined) throw badRequest(`'includedData' must be of ${allowed.join(', ')}; not '${wrong}'.`);
  return names as T[];
}

function jsonBody({ request }: SpApiCall): Record<string, unknown> {
  if (!/^application\/json\b/i.test(headerText(request, 'content-type'))) throw new AnswerError(spApiFault(415));
  if (Buffer.isBuffer(request.body) && request.body.length > MAX_BODY_BYTES) throw new AnswerError(spApiFault(413));
  let body: unknown;
  try {
    body = bodyJson(request);
  } catch {
    throw badRequest('The request body is not valid JSON.');
  }
  if (!isObject(body)) throw badRequest('The request body must be an object.');
  return body;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
