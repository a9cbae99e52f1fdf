import type { Connection } from 'mongoose';
import { ONBOARDING_STEPS, type ConnectorState } from '../../domain/connector';
import { listingId } from '../../domain/ids';
import { emptyCounts } from '../../domain/listing';
import { connectorModel } from '../../models/connectors';
import { listingModel, type ListingDocument } from '../../models/listings';
import { syncRunModel, type SyncRunDocument } from '../../models/sync-runs';

/** The secrets that tests write; none may ever be seen again. */
export const SECRETS = {
  appToken: 'apptoken-Z9kQ4vT7yB2m',
  clientSecret: 'amzn1.oa2-cs.v1.5f3c9e7a1b2d',
  refreshToken: 'Atzr|IwEBIH4s7Pq0XvY2LkJ8',
  nextRefreshToken: 'Atzr|IwEBIN3w8Rt5Zc1MnB6',
  secretKey: 'sl-secretkey-4Hq8Wn2x',
  apiKey: 'sl-rest-apikey-7Jd3Vb9p',
} as const;

/** Sellers and affiliate ids that no other test uses, so that tests of one file do not meet each other. */
let serial = 0;
const CONSONANTS = 'BCDFGHJKLMNPQRSTVWXYZ';

export function freshSeller(): string {
  serial += 1;
  return `A${String(serial).padStart(12, '0')}`;
}

export function freshAffiliate(): string {
  serial += 1;
  const at = (power: number) => CONSONANTS[Math.floor(serial / CONSONANTS.length ** power) % CONSONANTS.length]!;
  return at(2) + at(1) + at(0);
}

type Group = Record<string, unknown>;
interface Parts {
  name?: unknown;
  source?: Group;
  amazon?: Group;
  listing?: Group;
  offer?: Group;
  orders?: Group;
  schedule?: Group;
}

/** A VTEX connector that is right, with parts replaced; `undefined` removes a field. */
export function vtexConnector(parts: Parts = {}) {
  return {
    name: 'name' in parts ? parts.name : 'Luma US',
    source: {
      type: 'vtex',
      account: 'luma',
      appKey: 'vtexappkey-luma-ABCDEF',
      appToken: SECRETS.appToken,
      salesChannel: '1',
      affiliateId: freshAffiliate(),
      affiliateEmail: 'marketplaces@luma.example',
      ...parts.source,
    },
    amazon: {
      country: 'US',
      sellerId: freshSeller(),
      clientId: 'amzn1.application-oa2-client.0123456789abcdef',
      clientSecret: SECRETS.clientSecret,
      refreshToken: SECRETS.refreshToken,
      ...parts.amazon,
    },
    listing: { sendKits: false, ...parts.listing },
    offer: { minimumStock: 2, ...parts.offer },
    ...(parts.orders && { orders: parts.orders }),
    ...(parts.schedule && { schedule: parts.schedule }),
  };
}

/** A Sales Layer connector by the connector API that is right. */
export function salesLayerConnector(parts: Parts = {}) {
  const { name, amazon, orders, schedule } = vtexConnector(parts);
  return {
    name,
    amazon,
    ...(orders && { orders }),
    ...(schedule && { schedule }),
    source: { type: 'saleslayer', connectorCode: 'CN1', secretKey: SECRETS.secretKey, ...parts.source },
    ...(parts.listing && { listing: parts.listing }),
    ...(parts.offer && { offer: parts.offer }),
  };
}

/** Puts a connector where the workflows would have brought it. */
export async function bringTo(connection: Connection, id: string, state: ConnectorState): Promise<void> {
  const isThrough = state === 'inactive' || state === 'active' || state === 'paused';
  await connectorModel(connection).updateOne(
    { _id: id },
    {
      $set: {
        state,
        'onboarding.waitingFor': null,
        'onboarding.steps': ONBOARDING_STEPS.map((name) => ({
          name,
          state: isThrough ? 'done' : 'pending',
          ...(isThrough && {
            detail: `${name} is done.`,
            startedAt: '2026-01-01T00:00:00.000Z',
            endedAt: '2026-01-01T00:00:01.000Z',
          }),
        })),
      },
    }
  );
}

export function listing(connectorId: string, sku: string, parts: Partial<ListingDocument> = {}): ListingDocument {
  const problems = parts.problems ?? [];
  return {
    _id: listingId(connectorId, sku),
    connectorId,
    sku,
    skuLower: sku.toLowerCase(),
    sourceId: `src-${sku}`,
    productId: 'p1',
    title: `Title of ${sku}`,
    page: 0,
    state: 'live',
    reason: 'Amazon shows it as it was sent.',
    problems,
    problemCodes: problems.map(({ code }) => code),
    lane: null,
    hasPlace: true,
    isKit: false,
    verdict: { kind: 'sell', reasons: ['Stock is 9.'], quantity: 9 },
    wanted: {
      productType: 'SHIRT',
      requirements: 'LISTING',
      details: { item_name: [{ value: `Title of ${sku}` }] },
      price: { purchasable_offer: [{ our_price: 1 }] },
      quantity: { fulfillment_availability: [{ quantity: 9 }] },
    },
    wantedHashes: { details: 'd1', price: 'p1', quantity: 'q1' },
    sentHashes: { details: 'd1', price: 'p1', quantity: 'q1' },
    refusedHashes: null,
    sentPrice: null,
    heldBackPrice: null,
    approvedPrice: null,
    sentProductType: 'SHIRT',
    sentParentSku: null,
    lastPayload: { attributes: { item_name: [{ value: `Title of ${sku}` }] } },
    lastAnswer: { at: new Date('2026-01-01T00:00:00Z'), status: 'ACCEPTED', submissionId: 'sub-1', problems: [] },
    attempts: [{ at: new Date('2026-01-01T00:00:00Z'), operation: 'put', outcome: 'accepted' }],
    failures: 0,
    nextAttemptAt: null,
    retryWindow: null,
    revision: null,
    feed: null,
    submittedAt: new Date('2026-01-01T00:00:00Z'),
    checks: 1,
    nextCheckAt: null,
    drift: null,
    adopted: null,
    matchedAt: null,
    unreadable: null,
    seen: { at: new Date('2026-01-01T00:05:00Z'), asin: 'B000TEST01', status: ['BUYABLE'], quantity: 9, price: '1.00' },
    lastRun: 'syn_00000000000000000001',
    fingerprint: 'f1',
    judgedBy: null,
    toldAt: null,
    updatedAt: new Date('2026-01-01T00:05:00Z'),
    ...parts,
  };
}

export async function putListings(connection: Connection, listings: ListingDocument[]): Promise<void> {
  await listingModel(connection).insertMany(listings);
}

export async function putRun(
  connection: Connection,
  parts: Partial<SyncRunDocument> & Pick<SyncRunDocument, '_id' | 'connectorId'>
): Promise<void> {
  await syncRunModel(connection).create({
    workflowId: `catalog-sync:${parts.connectorId}:${parts._id}`,
    mode: 'synchronization',
    trigger: 'api',
    scope: 'full',
    skus: [],
    phase: 'collect',
    outcome: null,
    outcomeReason: null,
    total: 0,
    counts: emptyCounts(),
    processed: 0,
    toSend: 0,
    publishStartedAt: null,
    paused: false,
    waitingFor: null,
    configVersion: 1,
    startedAt: new Date(),
    endedAt: null,
    ...parts,
  });
}
