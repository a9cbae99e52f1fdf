import { ApplicationFailure } from '@temporalio/common';
import type { ConnectorInput, OnboardingStep, StepResult, WaitingFor } from '../domain/connector';
import { parseConnector, SECRET_FIELDS } from '../domain/connector-contract';
import { secretFailure } from '../domain/credential-rotation';
import { isAuthFailure, isPassing, isSecretFailure, OutsideError } from '../domain/errors';
import { requireMarketplace } from '../domain/marketplaces';
import type { AmazonAccount, AmazonAccounts, AmazonListings } from '../domain/ports/amazon';
import type { Orchestrator } from '../domain/ports/orchestrator';
import type { Sealed, SecretBox } from '../domain/ports/secrets';
import type { SalesLayerCatalogue } from '../domain/ports/sales-layer';
import type { Affiliate, FileCatalogue, FileLook, VtexStore } from '../domain/ports/source';
import type { ConnectorDocument, ConnectorStore } from '../models/connectors';
import { credentialIdOf, type CredentialStore } from '../models/credentials';
import type { HookTokenStore } from '../models/hook-tokens';
import type { OpenedCredentials } from '../models/opened-credentials';
import type { OrderStore } from '../models/orders';
import type { SyncRunStore } from '../models/sync-runs';
import { amazonAccount } from '../domain/amazon-account';
import { waitingForOf } from './failures';
import { bringOrdersInLine } from './orders/in-line';
import { withPulse } from './pulse';
import { checkSalesLayer } from './sales-layer-check';

export interface ConnectorOnboardingDependencies {
  connectors: ConnectorStore;
  credentials: CredentialStore;
  hookTokens: Pick<HookTokenStore, 'tokenOf'>;
  runs: Pick<SyncRunStore, 'atWork'>;
  orders: OrderStore;
  secretBox: SecretBox;
  accounts: AmazonAccounts;
  listings: Pick<AmazonListings, 'search'>;
  /** Finds a client secret that Amazon takes in the place of the one in use. */
  otherSecret: OpenedCredentials['insteadOf'];
  /** Drops access tokens that were fetched with an older secret. */
  forgetTokens: (account: AmazonAccount) => void;
  /** The store of a VTEX connector, with its secrets opened. */
  vtexOf: (connector: ConnectorDocument) => VtexStore;
  /** The files of a file connector. */
  filesOf: (connector: ConnectorDocument) => FileCatalogue;
  /** The catalogue of a Sales Layer connector, with its secrets opened. */
  salesLayerOf: (connector: ConnectorDocument) => SalesLayerCatalogue;
  orchestrator: Orchestrator;
  /** Where the store reaches Longshore, without a trailing slash. */
  publicUrl: string;
}

/** An account's participations may be read once per 62 s, and seldom change. Source: Sellers API usage plan. */
const PARTICIPATION_KEPT_MS = 24 * 3600 * 1000;

/** The steps of onboarding. Each is safe to repeat; each answers, or throws a passing failure for the engine to retry. */
export function createConnectorOnboardingActivities(deps: ConnectorOnboardingDependencies) {
  const { connectors, credentials } = deps;

  async function connectorOf({ connectorId }: ConnectorInput): Promise<ConnectorDocument> {
    const connector = await connectors.get(connectorId);
    if (!connector || connector.state === 'removing')
      throw ApplicationFailure.nonRetryable(`Connector ${connectorId} is gone`, 'config');
    return connector;
  }

  /** A step against the outside world: a failure that a person can mend makes it wait, a passing one is thrown. */
  function step(work: (connector: ConnectorDocument, signal: AbortSignal) => Promise<StepResult>) {
    return (input: ConnectorInput): Promise<StepResult> =>
      withPulse(async ({ signal }) => {
        const connector = await connectorOf(input);
        try {
          return await work(connector, signal);
        } catch (error) {
          if (!(error instanceof OutsideError)) throw error;
          const waitingFor = waitingForOf(error);
          if (!isPassing(error.code)) return waitFor(waitingFor);
          // The engine brings the step back by itself; meanwhile people see why it takes long.
          await connectors.noteWaiting(connector._id, waitingFor);
          throw error;
        }
      });
  }

  return {
    /** Writes what people see of an onboarding. */
    async noteSteps(input: ConnectorInput & { steps: OnboardingStep[]; waitingFor: WaitingFor | null }): Promise<void> {
      await connectors.move(input.connectorId, ['draft'], 'onboarding');
      await connectors.noteSteps(input.connectorId, input.steps, input.waitingFor);
    },

    /** The contract once more: what is stored must stand on its own. */
    validateConfiguration: step(async (connector) => {
      const result = parseConnector(connector.config, new Set(SECRET_FIELDS));
      if (result.ok) return done('Every field is in order.');
      const { field, code, message } = result.problems[0]!;
      return waitFor({ code, field, message, owner: 'merchant' });
    }),

    /** One token exchange proves client secret and refresh token; only then are they taken into use. */
    proveCredential: step(async (connector, signal) => {
      const account = amazonAccount(connector._id, connector.config);
      const pair = await credentials.newest(account.clientId, account.sellerId);
      if (!pair)
        return waitFor({
          code: 'required',
          field: 'amazon.refreshToken',
          message: 'Save the client secret and the refresh token of the application.',
          owner: 'merchant',
        });
      const clientSecret = deps.secretBox.open(pair.clientSecret);
      const refreshToken = deps.secretBox.open(pair.refreshToken);
      const isNewSecret = pair.unproved.clientSecret && !isKept(pair.inUse.clientSecret, clientSecret);
      await proveSecrets(account, { clientSecret, refreshToken, isNewSecret }, signal);
      await credentials.promote(account.sellerId, pair, {
        clientSecret: isNewSecret,
        refreshToken: !isKept(pair.inUse.refreshToken, refreshToken),
      });
      await deps.orchestrator.credentialChanged(connector.credentialId);
      if (isNewSecret) await deps.orchestrator.secretChanged(connector.credentialId);
      deps.forgetTokens(account);
      await releaseFormer(account);
      for (const run of await deps.runs.atWork(connector._id)) await deps.orchestrator.wakeSync(run.workflowId);
      return done('Amazon accepts the client secret and the refresh token.');
    }),

    /** V4: the account takes part in the marketplace, and the seller id is its own. */
    checkAmazonAccount: step(async (connector, signal) => {
      const account = amazonAccount(connector._id, connector.config);
      const { country, id: marketplaceId } = account.marketplace;
      if (!(await isParticipating(connector, account, signal)))
        return waitFor({
          code: 'not_participating',
          field: 'amazon.country',
          message: `The Amazon account does not sell in ${country}. Register it there in Seller Central, or choose another country.`,
          owner: 'merchant',
        });
      try {
        await deps.listings.search(account, ['longshore-onboarding-check'], signal);
      } catch (error) {
        if (!(error instanceof OutsideError) || error.code !== 'auth.forbidden') throw error;
        return waitFor({
          code: 'seller_mismatch',
          field: 'amazon.sellerId',
          message: `The authorised Amazon account is not ${account.sellerId}, or may not manage listings. Correct the seller id, or authorise the application with the role Product Listing.`,
          owner: 'merchant',
        });
      }
      return done(`${account.sellerId} sells in ${country} (${marketplaceId}).`);
    }),

    /** V1, V3: the source is reachable, its trade policy active, and the affiliate id free; or its files or its catalogue can be read. */
    checkSource: step(async (connector, signal) => {
      const { source } = connector.config;
      if (source.type === 'file')
        return checkFiles(deps.filesOf(connector), source.upload ? 'source.upload' : 'source.path', signal);
      if (source.type === 'saleslayer')
        return checkSalesLayer(
          deps.salesLayerOf(connector),
          source.connectorCode ? 'source.secretKey' : 'source.apiKey',
          signal
        );
      const store = deps.vtexOf(connector);
      const channels = await store.salesChannels(signal);
      const channel = channels.find(({ id }) => id === source.salesChannel);
      if (!channel?.isActive)
        return waitFor({
          code: channel ? 'sales_channel_inactive' : 'sales_channel_unknown',
          field: 'source.salesChannel',
          message: channel
            ? `The trade policy ${source.salesChannel} (${channel.name}) is not active. Activate it in the store, or choose another.`
            : `The store has no trade policy ${source.salesChannel}; it has ${channels.map(({ id }) => id).join(', ')}.`,
          owner: 'merchant',
        });
      const { country, currency } = requireMarketplace(connector.config.amazon.country);
      if (channel.currency && channel.currency !== currency)
        return waitFor({
          code: 'currency_mismatch',
          field: 'source.salesChannel',
          message: `The trade policy ${channel.id} (${channel.name}) has prices in ${channel.currency}, and Amazon ${country} sells in ${currency}. Choose a trade policy in ${currency}.`,
          owner: 'merchant',
        });
      const affiliate = await store.affiliate(source.affiliateId, signal);
      if (affiliate && !isOwn(affiliate, connector))
        return waitFor({
          code: 'affiliate_id_taken',
          field: 'source.affiliateId',
          message: `The store already has an affiliate ${source.affiliateId} (${affiliate.name}). Choose three other consonants.`,
          owner: 'merchant',
        });
      return done(`${source.account} is reachable, and its trade policy ${channel.id} (${channel.name}) is active.`);
    }),

    /** V1, V2: the affiliate is created; where the store refuses that by API, a person is told what to create. */
    createAffiliate: step(async (connector, signal) => {
      if (connector.config.source.type !== 'vtex') return skipped('This source has no affiliates.');
      const store = deps.vtexOf(connector);
      const wanted = await affiliateOf(connector);
      const before = connector.onboarding.created.affiliateId;
      if (before && before !== wanted.id) {
        await store.deleteAffiliate(before, signal);
        await connectors.noteCreated(connector._id, { affiliateId: null });
      }
      const found = await store.affiliate(wanted.id, signal);
      if (found && isSame(found, wanted)) return done(`The affiliate ${wanted.id} is there.`);
      if (!found) await connectors.noteCreated(connector._id, { affiliateId: wanted.id });
      try {
        // Seen through even when the step is cancelled: cut off, it might still happen after a removal has looked.
        await store.putAffiliate(wanted, new AbortController().signal);
      } catch (error) {
        if (!(error instanceof OutsideError) || error.code !== 'auth.forbidden') throw error;
        if (!found) await connectors.noteCreated(connector._id, { affiliateId: null });
        return waitFor({
          code: 'affiliate_refused',
          message: `The store does not let Longshore create the affiliate. Create it in the VTEX Admin under Store Settings > Orders > Affiliates: id ${wanted.id}, name ${wanted.name}, e-mail ${wanted.followUpEmail}, trade policy ${wanted.salesChannel}, search endpoint as GET /v1/connectors/${connector._id}/hook shows it, version 1.x.x.`,
          owner: 'merchant',
        });
      }
      return done(`The affiliate ${wanted.id} was ${found ? 'corrected' : 'created'}.`);
    }),

    /** V8: a real freight quote shows that the default ZIP code can be served. */
    simulateShipping: step(async (connector, signal) => {
      const { orders, amazon } = connector.config;
      if (!orders.defaultZipCode || connector.config.source.type !== 'vtex')
        return skipped('No default ZIP code is set, so pending orders hold no stock.');
      const { alpha3 } = requireMarketplace(amazon.country);
      const quote = await deps.vtexOf(connector).quoteShipping(orders.defaultZipCode, alpha3, signal);
      if (quote.sourceId === null) return done('The assortment is empty, so there was nothing to quote.');
      if (quote.deliverable) return done(`${orders.defaultZipCode} is served by ${quote.services.join('; ')}.`);
      return waitFor({
        code: 'zip_not_served',
        field: 'orders.defaultZipCode',
        message: `No carrier of the store delivers to ${orders.defaultZipCode}. Choose a ZIP code that is served, or add a shipping policy for it.`,
        owner: 'merchant',
      });
    }),

    /** S12: the schedule is there; it is paused until the connector is active. Its orders hear of what has changed. */
    createSchedule: step(async (connector) => {
      await connectors.noteCreated(connector._id, { schedule: true });
      const { everyMinutes } = connector.config.schedule;
      const paused = connector.state !== 'active';
      await deps.orchestrator.applySchedule({ connectorId: connector._id, everyMinutes, paused });
      await bringOrdersInLine(deps, connector);
      return done(`A sync every ${everyMinutes} minutes${paused ? ', from activation on' : ''}.`);
    }),

    /** B11: a connector starts inactive. */
    finishOnboarding: step(async (connector) => {
      await connectors.move(connector._id, ['onboarding', 'draft'], 'inactive');
      return done('Ready to be activated.');
    }),
  };

  /**
   * Tries client secret and refresh token at Amazon. One that was just saved stands or falls by itself; where it is the one in
   * use, any other that Amazon takes does as well.
   */
  async function proveSecrets(
    account: AmazonAccount,
    tried: { clientSecret: string; refreshToken: string; isNewSecret: boolean },
    signal: AbortSignal
  ): Promise<void> {
    const { clientSecret, refreshToken, isNewSecret } = tried;
    const credential = { clientId: account.clientId, clientSecret, refreshToken };
    const test = (secret: string) => deps.accounts.testCredential({ ...credential, clientSecret: secret }, signal);
    try {
      await test(clientSecret);
    } catch (error) {
      if (!(error instanceof OutsideError) || !isSecretFailure(error.code)) throw error;
      if (isNewSecret) throw neverWorked(account.clientId);
      const other = await deps.otherSecret(account, credential, (secret) => isTaken(() => test(secret)));
      await test(other.clientSecret);
    }
  }

  /** Forgets what the seller has authorised for an application that a connector used before and none does now. */
  async function releaseFormer({ connectorId, clientId, sellerId }: AmazonAccount): Promise<void> {
    for (const former of await credentials.usedByOthersOf(sellerId, clientId)) {
      if (await connectors.shareAccount(connectorId, former, sellerId)) continue;
      await credentials.forget(former, sellerId);
      await deps.orchestrator.credentialChanged(credentialIdOf(former));
    }
  }

  /** Whether a secret that was proved is the one in use already; one that no key opens any more is another. */
  function isKept(inUse: Sealed | null, proved: string): boolean {
    try {
      return inUse !== null && deps.secretBox.open(inUse) === proved;
    } catch {
      return false;
    }
  }

  async function isParticipating(
    connector: ConnectorDocument,
    account: AmazonAccount,
    signal: AbortSignal
  ): Promise<boolean> {
    const { sellerId, marketplace } = account;
    const known = connector.onboarding.participation;
    const isFresh =
      known?.isParticipating &&
      known.sellerId === sellerId &&
      known.marketplaceId === marketplace.id &&
      Date.now() - known.at.getTime() < PARTICIPATION_KEPT_MS;
    if (isFresh) return true;
    const participations = await deps.accounts.participations(account, signal);
    const isParticipating = participations.some(
      (each) => each.marketplaceId === marketplace.id && each.isParticipating
    );
    const noted = { sellerId, marketplaceId: marketplace.id, isParticipating, at: new Date() };
    await connectors.noteParticipation(connector._id, noted);
    return isParticipating;
  }

  /** The affiliate that this connector wants. Its endpoint holds a secret. */
  async function affiliateOf({ _id, config }: ConnectorDocument): Promise<Affiliate> {
    if (config.source.type !== 'vtex') throw new TypeError('Only a VTEX store has affiliates');
    return {
      id: config.source.affiliateId,
      name: `Longshore ${_id}`,
      followUpEmail: config.source.affiliateEmail,
      salesChannel: config.source.salesChannel,
      endpoint: `${deps.publicUrl}/hooks/vtex/${_id}/${await deps.hookTokens.tokenOf(_id)}`,
    };
  }
}

export type ConnectorOnboardingActivities = ReturnType<typeof createConnectorOnboardingActivities>;

/** Amazon looks at the client secret first, so that any other refusal is about the refresh token. */
async function isTaken(test: () => Promise<void>): Promise<boolean> {
  try {
    await test();
    return true;
  } catch (error) {
    if (!(error instanceof OutsideError) || !isAuthFailure(error.code)) throw error;
    return !isSecretFailure(error.code);
  }
}

function neverWorked(clientId: string): OutsideError {
  return secretFailure({ clientId, hasWorked: false, dueAt: null, isNewOneThere: false }, new Date());
}

/** Files that a detail names; a folder may hold many. */
const FILES_NAMED = 8;

/** The beginning of every file can be read; what is wrong with one is for a person to mend. */
async function checkFiles(
  files: FileCatalogue,
  field: 'source.path' | 'source.upload',
  signal: AbortSignal
): Promise<StepResult> {
  const wait = (code: string, message: string): StepResult => waitFor({ code, field, message, owner: 'merchant' });
  try {
    const looks = (await files.look(signal)).files;
    const skus = looks.reduce((sum, each) => sum + each.skus, 0);
    const problem = looks.find(({ problems }) => problems.length > 0)?.problems[0];
    if (skus === 0)
      return wait('file_without_skus', problem ? `No row can be read. ${problem}` : 'The file holds no products yet.');
    return done([...looks.slice(0, FILES_NAMED).map(lookSentence), ...moreFiles(looks.length)].join(' '));
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    const missing = field === 'source.upload' ? 'upload_missing' : 'file_missing';
    return wait(isPassing(error.code) ? missing : 'file_unreadable', error.message);
  }
}

function lookSentence({ name, form, skus, unreadable, problems, isWhole }: FileLook['files'][number]): string {
  const seen = `${skus} ${skus === 1 ? 'SKU' : 'SKUs'} in ${isWhole ? 'it' : 'its beginning'}`;
  const bad = problems[0] ? `, ${unreadable} more cannot be read (${problems[0]})` : '';
  return `${name} is ${form}: ${seen}${bad}.`;
}

function moreFiles(count: number): string[] {
  return count > FILES_NAMED ? [`And ${count - FILES_NAMED} more files.`] : [];
}

/** An endpoint that names the connector tells its affiliate from everybody else's, wherever Longshore was reached then. */
function isOwn({ endpoint }: Affiliate, { _id }: ConnectorDocument): boolean {
  return endpoint?.includes(`/hooks/vtex/${_id}`) ?? false;
}

/** One that a person created counts, whatever its name. */
function isSame(found: Affiliate, wanted: Affiliate): boolean {
  return (
    found.endpoint === wanted.endpoint &&
    found.followUpEmail === wanted.followUpEmail &&
    found.salesChannel === wanted.salesChannel
  );
}

function done(detail: string): StepResult {
  return { kind: 'done', detail };
}

function skipped(detail: string): StepResult {
  return { kind: 'skipped', detail };
}

function waitFor(waitingFor: Omit<WaitingFor, 'since'>): StepResult {
  return { kind: 'waiting', waitingFor };
}
