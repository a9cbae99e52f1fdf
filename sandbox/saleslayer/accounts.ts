import { createHash } from 'node:crypto';
import type { Journal } from '../journal';
import type { World } from '../world';
import type { Worlds } from '../worlds';
import { ChangeLog } from './changes';

/** What a Sales Layer account of a world remembers besides the catalogue, which is the world's. */
export interface SalesLayerSettings {
  /** Languages of the texts, the default one first. */
  languages: string[];
  /** Answers every call with this `error`, or null. */
  answerError: number | null;
  down: boolean;
  /** The REST catalogue answers 403. */
  keyForbidden: boolean;
  /** Raised with every change of the connector's configuration; it also turns the order of the columns. */
  configuration: number;
  /** Rows of one page instead of the documented sizes, for small catalogues; null: as documented. */
  rowsPerPage: number | null;
  /** `D` rows for ids that were never exported, in every update. */
  strangers: number;
  /** References of products and SKUs that are drafts. */
  drafts: string[];
  /** Whether stock and price are modelled as attributes. */
  hasOffers: boolean;
}

interface SalesLayerIdentity {
  connectorCode: string;
  secretKey: string;
  apiKey: string;
}

/** One world seen as a Sales Layer account with one connector and one REST key. */
export interface SalesLayerAccount {
  world: World;
  identity: SalesLayerIdentity;
  settings: SalesLayerSettings;
  changes: ChangeLog;
  /** `unique` numbers that were used. */
  uniques: Set<string>;
  /** When the REST catalogue was asked lately, in epoch milliseconds. */
  requests: number[];
}

const PREFIX = 'saleslayer/';

/** The Sales Layer side of every world; made when it is first asked for. */
export class SalesLayerAccounts {
  private readonly byWorld = new Map<string, SalesLayerAccount>();

  constructor(
    private readonly worlds: Worlds,
    private readonly journal: Journal
  ) {}

  of(world: World): SalesLayerAccount {
    const { name } = world.settings;
    const known = this.byWorld.get(name);
    if (known?.world === world) return known;
    const kept = this.journal.get(PREFIX + name) as SalesLayerSettings | undefined;
    const account: SalesLayerAccount = {
      world,
      identity: identityOf(name),
      settings: kept ?? firstSettings(),
      changes: new ChangeLog(),
      uniques: new Set(),
      requests: [],
    };
    this.byWorld.set(name, account);
    return account;
  }

  ofConnectorCode(code: string): SalesLayerAccount | undefined {
    return this.find(({ connectorCode }) => connectorCode === code);
  }

  ofApiKey(key: string): SalesLayerAccount | undefined {
    return this.find(({ apiKey }) => apiKey === key);
  }

  change(account: SalesLayerAccount, change: Partial<SalesLayerSettings>): void {
    Object.assign(account.settings, change);
    this.journal.put(PREFIX + account.world.settings.name, account.settings);
  }

  clear(): void {
    this.byWorld.clear();
    this.journal.deleteAll(PREFIX);
  }

  private find(isIt: (identity: SalesLayerIdentity) => boolean): SalesLayerAccount | undefined {
    const world = this.worlds.all().find(({ settings }) => isIt(identityOf(settings.name)));
    return world && this.of(world);
  }
}

function firstSettings(): SalesLayerSettings {
  return {
    languages: ['en'],
    answerError: null,
    down: false,
    keyForbidden: false,
    configuration: 1,
    rowsPerPage: null,
    strangers: 0,
    drafts: [],
    hasOffers: true,
  };
}

/** The shapes are those of the real things: `CN000H0000C000`, 32 hex digits. */
function identityOf(name: string): SalesLayerIdentity {
  const digest = (what: string): string =>
    createHash('sha256').update(`longshore-sandbox:${name}:saleslayer:${what}`).digest('hex');
  const code = digest('code').toUpperCase();
  return {
    connectorCode: `CN${code.slice(0, 3)}H${code.slice(3, 7)}C${code.slice(7, 10)}`,
    secretKey: digest('secret').slice(0, 32),
    apiKey: digest('apiKey').slice(0, 40),
  };
}
