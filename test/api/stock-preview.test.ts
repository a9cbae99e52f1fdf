import type { CatalogItem } from '../../domain/catalog-item';
import { afterCollect } from '../../domain/ledger';
import { laneFor } from '../../domain/listing-changes';
import { fingerprintOf, hashesOf } from '../../domain/listing-hashes';
import { judge, ruleSettingsOf } from '../../domain/listing-rules';
import { connectorStore } from '../../models/connectors';
import type { ListingDocument } from '../../models/listings';
import { anItem } from '../domain/items';
import { ApiUnderTest } from './api-under-test';
import { listing, putListings, putRun, vtexConnector } from './samples';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(async () => {
  await api.stop();
});

const stock = (connectorId: string, sku: string, units: number | null, parts: Partial<ListingDocument> = {}) =>
  listing(connectorId, sku, { verdict: { kind: 'sell', reasons: [], quantity: 0, stock: units }, ...parts });

const preview = async (id: string, query = '') => (await api.get(`/v1/connectors/${id}/stock-preview${query}`)).body;

describe('GET …/stock-preview (V6)', () => {
  it('says how to read the stock before the assortment was read', async () => {
    const id = await api.connector();

    expect(await preview(id)).toEqual({
      minimumStock: 2,
      configuredMinimumStock: 2,
      known: false,
      readAt: null,
      count: 0,
      note: `The assortment was not read yet. POST /v1/connectors/${id}/syncs with {"mode":"preview"} reads it and sends nothing.`,
      items: [],
      nextCursor: null,
    });
  });

  it('lists the SKUs strictly below the minimum that is tried, page by page, and counts them all', async () => {
    const id = await api.connector();
    await putListings(api.connection, [
      stock(id, 'four', 4),
      stock(id, 'five', 5),
      stock(id, 'three', 3),
      stock(id, 'oversold', -2),
      stock(id, 'endless', null),
      stock(id, 'kit', 1, { verdict: { kind: 'block', reasons: [], blockReason: 'kit' } }),
      stock(id, 'gone', 0, { state: 'removed', verdict: { kind: 'remove', reasons: [] } }),
    ]);
    await putListings(api.connection, [stock(await api.connector(), 'of another connector', 0)]);

    const first = await preview(id, '?minimumStock=5&limit=2');
    expect(first).toMatchObject({ minimumStock: 5, configuredMinimumStock: 2, known: true, count: 3 });
    expect(first.items.map((each) => [each.sku, each.stock, each.because])).toEqual([
      ['four', 4, 'minimum_stock'],
      ['oversold', -2, 'minimum_stock'],
    ]);
    const second = await preview(id, `?minimumStock=5&limit=2&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ count: 3, items: [{ sku: 'three' }], nextCursor: null });

    expect((await preview(id)).items.map(({ sku }) => sku)).toEqual(['oversold']);
    expect(await preview(id, '?minimumStock=0')).toMatchObject({ known: true, count: 0, items: [] });
  });

  it('says when each stock was read, and when the assortment was', async () => {
    const id = await api.connector();
    const run = (n: number) => `syn_0000000000000000aa${String(n).padStart(2, '0')}`;
    const at = (day: number) => new Date(`2026-03-0${day}T00:00:00.000Z`);
    await putRun(api.connection, { _id: run(1), connectorId: id, startedAt: at(1), outcome: 'completed' });
    await putRun(api.connection, { _id: run(2), connectorId: id, startedAt: at(2), publishStartedAt: at(2) });
    await putRun(api.connection, {
      _id: run(3),
      connectorId: id,
      startedAt: at(3),
      scope: 'skus',
      outcome: 'completed',
    });
    await putRun(api.connection, { _id: run(4), connectorId: id, startedAt: at(4), outcome: 'skipped' });
    await putListings(api.connection, [
      stock(id, 'a', 0, { lastRun: run(1) }),
      stock(id, 'b', 0, { lastRun: run(3) }),
      stock(id, 'c', 0, { lastRun: 'syn_that_is_not_kept' }),
    ]);

    const body = await preview(id);

    expect([body.readAt, body.note]).toEqual([at(2).toISOString(), null]);
    expect(body.items.map(({ readAt }) => readAt)).toEqual([at(1).toISOString(), at(3).toISOString(), null]);
  });

  it('says that SKUs may be missing while no reading has come to its end', async () => {
    const id = await api.connector();
    await putRun(api.connection, { _id: 'syn_0000000000000000bb01', connectorId: id, total: 1 });
    await putListings(api.connection, [stock(id, 'a', 0)]);

    const body = await preview(id);

    expect(body).toMatchObject({ known: true, readAt: null, count: 1 });
    expect(body.note).toContain('may be missing here');
  });

  it('counts what the stock rules leave nothing of, and says that they do (B12)', async () => {
    const id = await api.connector('active', vtexConnector({ offer: { stock: { percentage: 50, buffer: 2 } } }));
    await putListings(api.connection, [stock(id, 'one', 1), stock(id, 'five', 5), stock(id, 'six', 6)]);

    const body = await preview(id);

    expect(body.items.map((each) => [each.sku, each.because])).toEqual([
      ['five', 'stock_rules'],
      ['one', 'minimum_stock'],
    ]);
  });

  it('finds nothing where no quantity is sent', async () => {
    const id = await api.connector('active', vtexConnector({ listing: { requirements: 'LISTING_PRODUCT_ONLY' } }));
    await putListings(api.connection, [stock(id, 'a', 0)]);

    expect(await preview(id)).toMatchObject({
      known: true,
      count: 0,
      items: [],
      note: 'This connector sends product facts only, so no stock pauses anything.',
    });
  });

  it('agrees with the rules, SKU by SKU', async () => {
    const body = vtexConnector({ offer: { minimumStock: 4, stock: { percentage: 30, buffer: 1 } } });
    const id = await api.connector('active', body);
    const kept = await connectorStore(api.connection).get(id);
    const settings = ruleSettingsOf(kept!.config);
    const items = [-3, 0, 2.9, 3, 4, 6, 6.9, 7, 50].map((units): CatalogItem =>
      anItem({ sku: `stock ${units}`, stock: { kind: 'units', units } })
    );
    const judged = items.map((item) => ({ item, verdict: judge(item, settings) }));
    const context = { connectorId: id, syncId: 'syn_1', hashesOf, laneFor, now: new Date() };
    await putListings(
      api.connection,
      judged.map(({ item, verdict }) =>
        listing(
          id,
          item.sku,
          afterCollect(undefined, item, verdict, true, { ...context, fingerprint: fingerprintOf(item) })
        )
      )
    );

    const paused = judged.filter(({ verdict }) => verdict.kind === 'pause').map(({ item }) => item.sku);
    expect(paused.length).toBeGreaterThan(3);
    expect((await preview(id)).items.map(({ sku }) => sku)).toEqual(paused.sort());
  });

  it('knows no connector that is not there, and no cursor of another list', async () => {
    expect((await api.get('/v1/connectors/con_00000000000000000000/stock-preview')).status).toBe(404);
    const id = await api.connector();
    expect((await api.get(`/v1/connectors/${id}/stock-preview?cursor=abc`)).status).toBe(422);
    expect((await api.get(`/v1/connectors/${id}/stock-preview?minimumStock=-1`)).status).toBe(422);
  });
});
