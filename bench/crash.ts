import { sentAgain } from '../test/e2e/sandbox-control';
import { plain, type Figure } from './figure';
import type { Lab } from './lab';
import { IN_FLIGHT } from './site';

/** What `kill -9` of the only worker in the middle of a sync costs, once another has been started. */
export async function* measureCrash(lab: Lab): AsyncIterable<Figure> {
  const skus = lab.pick({ full: 1000, short: 120 });
  const site = await lab.openShared();
  const { stack } = site;
  const shop = await site.openShop('crash', skus, 'file');
  // Amazon takes a moment for each SKU, so that the worker dies with requests in flight.
  await stack.sandbox.fault({ match: { operation: 'putListingsItem' }, kind: 'slow', delayMs: 100 });
  const syncId = await stack.api.activate(shop.connectorId);
  await stack.api.whenIn(syncId, 'publish', skus / 3);
  await stack.kill('worker', 'SIGKILL');
  await stack.startWorker();
  await site.ended(syncId);
  await stack.sandbox.liftFaults();
  const books = await stack.sandbox.amazonBooks(shop.world);
  yield plain('crash/skus-lost', { value: skus - Object.keys(books).length, unit: 'SKUs', target: { atMost: 0 } });
  yield plain('crash/skus-sent-twice', { value: sentAgain(books), unit: 'SKUs', target: { atMost: IN_FLIGHT } });
}
