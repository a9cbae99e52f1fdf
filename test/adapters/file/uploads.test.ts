import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from 'mongoose';
import { createFileSource } from '../../../adapters/file';
import { withDatabase } from '../../../embedded/mongodb';
import { connectDatabase } from '../../../models/database';
import { ensureIndexes } from '../../../models/indexes';
import { uploadStore } from '../../../models/uploads';
import { FilesUnderTest, never, readAll } from './files-under-test';

const csv = (count: number, price = '1.50'): string =>
  `sku,title,price,stock\n${Array.from({ length: count }, (_, each) => `S${each},Shirt ${each},${price},2`).join('\n')}\n`;

describe('a catalogue that is uploaded', () => {
  const files = new FilesUnderTest();
  let connection: Connection;
  beforeAll(async () => {
    connection = await connectDatabase(
      withDatabase(process.env.TEST_MONGODB_URI!, `uploads_${randomBytes(6).toString('hex')}`)
    );
    await ensureIndexes(connection);
  });
  afterAll(async () => {
    await connection.dropDatabase();
    await connection.close();
    files.remove();
  });

  let connectorId: string;
  beforeEach(() => {
    connectorId = `con_${randomBytes(10).toString('hex')}`;
  });

  const source = (machine = 'one') =>
    createFileSource({
      place: { uploads: uploadStore(connection).of(connectorId) },
      format: 'auto',
      currency: 'USD',
      workFolder: join(files.folder, machine),
    });

  async function upload(text: string, name = 'products.csv'): Promise<void> {
    const bytes = Buffer.from(text);
    await uploadStore(connection).receive(
      { connectorId, name, by: 'test', at: new Date() },
      (async function* () {
        for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
      })()
    );
  }

  const kept = async (): Promise<number> => (await uploadStore(connection).of(connectorId).kept()).length;

  it('is waited for, saying how to send it', async () => {
    const message = `No catalogue has been uploaded yet. Send it with PUT /v1/connectors/${connectorId}/catalogue?name=products.csv, the file as the body.`;
    await expect(source().readPage(null, 10, never)).rejects.toMatchObject({ code: 'transient', message });
    await expect(source().look(never)).rejects.toMatchObject({ code: 'transient', message });
  });

  it('is read like a file', async () => {
    await upload(csv(3000).replace('S7,Shirt 7,1.50', 'S7,Shirt 7,dear'));
    const { items, unreadable } = await readAll(source());
    expect(items).toHaveLength(2999);
    expect(unreadable).toEqual([
      { sourceId: 'S7', reason: "line 9 of products.csv: Its price 'dear' is not a number." },
    ]);
    expect((await source().look(never)).files).toMatchObject([{ name: 'products.csv', isWhole: true }]);
    await upload('{"sku":"J1","title":"Cup"}\n', 'products.jsonl');
    expect((await readAll(source())).items.map(({ sku }) => sku)).toEqual(['J1']);
  });

  it('is read to its end by a run that began with it, also on another machine', async () => {
    await upload(csv(50));
    const first = await source().readPage(null, 30, never);
    await upload(csv(10));
    await upload(csv(11));
    const here = await source().readPage(first.nextCursor, 10, never);
    const elsewhere = await source('two').readPage(here.nextCursor, 30, never);
    expect([...first.items, ...here.items, ...elsewhere.items].map(({ sku }) => sku)).toEqual(
      Array.from({ length: 50 }, (_, at) => `S${at}`)
    );
    expect(elsewhere.nextCursor).toBeNull();
  });

  it('is let go of when a reading of a newer one begins', async () => {
    await upload(csv(50));
    await source().readPage(null, 30, never);
    await upload(csv(10));
    expect(await kept()).toBe(2);
    await source().readPage(null, 30, never);
    expect(await kept()).toBe(1);
  });

  it('begins again when its snapshot is gone and it is let go of', async () => {
    await upload(csv(50));
    const first = await source().readPage(null, 30, never);
    await upload(csv(40));
    await source('two').readPage(null, 30, never);
    rmSync(join(files.folder, 'one'), { recursive: true });
    const second = await source().readPage(first.nextCursor, 100, never);
    expect(second.items.map(({ sku }) => sku)).toHaveLength(40);
  });

  it('has not changed when the same content comes under the same name, and has when it is another', async () => {
    await upload(csv(20));
    const { changesToken } = await source().readPage(null, 30, never);
    const changes = () => source('two').readChanges(changesToken!, null, 30, never);
    await upload(csv(20));
    expect(await changes()).toMatchObject({ isEverything: false, items: [], changesToken });
    await upload(csv(20, '2.00'));
    expect(await changes()).toMatchObject({ isEverything: true, items: { length: 20 } });
    await upload(csv(20));
    expect(await changes()).toMatchObject({ isEverything: false, items: [] });
  });
});
