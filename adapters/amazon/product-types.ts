import { createHash } from 'node:crypto';
import { z } from 'zod';
import { OutsideError } from '../../domain/errors';
import type { AmazonAccount, DefinitionAnswer, ProductTypes } from '../../domain/ports/amazon';
import type { DefinitionHead } from '../../domain/product-type';
import { isSchema, type JsonSchema } from '../../domain/product-type-schema';
import { createHttp, exchange } from '../http/exchange';
import type { Transport } from './transport';

const BASE = '/definitions/2020-09-01/productTypes';
const GET_DEFINITION = 'getDefinitionsProductType';
const DOWNLOAD = 'download of a product type schema';

const link = z.object({ link: z.object({ resource: z.string() }), checksum: z.string() });

const definitionAnswer = z.object({
  schema: link,
  metaSchema: link.nullish(),
  productType: z.string(),
  displayName: z.string().nullish(),
  productTypeVersion: z.object({ version: z.string() }),
  propertyGroups: z
    .record(z.string(), z.object({ title: z.string().nullish(), propertyNames: z.array(z.string()).nullish() }))
    .nullish(),
});
type Definition = z.infer<typeof definitionAnswer>;
type Link = z.infer<typeof link>;

const searchAnswer = z.object({
  productTypes: z.array(z.object({ name: z.string(), displayName: z.string().nullish() })),
  productTypeVersion: z.string().nullish(),
});

/** What a link led to: a document, or that the link is no longer good. */
type Download = { kind: 'document'; document: JsonSchema } | { kind: 'dead' };

/**
 * Product Type Definitions 2020-09-01. The definitions asked for are those of the marketplace, without `sellerId`: they are
 * shared by all connectors there.
 */
export function createProductTypes(
  transport: Transport,
  { timeoutMs, userAgent }: { timeoutMs: number; userAgent: string }
): ProductTypes {
  /** Signed addresses go out as they are, and without a token: their host refuses a second proof of identity. */
  const links = createHttp();
  /** Keywords that a meta-schema declares, by its checksum. There is one for all product types. */
  const vocabularies = new Map<string, string[]>();

  async function describe(
    account: AmazonAccount,
    { productType, requirements, locale, enforcement, version }: Parameters<ProductTypes['definition']>[1],
    signal: AbortSignal
  ): Promise<Definition | { said: string }> {
    const url = `${transport.baseUrl(account)}${BASE}/${encodeURIComponent(productType)}`;
    const params = {
      marketplaceIds: account.marketplace.id,
      requirements,
      requirementsEnforced: enforcement,
      locale,
      ...(version && { productTypeVersion: version }),
    };
    try {
      return await transport.call({
        account,
        operation: GET_DEFINITION,
        about: 'sku',
        answer: definitionAnswer,
        signal,
        send: (options) => transport.http.get(url, { ...options, params }),
      });
    } catch (error) {
      // Amazon answers 404, and for some names 400, where it has no such type.
      if (error instanceof OutsideError && error.code === 'rejected') return { said: error.message };
      throw error;
    }
  }

  async function follow({ link: { resource }, checksum }: Link, signal: AbortSignal): Promise<Download> {
    const got = await exchange(signal, timeoutMs, (own) =>
      links.get(resource, { signal: own, responseType: 'arraybuffer', headers: { 'user-agent': userAgent } })
    );
    if (got.kind === 'silence') throw failed(`Amazon's schema store did not answer: ${got.reason}.`);
    if (got.status >= 400 && got.status < 500) return { kind: 'dead' };
    if (got.status !== 200 || !Buffer.isBuffer(got.data))
      throw failed(`Amazon's schema store answered ${got.status}.`, got.status);
    if (!fits(got.data, checksum)) throw failed('A product type schema does not fit its checksum.', got.status);
    return { kind: 'document', document: parsed(got.data) };
  }

  async function vocabularyOf(metaSchema: Link | null | undefined, signal: AbortSignal): Promise<string[]> {
    if (!metaSchema) return [];
    const known = vocabularies.get(metaSchema.checksum);
    if (known) return known;
    const got = await follow(metaSchema, signal);
    if (got.kind === 'dead') return [];
    const { properties } = got.document;
    const keywords = isSchema(properties) ? Object.keys(properties).filter((name) => !name.startsWith('$')) : [];
    vocabularies.set(metaSchema.checksum, keywords);
    return keywords;
  }

  return {
    async search(account, { keywords, itemName, locale, searchLocale }, signal) {
      const params = {
        marketplaceIds: account.marketplace.id,
        locale,
        ...(keywords?.length && { keywords: keywords.join(',') }),
        ...(itemName !== undefined && { itemName }),
        ...(searchLocale && (keywords?.length || itemName !== undefined) && { searchLocale }),
      };
      const found = await transport.call({
        account,
        operation: 'searchDefinitionsProductTypes',
        about: 'account',
        answer: searchAnswer,
        signal,
        send: (options) => transport.http.get(`${transport.baseUrl(account)}${BASE}`, { ...options, params }),
      });
      return {
        version: found.productTypeVersion ?? '',
        productTypes: found.productTypes.map(({ name, displayName }) => ({ name, displayName: displayName ?? name })),
      };
    },

    async definition(account, request, knownChecksum, signal): Promise<DefinitionAnswer> {
      // A link lives seven days; a second description gives fresh ones, and belongs to what is behind them by then.
      for (const isLast of [false, true]) {
        const described = await describe(account, request, signal);
        if ('said' in described) return { kind: 'unknown', said: described.said };
        if (described.schema.checksum === knownChecksum)
          return { kind: 'known', head: headOf(described, await vocabularyOf(described.metaSchema, signal)) };
        const got = await follow(described.schema, signal).catch((error: unknown) => {
          if (isLast || signal.aborted) throw error;
          return undefined;
        });
        if (got?.kind === 'document')
          return {
            kind: 'known',
            head: headOf(described, await vocabularyOf(described.metaSchema, signal)),
            schema: got.document,
          };
      }
      throw failed("Amazon's link to a product type schema is not good, nor is a new one.");
    },
  };
}

function headOf(described: Definition, vocabulary: string[]): DefinitionHead {
  return {
    productType: described.productType,
    displayName: described.displayName ?? described.productType,
    version: described.productTypeVersion.version,
    checksum: described.schema.checksum,
    groups: Object.entries(described.propertyGroups ?? {}).map(([name, { title, propertyNames }]) => ({
      name,
      title: title ?? name,
      attributes: propertyNames ?? [],
    })),
    vocabulary,
  };
}

/** Documented as MD5 in base64; Amazon's own examples have it in hex. */
function fits(bytes: Buffer, checksum: string): boolean {
  const md5 = createHash('md5').update(bytes).digest();
  return checksum === md5.toString('base64') || checksum.toLowerCase() === md5.toString('hex');
}

function parsed(bytes: Buffer): JsonSchema {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString('utf8'));
  } catch {
    document = undefined;
  }
  if (!isSchema(document)) throw failed('A product type schema is not a JSON object.');
  return document;
}

function failed(message: string, status?: number): OutsideError {
  return new OutsideError('transient', message, { system: 'amazon', operation: DOWNLOAD, status });
}
