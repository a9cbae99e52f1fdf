import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uploadStore } from '../../models/uploads';
import { plainProducts, Rig, type World } from './rig';

/** A merchant's export: rows that a test changes, written as a whole each time. */
class Export {
  readonly folder = mkdtempSync(join(tmpdir(), 'longshore-test-export-'));
  readonly path = join(this.folder, 'products.csv');
  readonly rows = new Map<string, string>();

  constructor(count: number) {
    for (let index = 1; index <= count; index++) this.set(`FILE-${index}`, `Runner ${index};19,90;${index + 10}`);
  }

  set(sku: string, rest: string): void {
    this.rows.set(sku, `${sku};${rest};Acme;A light shirt.;Men/Shirts`);
  }

  write(): void {
    const text = ['sku;title;price;stock;brand;description;category', ...this.rows.values(), ''].join('\r\n');
    writeFileSync(`${this.path}.new`, text);
    renameSync(`${this.path}.new`, this.path);
  }
}

describe('a connector whose source is a file', () => {
  let rig: Rig;
  const exports: Export[] = [];
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
    for (const { folder } of exports) rmSync(folder, { recursive: true, force: true });
  });

  function anExport(count: number): Export {
    const made = new Export(count);
    exports.push(made);
    return made;
  }

  async function connected(name: string, path: string): Promise<{ world: World; connectorId: string }> {
    const world = await rig.world(name, plainProducts(1));
    const connectorId = await rig.insertConnector(world, (input) => {
      input.source = { type: 'file', path };
    });
    return { world, connectorId };
  }

  async function sourceStep(connectorId: string) {
    const { steps } = (await rig.connector(connectorId)).onboarding;
    return steps.find(({ name }) => name === 'source');
  }

  it('is onboarded, syncs, sends a changed row alone, and takes a removed row off sale', async () => {
    const shop = anExport(20);
    shop.write();
    const { world, connectorId } = await connected('file-shop', shop.path);
    await rig.onboard(connectorId);
    const { steps } = (await rig.connector(connectorId)).onboarding;
    expect(steps.map(({ name, state }) => [name, state])).toEqual([
      ['validate', 'done'],
      ['credential', 'done'],
      ['amazon-account', 'done'],
      ['source', 'done'],
      ['affiliate', 'skipped'],
      ['shipping-simulation', 'skipped'],
      ['schedule', 'done'],
      ['ready', 'done'],
    ]);
    expect((await sourceStep(connectorId))?.detail).toBe(
      'products.csv is a file with one SKU a row, UTF-8, separated by semicolons: 20 SKUs in it.'
    );

    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 20 });
    const before = await rig.books(world);
    expect(before['FILE-3']).toMatchObject({ quantity: 13, price: 19.9, state: 'live' });

    shop.set('FILE-3', 'Runner 3;24,90;13');
    shop.rows.delete('FILE-7');
    shop.write();
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 19, removed: 1 });
    const after = await rig.books(world);
    expect(after['FILE-3']).toMatchObject({ quantity: 13, price: 24.9 });
    expect(after['FILE-7']).toMatchObject({ quantity: 0 });
    const touched = Object.keys(after).filter((sku) => after[sku]?.submissions !== before[sku]?.submissions);
    expect(touched.sort()).toEqual(['FILE-3', 'FILE-7']);
  });

  it('shows a row that cannot be read, keeps what it knew of its SKU, and sends it once the row is mended', async () => {
    const shop = anExport(5);
    shop.set('FILE-2', 'Runner 2;on request;12');
    shop.write();
    const { world, connectorId } = await connected('file-broken', shop.path);
    await rig.onboard(connectorId);
    expect((await sourceStep(connectorId))?.detail).toContain(
      "4 SKUs in it, 1 more cannot be read (line 3 of products.csv: Its price 'on request' is not a number.)."
    );
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 4, blocked: 1 });
    const shown = (await rig.listings(connectorId)).find(({ sourceId }) => sourceId === 'FILE-2');
    expect(shown).toMatchObject({ state: 'blocked', problemCodes: ['unreadable'] });
    expect(shown?.reason).toContain("line 3 of products.csv: Its price 'on request' is not a number.");

    shop.set('FILE-2', 'Runner 2;19,90;12');
    shop.set('FILE-4', 'Runner 4;19,90;a few');
    shop.write();
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 5 });
    expect((await rig.books(world))['FILE-4']).toMatchObject({ quantity: 14 });
  });

  it('waits for a file that is not there or not known, and goes on when it is', async () => {
    const shop = anExport(3);
    writeFileSync(shop.path, 'Artikelnummer;Preis\r\nA1;3,50\r\n');
    const missing = join(shop.folder, 'missing.csv');
    const { connectorId } = await connected('file-waiting', missing);
    await rig.orchestrator.startOnboarding(connectorId);
    expect(await rig.waiting(connectorId, 'file_missing')).toMatchObject({
      field: 'source.path',
      owner: 'merchant',
      message: `There is no file ${missing} on the worker.`,
    });
    await rig.patch(connectorId, { 'source.path': shop.path });
    expect((await rig.waiting(connectorId, 'file_unreadable')).message).toMatch(
      /^The columns of products\.csv are not known: it has 'Artikelnummer', 'Preis'\./
    );
    await rig.patch(connectorId, { 'source.columns': { sku: 'Artikelnummer', price: 'Preis' } });
    await rig.until(
      async () => (await rig.connector(connectorId)).state === 'inactive',
      'the connector to be inactive'
    );
    expect((await sourceStep(connectorId))?.detail).toContain('products.csv is a file with mapped columns');
  });

  it('waits while the file is away, and takes nothing off sale', async () => {
    const shop = anExport(3);
    shop.write();
    const { world, connectorId } = await connected('file-away', shop.path);
    await rig.onboard(connectorId);
    await rig.firstSync(connectorId);
    renameSync(shop.path, `${shop.path}.away`);
    const syncId = await rig.startSync(connectorId);
    await rig.until(
      async () => (await rig.run(connectorId))?.waitingFor?.message.includes('There is no file') === true,
      'the sync to wait for the file'
    );
    expect((await rig.books(world))['FILE-1']).toMatchObject({ quantity: 11 });
    renameSync(`${shop.path}.away`, shop.path);
    const run = await rig.ended(connectorId, (each) => each._id === syncId);
    expect(run.counts).toMatchObject({ live: 3, removed: 0 });
  });

  it('waits for an upload, goes on when it comes, and sends what the next one changes', async () => {
    const world = await rig.world('file-upload', plainProducts(1));
    const connectorId = await rig.insertConnector(world, (input) => {
      input.source = { type: 'file', upload: true };
    });
    const rowsOf = (price: string): string =>
      `sku,title,price,stock,brand,description,category\n${[1, 2, 3].map((each) => `UP-${each},Runner ${each},${each === 2 ? price : '9.90'},5,Acme,A light shirt.,Men/Shirts`).join('\n')}\n`;
    const upload = async (text: string): Promise<void> => {
      const arrival = { connectorId, name: 'products.csv', by: 'test', at: new Date() };
      await uploadStore(rig.database).receive(
        arrival,
        (async function* () {
          yield Buffer.from(text);
        })()
      );
      await rig.orchestrator.configurationChanged(connectorId);
    };

    await rig.orchestrator.startOnboarding(connectorId);
    expect(await rig.waiting(connectorId, 'upload_missing')).toMatchObject({
      field: 'source.upload',
      owner: 'merchant',
      message: `No catalogue has been uploaded yet. Send it with PUT /v1/connectors/${connectorId}/catalogue?name=products.csv, the file as the body.`,
    });
    await upload(rowsOf('9.90'));
    await rig.onboard(connectorId);
    expect((await sourceStep(connectorId))?.detail).toBe(
      'products.csv is a file with one SKU a row, UTF-8, separated by commas: 3 SKUs in it.'
    );
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 3 });
    const before = await rig.books(world);

    await upload(rowsOf('8.80'));
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 3 });
    const after = await rig.books(world);
    expect(after['UP-2']).toMatchObject({ price: 8.8 });
    const touched = Object.keys(after).filter((sku) => after[sku]?.submissions !== before[sku]?.submissions);
    expect(touched).toEqual(['UP-2']);
    expect(await uploadStore(rig.database).of(connectorId).kept()).toHaveLength(1);
  });
});
