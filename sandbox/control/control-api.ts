import type { Request, Router } from 'express';
import { json, type Answer } from '../answer';
import type { CallLog } from '../calls';
import { parseCatalog } from '../catalog';
import type { SandboxClock } from '../clock';
import type { Faults } from '../faults';
import type { Journal } from '../journal';
import { processFeeds } from '../amazon/feeds-processing';
import type { RateLimits } from '../amazon/rate-limits';
import { bodyText, headerText, pathParameter, queryText } from '../query';
import type { SalesLayerAccounts } from '../saleslayer/accounts';
import { Notifications } from '../vtex/notifications';
import type { World } from '../world';
import type { Worlds } from '../worlds';
import { control, done, refused, unknown, worldOf } from './answers';
import { amazonBooks, vtexBooks } from './books';
import { mountNotificationControl } from './notifications';
import { mountOrderControl } from './orders';
import { amazonOrderBooks } from './orders-books';
import * as parse from './requests';

interface ControlOptions {
  worlds: Worlds;
  calls: CallLog;
  faults: Faults;
  clock: SandboxClock;
  rateLimits: RateLimits;
  journal: Journal;
  salesLayer: SalesLayerAccounts;
}

const ROOT = '/__sandbox';

/**
 * How tests and demos steer the sandbox. No credentials: it listens on the loopback interface. A request that cannot be
 * understood is answered 400 `{error}` with a sentence; one about something unknown, 404 `{error}`.
 */
export function mountControl(router: Router, options: ControlOptions): void {
  const { worlds, calls, faults, clock, salesLayer } = options;
  const notifications = new Notifications(clock);
  const describe = (world: World): object => ({ ...facts(world), salesLayer: salesLayer.of(world).identity });

  router.get(
    `${ROOT}/health`,
    control(() => json(200, { status: 'ok', now: clock.iso() }))
  );

  router.put(
    `${ROOT}/worlds/:name`,
    control((request) => {
      const name = pathParameter(request, 'name');
      parse.checkWorldName(name);
      const wanted = parse.worldRequest(headerText(request, 'content-type'), bodyText(request));
      if (!wanted.products && !worlds.named(name))
        throw refused('a new world needs a catalogue: generate, catalogPath or NDJSON');
      return json(200, describe(worlds.put(name, wanted)));
    })
  );
  router.get(
    `${ROOT}/worlds`,
    control(() => json(200, worlds.all().map(describe)))
  );
  router.get(
    `${ROOT}/worlds/:name`,
    control((request) => json(200, describe(worldOf(request, worlds))))
  );
  router.post(
    `${ROOT}/worlds/:name/skus/:sku`,
    control((request) => changeSku(request, worlds, notifications))
  );
  router.post(
    `${ROOT}/worlds/:name/products`,
    control((request) => addProducts(request, worlds, notifications))
  );
  router.get(
    `${ROOT}/worlds/:name/notifications`,
    control((request) => json(200, notifications.of(worldOf(request, worlds).settings.name)))
  );
  router.post(
    `${ROOT}/worlds/:name/amazon`,
    control((request) => {
      const world = worldOf(request, worlds);
      changeAmazon(request, world, clock);
      return json(200, describe(world));
    })
  );
  router.post(
    `${ROOT}/worlds/:name/vtex`,
    control((request) => {
      const world = worldOf(request, worlds);
      changeVtex(request, world);
      return json(200, describe(world));
    })
  );
  router.post(
    `${ROOT}/worlds/:name/saleslayer`,
    control((request) => {
      const world = worldOf(request, worlds);
      const account = salesLayer.of(world);
      const { reconfigure, ...change } = parse.salesLayerChange(bodyText(request));
      salesLayer.change(account, {
        ...change,
        ...(reconfigure && { configuration: account.settings.configuration + 1 }),
      });
      return json(200, describe(world));
    })
  );

  mountOrderControl(router, ROOT, worlds);
  mountNotificationControl(router, ROOT, worlds);

  router.get(
    `${ROOT}/books`,
    control((request) => {
      const seller = queryText(request, 'seller');
      const account = queryText(request, 'account');
      const all = worlds.all();
      const sellers = account && !seller ? [] : all.filter((world) => !seller || world.identity.sellerId === seller);
      for (const world of sellers) processFeeds(world, clock);
      const accounts = seller && !account ? [] : all.filter((world) => !account || world.identity.account === account);
      return json(200, {
        amazon: amazonBooks(sellers),
        amazonOrders: amazonOrderBooks(sellers),
        vtex: vtexBooks(accounts),
      });
    })
  );

  router.get(
    `${ROOT}/calls`,
    control((request) => json(200, calls.find(parse.callQuery(request))))
  );
  router.get(
    `${ROOT}/calls/summary`,
    control(() => json(200, calls.summary()))
  );
  router.get(
    `${ROOT}/calls/busiest`,
    control((request) => {
      const { operation, seconds } = parse.busiestQuery(request);
      return json(200, { operation, seconds, most: calls.most(operation, seconds) });
    })
  );
  router.delete(
    `${ROOT}/calls`,
    control(() => done(() => calls.clear()))
  );

  router.post(
    `${ROOT}/faults`,
    control((request) => json(201, { id: faults.add(parse.faultRequest(bodyText(request))) }))
  );
  router.get(
    `${ROOT}/faults`,
    control(() => json(200, faults.list()))
  );
  router.delete(
    `${ROOT}/faults`,
    control(() => done(() => faults.clear()))
  );
  router.delete(
    `${ROOT}/faults/:id`,
    control((request) => {
      if (!faults.remove(pathParameter(request, 'id'))) throw unknown(`fault ${pathParameter(request, 'id')}`);
      return { status: 204 };
    })
  );

  router.get(
    `${ROOT}/clock`,
    control(() => json(200, clockState(clock)))
  );
  router.post(
    `${ROOT}/clock`,
    control((request) => {
      const change = parse.clockChange(bodyText(request));
      clock.advance(change.advanceSeconds ?? 0);
      if (change.frozen !== undefined) clock.freeze(change.frozen);
      for (const world of worlds.all()) world.settle();
      options.journal.put('clock', clock.ahead);
      return json(200, clockState(clock));
    })
  );
  router.post(
    `${ROOT}/reset`,
    control(() =>
      done(() => {
        worlds.clear();
        salesLayer.clear();
        notifications.clear();
        faults.clear();
        calls.clear();
        options.rateLimits.clear();
        clock.reset();
        options.journal.put('clock', 0);
      })
    )
  );
  router.all(
    `${ROOT}/{*rest}`,
    control((request) => {
      throw unknown(`${request.method} ${request.path}`);
    })
  );
}

function changeSku(request: Request, worlds: Worlds, notifications: Notifications): Answer {
  const world = worldOf(request, worlds);
  const named = pathParameter(request, 'sku');
  const sku = world.store.find(named);
  if (!sku) throw unknown(`SKU ${named} in world ${world.settings.name}`);
  const change = parse.skuChange(bodyText(request));
  const telling = parse.tellingOf(bodyText(request));
  const tell = notifications.watch(world, sku);
  worlds.changeSku(world, sku.skuId, change);
  tell(change, telling);
  return json(200, vtexBooks([world])[world.identity.account]?.skus[String(sku.skuId)] ?? { removed: true });
}

function addProducts(request: Request, worlds: Worlds, notifications: Notifications): Answer {
  const world = worldOf(request, worlds);
  const tell = parse.isToldOf(request);
  const added = worlds.addProducts(world, parseCatalog(bodyText(request)));
  if (tell) notifications.announce(world, added);
  return json(201, { skus: added.map(({ skuId, refId }) => ({ skuId, refId })) });
}

function changeAmazon(request: Request, world: World, clock: SandboxClock): void {
  const { settings } = world;
  const change = parse.amazonChange(bodyText(request));
  const now = clock.now();
  if (change.secretExpired !== undefined) for (const secret of settings.secrets) secret.expired = change.secretExpired;
  if (change.accessRevoked !== undefined) settings.accessRevoked = change.accessRevoked;
  if (change.expireTokens) settings.tokensValidFrom = now + 1;
  if (change.rotation) settings.rotation = change.rotation;
  if (change.newClientSecret) world.replaceSecret(now, settings.rotation);
  if (change.feeds !== undefined) settings.feedMood = change.feeds;
  if (change.ordersRefuse) settings.ordersRefuse = change.ordersRefuse;
  if (change.orderLagSeconds !== undefined) settings.orderLagSeconds = change.orderLagSeconds;
  if (change.participating !== undefined) {
    settings.participatingIn = Array.isArray(change.participating)
      ? change.participating
      : change.participating
        ? [...settings.marketplaceIds]
        : [];
  }
  world.save();
}

function changeVtex(request: Request, world: World): void {
  const change = parse.vtexChange(bodyText(request));
  if (change.affiliateCreation) world.settings.affiliateCreation = change.affiliateCreation;
  if (change.salesChannels) world.settings.salesChannels = change.salesChannels;
  if (change.down !== undefined) world.settings.vtexDown = change.down;
  world.settings.reservations = { ...world.settings.reservations, ...change.reservations };
  world.settings.orderIntegration = { ...world.settings.orderIntegration, ...change.orders };
  world.save();
}

/** A world as the control API shows it: everything that a connector is configured with. */
function facts(world: World): object {
  const { identity, settings, store } = world;
  return {
    name: settings.name,
    vtex: { account: identity.account, appKey: identity.appKey, appToken: identity.appToken, salesChannel: '1' },
    amazon: {
      clientId: identity.clientId,
      clientSecret: world.currentSecret,
      refreshToken: identity.refreshToken,
      sellerId: identity.sellerId,
      marketplaceIds: settings.marketplaceIds,
    },
    catalog: { digest: settings.catalogDigest, products: store.products().length, skus: store.skus().length },
  };
}

function clockState(clock: SandboxClock): object {
  return { now: clock.iso(), aheadSeconds: clock.ahead / 1000, frozen: clock.isFrozen };
}
