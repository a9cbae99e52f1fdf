import { createHash } from 'node:crypto';
import { FeedBook, type FeedMood } from './amazon/feeds-book';
import { ListingBook } from './amazon/listing-book';
import { DEFAULT_MARKETPLACES } from './amazon/marketplaces';
import { NoticeSender, type NoticeQueue } from './amazon/notifications';
import { OrderBook } from './amazon/orders-book';
import { orderChangeNotice } from './amazon/orders-notices';
import type { AmazonMood } from './catalog';
import type { SandboxClock } from './clock';
import type { Journal } from './journal';
import { OrderIntegrationBook, type OrderManners } from './vtex/order-integration-book';
import { orderMannersOf, processTask } from './vtex/order-integration-processing';
import { ReservationBook, type ReservationManners } from './vtex/reservations-book';
import { HeldStock } from './vtex/stock-held';
import type { Store } from './vtex/store';

const DAY_MS = 24 * 3600 * 1000;
const SECRET_GRACE_MS = 7 * DAY_MS;
const SECRET_LIFE_MS = 180 * DAY_MS;

/** A trade policy as the control API takes it. */
export interface SalesChannel {
  Id: number;
  Name: string;
  IsActive: boolean;
  /** ISO 3166 alpha-3. */
  CountryCode: string;
  CurrencyCode: string;
}

/** VTEX's affiliate record; `id` is three consonants. */
export interface Affiliate {
  id: string;
  name: string;
  followUpEmail: string | null;
  salesChannel: string;
  searchURIEndpoint: string | null;
  searchURIEndpointVersion: string;
  searchURIEndpointAvailableVersions: string[];
  useSellerPaymentMethod: boolean;
  minimumValueAccumulated: number | null;
}

interface ClientSecret {
  value: string;
  expired: boolean;
  /** Epoch ms from which it works; absent: at once. */
  validFrom?: number;
  /** Epoch ms until which a replaced secret still works; null: the current one. */
  validUntil: number | null;
  /** Epoch ms at which it dies, 180 days after it was made; absent: never. */
  expiresAt?: number;
}

/** How Amazon takes a request for a new client secret. What is absent is as it should be. */
export interface RotationManners {
  /** Whether a queue is registered for the application. */
  enrolled: boolean;
  /** How long the secret before goes on working, in seconds: 7 days. */
  oldLivesSeconds: number;
  /** How long the new one does not work yet, in seconds: 0. */
  newDeadSeconds: number;
  /** How often the message with it is sent: once. */
  copies: number;
}

/** What a world remembers besides its catalogue and its listings. */
export interface WorldSettings {
  name: string;
  account: string;
  catalogDigest: string;
  marketplaceIds: string[];
  participatingIn: string[];
  affiliateCreation: 'allowed' | 'refused';
  salesChannels: SalesChannel[];
  affiliates: Record<string, Affiliate>;
  vtexDown: boolean;
  secrets: ClientSecret[];
  rotation?: Partial<RotationManners>;
  accessRevoked: boolean;
  /** Access tokens issued before this moment (epoch ms) count as expired. */
  tokensValidFrom: number;
  /** How Amazon takes the seller's feeds; null or absent: as it should. */
  feedMood?: FeedMood | null;
  /** Kinds of included data that searchOrders refuses; absent: none. */
  ordersRefuse?: string[];
  /** How old an order's update is before a search shows it; absent: two minutes. */
  orderLagSeconds?: number;
  /** How the store takes reservations and orders, where it is not as usual. */
  reservations?: Partial<ReservationManners>;
  orderIntegration?: Partial<OrderManners>;
  /** Where Amazon sends the seller's notifications; absent: nowhere. */
  noticeQueue?: NoticeQueue;
}

interface WorldIdentity {
  account: string;
  appKey: string;
  appToken: string;
  clientId: string;
  firstClientSecret: string;
  refreshToken: string;
  sellerId: string;
  storeName: string;
}

/** One VTEX account, one LWA application, one Amazon seller. */
export class World {
  readonly identity: WorldIdentity;
  readonly listings: ListingBook;
  readonly feeds: FeedBook;
  readonly orders: OrderBook;
  readonly reservations: ReservationBook;
  readonly storeOrders: OrderIntegrationBook;
  readonly notices: NoticeSender;
  private readonly held = new HeldStock();
  private ownStore!: Store;

  constructor(
    readonly settings: WorldSettings,
    store: Store,
    private readonly journal: Journal,
    private readonly clock: SandboxClock,
    visibleAfterMs: number
  ) {
    this.store = store;
    this.identity = identityOf(settings.name, settings.account);
    this.listings = new ListingBook({
      worldName: settings.name,
      sellerId: this.identity.sellerId,
      journal,
      clock,
      visibleAfterMs,
      moodOf: (sellerSku) => this.moodOf(sellerSku),
    });
    this.feeds = new FeedBook({
      worldName: settings.name,
      journal,
      clock,
      stepMs: visibleAfterMs,
      mood: () => settings.feedMood ?? null,
    });
    this.notices = new NoticeSender({ clock, queue: () => settings.noticeQueue });
    this.orders = new OrderBook({
      worldName: settings.name,
      journal,
      clock,
      onChange: (order) => this.notices.send(orderChangeNotice(this.identity.sellerId, order)),
    });
    this.reservations = new ReservationBook({ worldName: settings.name, journal, clock, held: this.held });
    this.storeOrders = new OrderIntegrationBook({
      worldName: settings.name,
      account: settings.account,
      journal,
      clock,
      held: this.held,
      manners: () => orderMannersOf(this),
      process: (task) => processTask(this, task),
    });
  }

  get store(): Store {
    return this.ownStore;
  }

  /** What is held of the store before is held of this one. */
  set store(store: Store) {
    store.held = this.held;
    this.ownStore = store;
  }

  /** Epoch milliseconds. */
  get now(): number {
    return this.clock.now();
  }

  /** Lets happen what is due in its orders and reservations. */
  settle(): void {
    this.orders.settle();
    this.reservations.settle();
    this.storeOrders.settle();
  }

  get currentSecret(): string {
    return this.settings.secrets.at(-1)?.value ?? '';
  }

  isSecretAccepted(secret: string, now: number): boolean {
    const known = this.settings.secrets.find(({ value }) => value === secret);
    if (!known || known.expired || now < (known.validFrom ?? 0)) return false;
    return now < (known.validUntil ?? Infinity) && now < (known.expiresAt ?? Infinity);
  }

  /** Makes a new client secret. The one before works on for 7 days unless it has expired or the manners say otherwise. */
  replaceSecret(now: number, { oldLivesSeconds, newDeadSeconds = 0 }: Partial<RotationManners> = {}): ClientSecret {
    const validUntil = now + (oldLivesSeconds === undefined ? SECRET_GRACE_MS : oldLivesSeconds * 1000);
    for (const known of this.settings.secrets) known.validUntil ??= validUntil;
    const value = `amzn1.oa2-cs.v1.${hex(`${this.settings.name}:secret:${this.settings.secrets.length + 1}`, 64)}`;
    const validFrom = now + newDeadSeconds * 1000;
    const made = { value, expired: false, validFrom, validUntil: null, expiresAt: now + SECRET_LIFE_MS };
    this.settings.secrets.push(made);
    this.save();
    return made;
  }

  /** How Amazon takes this seller SKU: the mood of the store's SKU with that refId, or else with that id. */
  moodOf(sellerSku: string): AmazonMood | null {
    return this.store.find(sellerSku)?.mood ?? null;
  }

  /** To be called after every change of the settings. */
  save(): void {
    this.journal.put(worldKey(this.settings.name), this.settings);
  }
}

export function worldKey(name: string): string {
  return `world/${name}`;
}

export function newWorldSettings(name: string): WorldSettings {
  const account = accountOf(name);
  return {
    name,
    account,
    catalogDigest: '',
    marketplaceIds: [...DEFAULT_MARKETPLACES],
    participatingIn: [...DEFAULT_MARKETPLACES],
    affiliateCreation: 'allowed',
    salesChannels: [
      { Id: 1, Name: 'Main', IsActive: true, CountryCode: 'USA', CurrencyCode: 'USD' },
      { Id: 2, Name: 'Second', IsActive: false, CountryCode: 'USA', CurrencyCode: 'USD' },
    ],
    affiliates: {},
    vtexDown: false,
    secrets: [{ value: identityOf(name, account).firstClientSecret, expired: false, validUntil: null }],
    accessRevoked: false,
    tokensValidFrom: 0,
  };
}

/** Everything that a world's name determines; the shapes are those of the real things. */
function identityOf(name: string, account: string): WorldIdentity {
  return {
    account,
    appKey: `vtexappkey-${account}-${alnum(`${name}:appKey`, 6)}`,
    appToken: alnum(`${name}:appToken`, 86),
    clientId: `amzn1.application-oa2-client.${hex(`${name}:client`, 32)}`,
    firstClientSecret: `amzn1.oa2-cs.v1.${hex(`${name}:secret:1`, 64)}`,
    refreshToken: `Atzr|${digest(`${name}:refresh:1`).toString('base64url')}${digest(`${name}:refresh:2`).toString('base64url')}`,
    sellerId: `A${alnum(`${name}:seller`, 13)}`,
    storeName: `${name} store`,
  };
}

/** VTEX account names are letters and digits; a name that loses characters gets a digest so that no two names meet. */
function accountOf(name: string): string {
  const plain = name.replace(/[^a-z0-9]/g, '');
  return plain === name ? plain : `${plain}${hex(name, 6)}`;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(`longshore-sandbox:${text}`).digest();
}

function hex(text: string, length: number): string {
  return digest(text).toString('hex').slice(0, length);
}

function alnum(text: string, length: number): string {
  const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
  let out = '';
  for (let round = 0; out.length < length; round += 1) {
    for (const byte of digest(`${text}:${round}`)) out += alphabet[byte % alphabet.length];
  }
  return out.slice(0, length);
}
