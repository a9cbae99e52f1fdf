import { createHash, randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { withDatabase } from '../../embedded/mongodb';
import { connectDatabase } from '../../models/database';
import { ensureIndexes } from '../../models/indexes';
import { uploadModel, uploadStore } from '../../models/uploads';

const MB = 1024 * 1024;
const never = new AbortController().signal;

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
});

let count = 0;
let connectorId: string;
beforeEach(() => {
  connectorId = `con_${String((count += 1)).padStart(20, '0')}`;
});

const arrival = (name = 'products.csv', at = new Date()) => ({ connectorId, name, by: 'An operator', at });

async function* inParts(bytes: Buffer, size = 100_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* cutOff(bytes: Buffer): AsyncGenerator<Buffer> {
  yield* inParts(bytes);
  throw new Error('the line is dead');
}

async function readAll(id: string, end?: number): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of uploadStore(connection).of(connectorId).bytes(id, never, end)) all.push(chunk);
  return Buffer.concat(all);
}

/** What the bucket holds besides the named uploads, of all connectors. */
async function bytesKept(): Promise<{ files: number; chunks: number }> {
  const count = (name: string) => connection.db!.collection(name).countDocuments({});
  return { files: await count('uploads.files'), chunks: await count('uploads.chunks') };
}

describe('uploadStore', () => {
  it('gives back what it took in, whole or only its beginning', async () => {
    const store = uploadStore(connection);
    const bytes = randomBytes(2.5 * MB);
    const { upload, isNew } = await store.receive(arrival(), inParts(bytes));
    expect(isNew).toBe(true);
    expect(upload).toMatchObject({
      name: 'products.csv',
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      by: 'An operator',
    });
    expect(await store.current(connectorId)).toEqual(upload);
    expect((await readAll(upload.id)).equals(bytes)).toBe(true);
    expect((await readAll(upload.id, MB + 7)).equals(bytes.subarray(0, MB + 7))).toBe(true);
  });

  it('keeps the one before until the new one is whole, and nothing of one that is cut off', async () => {
    const store = uploadStore(connection);
    const first = await store.receive(arrival(), inParts(Buffer.from('sku\n1\n')));
    const before = await bytesKept();
    await expect(store.receive(arrival(), cutOff(randomBytes(3 * MB)))).rejects.toThrow('the line is dead');
    expect(await bytesKept()).toEqual(before);
    expect(await uploadModel(connection).countDocuments({ connectorId })).toBe(1);
    expect(await store.current(connectorId)).toEqual(first.upload);
  });

  it('knows the same file again, and takes another name for another file', async () => {
    const store = uploadStore(connection);
    const bytes = Buffer.from('sku\n1\n');
    const first = await store.receive(arrival(), inParts(bytes));
    const before = await bytesKept();
    const again = await store.receive(arrival('products.csv', new Date(0)), inParts(bytes));
    expect(again).toEqual({ upload: first.upload, isNew: false });
    expect(await bytesKept()).toEqual(before);
    expect((await store.receive(arrival('other.csv'), inParts(bytes))).isNew).toBe(true);
  });

  it('gives uploads that end at once an order, and lets go of older ones alone', async () => {
    const store = uploadStore(connection);
    const received = await Promise.all(
      Array.from({ length: 6 }, (_, each) => store.receive(arrival(), inParts(Buffer.from(`sku\n${each}\n`))))
    );
    expect(received.every(({ isNew }) => isNew)).toBe(true);
    const uploads = store.of(connectorId);
    const kept = await uploads.kept();
    expect(kept.map(({ id }) => id).sort()).toEqual(received.map(({ upload }) => upload.id).sort());
    expect(await store.current(connectorId)).toEqual(kept[0]);

    await uploads.letGoBefore(kept[1]!.id);
    expect((await uploads.kept()).map(({ id }) => id)).toEqual([kept[0]!.id, kept[1]!.id]);
    await expect(readAll(kept[2]!.id)).rejects.toThrow('is gone');
    expect((await readAll(kept[1]!.id)).toString()).toMatch(/^sku\n\d\n$/);
  });

  it('removes what a process left half done when it ended, a day later', async () => {
    const store = uploadStore(connection);
    const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
    const before = await bytesKept();
    let isStored: () => void = () => undefined;
    const stored = new Promise<void>((resolve) => (isStored = resolve));
    async function* endless(): AsyncGenerator<Buffer> {
      yield randomBytes(2 * MB);
      isStored();
      await new Promise(() => undefined);
    }
    void store.receive(arrival('dead.csv', yesterday), endless());
    await stored;
    expect((await bytesKept()).chunks).toBeGreaterThan(before.chunks);
    expect(await store.current(connectorId)).toBeUndefined();

    const { upload } = await store.receive(arrival('alive.csv'), inParts(Buffer.from('sku\n1\n')));
    expect((await store.of(connectorId).kept()).map(({ id }) => id)).toEqual([upload.id]);
    expect(await bytesKept()).toEqual({ files: before.files + 1, chunks: before.chunks + 1 });
  });

  it('keeps connectors apart, and forgets all of one', async () => {
    const store = uploadStore(connection);
    const { upload } = await store.receive(arrival(), inParts(Buffer.from('sku\n1\n')));
    const other = `${connectorId.slice(0, -1)}x`;
    await store.receive({ ...arrival(), connectorId: other }, inParts(Buffer.from('sku\n2\n')));
    await expect(store.of(other).bytes(upload.id, never)[Symbol.asyncIterator]().next()).rejects.toThrow('is gone');
    await store.removeAll(connectorId);
    expect(await store.current(connectorId)).toBeUndefined();
    expect(await store.current(other)).toBeDefined();
    expect(await uploadModel(connection).countDocuments({ connectorId })).toBe(0);
  });
});
