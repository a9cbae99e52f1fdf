import { readFileSync } from 'node:fs';
import type { Request } from 'express';
import { FEED_MOODS, type FeedMood } from '../amazon/feeds-book';
import { marketplace } from '../amazon/marketplaces';
import { AMAZON_MOODS, parseCatalog, type AmazonMood, type CatalogProduct } from '../catalog';
import { generateCatalog } from '../catalog-generator';
import { FAULT_KINDS, type FaultKind, type FaultMatch, type FaultRequest } from '../faults';
import type { CallQuery } from '../calls';
import { queryText } from '../query';
import type { SalesLayerSettings } from '../saleslayer/accounts';
import type { OrderManners } from '../vtex/order-integration-book';
import type { ReservationManners } from '../vtex/reservations-book';
import { TELLINGS, type Telling } from '../vtex/notifications';
import type { SkuChange } from '../vtex/store';
import type { RotationManners, SalesChannel } from '../world';
import type { WorldRequest } from '../worlds';
import { ControlError, Fields } from './fields';
import { orderManners, reservationManners } from './orders-requests';

const MAX_GENERATED = 200_000;

export function checkWorldName(name: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name)) {
    throw new ControlError('a world is named by 1 to 40 lower-case letters, digits and hyphens');
  }
}

/** JSON `{generate?, seed?, catalogPath?, marketplaces?, affiliateCreation?, salesChannels?}`, or a catalogue as NDJSON. */
export function worldRequest(contentType: string, text: string): WorldRequest {
  if (/^application\/x-ndjson\b/i.test(contentType)) return { products: parseCatalog(text) };
  const fields = new Fields(text);
  fields.allow('generate', 'seed', 'catalogPath', 'marketplaces', 'affiliateCreation', 'salesChannels');
  const marketplaceIds = fields.texts('marketplaces');
  const wrong = marketplaceIds?.find((id) => !marketplace(id));
  if (wrong !== undefined || marketplaceIds?.length === 0)
    throw new ControlError(`marketplaces: ${wrong ?? 'none'} is not a marketplace id`);
  return {
    products: productsOf(fields),
    marketplaceIds,
    affiliateCreation: fields.oneOf('affiliateCreation', ['allowed', 'refused'] as const),
    salesChannels: salesChannelsOf(fields),
  };
}

function productsOf(fields: Fields): CatalogProduct[] | undefined {
  const generate = fields.integer('generate', 1, MAX_GENERATED);
  const path = fields.text('catalogPath');
  if (generate !== undefined && path !== undefined)
    throw new ControlError('generate and catalogPath exclude each other');
  if (generate !== undefined) return generateCatalog(generate, fields.integer('seed', 0, 2 ** 31) ?? 1);
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new ControlError(`catalogPath: ${path} cannot be read`);
  }
  return parseCatalog(text);
}

export function skuChange(text: string): SkuChange {
  const fields = new Fields(text);
  fields.allow(
    'price',
    'quantity',
    'reserved',
    'elsewhere',
    'active',
    'productActive',
    'name',
    'unlimited',
    'remove',
    'images',
    'salesChannels',
    'amazon',
    'tell'
  );
  const change: SkuChange = {};
  if (fields.has('price')) change.price = fields.isNull('price') ? null : fields.number('price', 0);
  if (fields.has('quantity')) change.quantity = fields.integer('quantity', 0, 2 ** 31);
  if (fields.has('reserved')) change.reserved = fields.integer('reserved', 0, 2 ** 31);
  if (fields.has('elsewhere')) change.elsewhere = fields.integer('elsewhere', 0, 2 ** 31);
  if (fields.has('active')) change.active = fields.boolean('active');
  if (fields.has('productActive')) change.productActive = fields.boolean('productActive');
  if (fields.has('name')) change.name = fields.text('name');
  if (fields.has('unlimited')) change.unlimited = fields.boolean('unlimited');
  if (fields.has('remove')) change.remove = fields.boolean('remove');
  if (fields.has('images')) change.images = fields.texts('images');
  if (fields.has('salesChannels')) change.salesChannels = fields.integers('salesChannels', 1, 2 ** 31);
  if (fields.has('amazon'))
    change.mood = fields.isNull('amazon') ? null : (fields.oneOf('amazon', AMAZON_MOODS) as AmazonMood);
  if (Object.keys(change).length === 0) throw new ControlError('nothing to change');
  return change;
}

/** Who is told of a change of a SKU; as the real one does it unless said. */
export function tellingOf(text: string): Telling {
  return new Fields(text).oneOf('tell', TELLINGS) ?? 'product';
}

/** `?tell=sku`, the default, or `?tell=nobody`: whether affiliates are told of SKUs that are added. */
export function isToldOf(request: Request): boolean {
  const telling = queryText(request, 'tell') ?? 'sku';
  if (telling !== 'sku' && telling !== 'nobody') throw new ControlError('tell must be one of sku, nobody');
  return telling === 'sku';
}

interface AmazonChange {
  secretExpired?: boolean;
  accessRevoked?: boolean;
  expireTokens?: boolean;
  newClientSecret?: boolean;
  /** In all marketplaces, in none, or in these. */
  participating?: boolean | string[];
  /** How feeds are taken from now on; null: as they should be. */
  feeds?: FeedMood | null;
  ordersRefuse?: string[];
  orderLagSeconds?: number;
  /** How requests for a new client secret are taken from now on. */
  rotation?: Partial<RotationManners>;
}

export function amazonChange(text: string): AmazonChange {
  const fields = new Fields(text);
  fields.allow(
    'secretExpired',
    'accessRevoked',
    'expireTokens',
    'newClientSecret',
    'participating',
    'feeds',
    'ordersRefuse',
    'orderLagSeconds',
    'rotation'
  );
  return {
    secretExpired: fields.boolean('secretExpired'),
    accessRevoked: fields.boolean('accessRevoked'),
    expireTokens: fields.boolean('expireTokens'),
    newClientSecret: fields.boolean('newClientSecret'),
    participating: fields.isList('participating') ? fields.texts('participating') : fields.boolean('participating'),
    feeds: fields.isNull('feeds') ? null : fields.oneOf('feeds', FEED_MOODS),
    ordersRefuse: fields.texts('ordersRefuse'),
    orderLagSeconds: fields.number('orderLagSeconds', 0),
    rotation: rotationManners(fields.nested('rotation')),
  };
}

function rotationManners(fields: Fields | undefined): Partial<RotationManners> | undefined {
  fields?.allow('enrolled', 'oldLivesSeconds', 'newDeadSeconds', 'copies');
  return (
    fields && {
      enrolled: fields.boolean('enrolled'),
      oldLivesSeconds: fields.number('oldLivesSeconds', 0),
      newDeadSeconds: fields.number('newDeadSeconds', 0),
      copies: fields.integer('copies', 0, 10),
    }
  );
}

interface VtexChange {
  affiliateCreation?: 'allowed' | 'refused';
  salesChannels?: SalesChannel[];
  down?: boolean;
  reservations?: Partial<ReservationManners>;
  orders?: Partial<OrderManners>;
}

export function vtexChange(text: string): VtexChange {
  const fields = new Fields(text);
  fields.allow('affiliateCreation', 'salesChannels', 'down', 'reservations', 'orders');
  return {
    affiliateCreation: fields.oneOf('affiliateCreation', ['allowed', 'refused'] as const),
    salesChannels: salesChannelsOf(fields),
    down: fields.boolean('down'),
    reservations: reservationManners(fields),
    orders: orderManners(fields),
  };
}

interface SalesLayerChange extends Partial<Omit<SalesLayerSettings, 'configuration'>> {
  /** As if somebody had changed the connector's configuration. */
  reconfigure?: boolean;
}

export function salesLayerChange(text: string): SalesLayerChange {
  const fields = new Fields(text);
  fields.allow(
    'languages',
    'answerError',
    'down',
    'keyForbidden',
    'rowsPerPage',
    'strangers',
    'drafts',
    'hasOffers',
    'reconfigure'
  );
  const change: SalesLayerChange = {};
  if (fields.has('languages')) change.languages = fields.texts('languages');
  if (fields.has('answerError'))
    change.answerError = fields.isNull('answerError') ? null : fields.integer('answerError', 1, 99);
  if (fields.has('down')) change.down = fields.boolean('down');
  if (fields.has('keyForbidden')) change.keyForbidden = fields.boolean('keyForbidden');
  if (fields.has('rowsPerPage'))
    change.rowsPerPage = fields.isNull('rowsPerPage') ? null : fields.integer('rowsPerPage', 1, 100_000);
  if (fields.has('strangers')) change.strangers = fields.integer('strangers', 0, 10_000);
  if (fields.has('drafts')) change.drafts = fields.texts('drafts');
  if (fields.has('hasOffers')) change.hasOffers = fields.boolean('hasOffers');
  if (fields.has('reconfigure')) change.reconfigure = fields.boolean('reconfigure');
  if (change.languages?.some((each) => !/^[a-z]{2}(-[a-z]{2})?$/.test(each)) || change.languages?.length === 0)
    throw new ControlError('languages must be a list of codes such as en, es or es-mx');
  return change;
}

export function faultRequest(text: string): FaultRequest {
  const fields = new Fields(text);
  fields.allow('match', 'kind', 'status', 'body', 'delayMs', 'share', 'times', 'timesPerSku', 'forSeconds', 'after');
  const kind = fields.oneOf('kind', FAULT_KINDS);
  if (!kind) throw new ControlError(`kind must be one of ${FAULT_KINDS.join(', ')}`);
  const share = fields.number('share', 0);
  if (share !== undefined && (share === 0 || share > 1)) throw new ControlError('share must be above 0 and 1 at most');
  return {
    match: faultMatch(fields),
    kind: kind as FaultKind,
    status: fields.integer('status', 200, 599),
    body: fields.any('body'),
    delayMs: fields.integer('delayMs', 0, 3_600_000),
    share,
    times: fields.integer('times', 1, 1_000_000_000),
    timesPerSku: fields.integer('timesPerSku', 1, 1_000_000),
    forSeconds: fields.number('forSeconds', 0),
    after: fields.boolean('after'),
  };
}

function faultMatch(fields: Fields): FaultMatch {
  const match = fields.nested('match');
  if (!match) return {};
  match.allow('operation', 'skus', 'sellerId', 'account');
  const operation = match.text('operation');
  if (operation?.includes('*') && !['*', 'amazon.*', 'vtex.*', 'saleslayer.*'].includes(operation)) {
    throw new ControlError('match.operation takes an operation, amazon.*, vtex.*, saleslayer.* or *');
  }
  return { operation, skus: match.texts('skus'), sellerId: match.text('sellerId'), account: match.text('account') };
}

export function callQuery(request: Request): CallQuery {
  const since = queryText(request, 'since');
  if (since !== undefined && Number.isNaN(Date.parse(since)))
    throw new ControlError('since must be an ISO 8601 date and time');
  const limit = Number(queryText(request, 'limit') ?? 1000);
  if (!Number.isInteger(limit) || limit < 1) throw new ControlError('limit must be a positive integer');
  return { operation: queryText(request, 'operation'), since: since && new Date(since).toISOString(), limit };
}

/** `?operation=` and `&seconds=`, an hour unless said: how many calls came at most in any time of that length. */
export function busiestQuery(request: Request): { operation: string; seconds: number } {
  const operation = queryText(request, 'operation');
  const seconds = Number(queryText(request, 'seconds') ?? 3600);
  if (operation === undefined) throw new ControlError('operation is required');
  if (!(seconds > 0)) throw new ControlError('seconds must be above 0');
  return { operation, seconds };
}

export function clockChange(text: string): { advanceSeconds?: number; frozen?: boolean } {
  const fields = new Fields(text);
  fields.allow('advanceSeconds', 'frozen');
  const change = { advanceSeconds: fields.number('advanceSeconds', 0), frozen: fields.boolean('frozen') };
  if (change.advanceSeconds === undefined && change.frozen === undefined)
    throw new ControlError('advanceSeconds or frozen is required');
  return change;
}

function salesChannelsOf(fields: Fields): SalesChannel[] | undefined {
  const list = fields.list('salesChannels');
  return list?.map((entry, index) => {
    const channel = new Fields(JSON.stringify(entry), `salesChannels.${index}.`);
    const id = channel.integer('Id', 1, 2 ** 31) ?? channel.integer('id', 1, 2 ** 31);
    if (id === undefined) throw new ControlError(`salesChannels.${index}.Id is required`);
    return {
      Id: id,
      Name: channel.text('Name') ?? `Channel ${id}`,
      IsActive: channel.boolean('IsActive') ?? true,
      CountryCode: channel.text('CountryCode') ?? 'USA',
      CurrencyCode: channel.text('CurrencyCode') ?? 'USD',
    };
  });
}
