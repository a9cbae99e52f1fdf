import { createHash, randomBytes } from 'node:crypto';
import mongoose, { Schema, type Connection, type Model } from 'mongoose';
import type { UploadedCatalogue, UploadedFile } from '../domain/ports/uploads';

const { GridFSBucket, ObjectId } = mongoose.mongo;

/** One upload; its bytes are in GridFS, so that API and worker may be on different machines. */
interface UploadDocument {
  /** `upl_` + 20 hex digits. */
  _id: string;
  connectorId: string;
  name: string;
  by: string;
  startedAt: Date;
  /** Where its bytes are in the bucket. */
  fileId: mongoose.mongo.ObjectId;
  /** The connector's uploads in their order, from 1 on. Absent until every byte is there: only then it counts. */
  revision?: number;
  size?: number;
  sha256?: string;
  uploadedAt?: Date;
}

type CompleteUpload = Required<UploadDocument>;

const uploadSchema = new Schema(
  {
    _id: { type: String, required: true },
    connectorId: { type: String, required: true },
    name: { type: String, required: true },
    by: { type: String, required: true },
    startedAt: { type: Date, required: true },
    fileId: { type: Schema.Types.ObjectId, required: true },
    revision: Number,
    size: Number,
    sha256: String,
    uploadedAt: Date,
  },
  { collection: 'uploads', versionKey: false }
);
uploadSchema.index(
  { connectorId: 1, revision: -1 },
  { unique: true, partialFilterExpression: { revision: { $exists: true } } }
);

/** An upload that is no further after so long was cut off by the end of its process. */
const GIVEN_UP_AFTER_MS = 24 * 3600 * 1000;

/** Bytes of one GridFS chunk: one write each. */
const CHUNK_BYTES = 1024 * 1024;
const BUCKET = 'uploads';

const DUPLICATE_KEY = 11_000;

export function uploadModel(connection: Connection): Model<UploadDocument> {
  return (connection.models.Upload ?? connection.model('Upload', uploadSchema)) as unknown as Model<UploadDocument>;
}

/** Who uploads what. */
interface Arrival {
  connectorId: string;
  name: string;
  by: string;
  at: Date;
}

/** The uploaded catalogues. */
export function uploadStore(connection: Connection) {
  const model = uploadModel(connection);

  const database = (): mongoose.mongo.Db => {
    if (!connection.db) throw new mongoose.Error.MongooseServerSelectionError('The database is not connected.');
    return connection.db;
  };
  const bucket = () => new GridFSBucket(database(), { bucketName: BUCKET, chunkSizeBytes: CHUNK_BYTES });

  /** Complete uploads, the newest first. */
  async function complete(connectorId: string): Promise<CompleteUpload[]> {
    const found = await model
      .find({ connectorId, revision: { $exists: true } })
      .sort({ revision: -1 })
      .lean();
    return found as CompleteUpload[];
  }

  /** Files go before their entries: what is cut off in between is found again by the entry. */
  async function remove(uploads: readonly Pick<UploadDocument, '_id' | 'fileId'>[]): Promise<void> {
    const fileIds = uploads.map(({ fileId }) => fileId);
    if (fileIds.length === 0) return;
    await database()
      .collection(`${BUCKET}.files`)
      .deleteMany({ _id: { $in: fileIds } });
    await database()
      .collection(`${BUCKET}.chunks`)
      .deleteMany({ files_id: { $in: fileIds } });
    await model.deleteMany({ _id: { $in: uploads.map(({ _id }) => _id) } });
  }

  /** Writes the bytes to the bucket one after the other, so that none is under way when they end early. */
  async function store(
    fileId: mongoose.mongo.ObjectId,
    name: string,
    bytes: AsyncIterable<Buffer>
  ): Promise<{ size: number; sha256: string }> {
    const hash = createHash('sha256');
    const stream = bucket().openUploadStreamWithId(fileId, name);
    const settled = (act: (done: (error?: Error | null) => void) => void): Promise<void> =>
      new Promise((resolve, reject) => act((error) => (error ? reject(error) : resolve())));
    stream.on('error', () => undefined);
    let size = 0;
    for await (const chunk of bytes) {
      hash.update(chunk);
      size += chunk.length;
      await settled((done) => stream.write(chunk, done));
    }
    await settled((done) => stream.end(done));
    return { size, sha256: hash.digest('hex') };
  }

  /** Makes an upload the one that counts, unless the one that does is the same; answers which counts now. */
  async function finish(arrived: UploadDocument, content: { size: number; sha256: string }, uploadedAt: Date) {
    for (;;) {
      const newest = (await complete(arrived.connectorId))[0];
      if (newest && newest.sha256 === content.sha256 && newest.name === arrived.name) {
        await remove([arrived]);
        return { upload: fileOf(newest), isNew: false };
      }
      const set = { ...content, uploadedAt, revision: (newest?.revision ?? 0) + 1 };
      try {
        await model.updateOne({ _id: arrived._id }, { $set: set });
        return { upload: fileOf({ ...arrived, ...set }), isNew: true };
      } catch (error) {
        // Another upload was complete first.
        if ((error as { code?: unknown }).code !== DUPLICATE_KEY) throw error;
      }
    }
  }

  return {
    /**
     * Takes in a file. It counts once every byte is there; should `bytes` throw, nothing of it stays. The same name and
     * content as the upload that counts changes nothing.
     */
    async receive(
      { connectorId, name, by, at }: Arrival,
      bytes: AsyncIterable<Buffer>
    ): Promise<{ upload: UploadedFile; isNew: boolean }> {
      const before = new Date(at.getTime() - GIVEN_UP_AFTER_MS);
      await remove(await model.find({ revision: { $exists: false }, startedAt: { $lt: before } }).lean());
      const arriving: UploadDocument = {
        _id: `upl_${randomBytes(10).toString('hex')}`,
        connectorId,
        name,
        by,
        startedAt: at,
        fileId: new ObjectId(),
      };
      await model.create(arriving);
      try {
        return await finish(arriving, await store(arriving.fileId, name, bytes), at);
      } catch (error) {
        // Should the database be away, the entry stays, and its file is removed with it later.
        await remove([arriving]).catch(() => undefined);
        throw error;
      }
    },

    /** The upload that counts. */
    async current(connectorId: string): Promise<UploadedFile | undefined> {
      const [newest] = await complete(connectorId);
      return newest && fileOf(newest);
    },

    of(connectorId: string): UploadedCatalogue {
      return {
        connectorId,
        async kept() {
          return (await complete(connectorId)).map(fileOf);
        },
        async *bytes(id, signal, end) {
          const found = await model.findOne({ _id: id, connectorId }).lean();
          if (!found) throw new Error(`The upload ${id} is gone`);
          const stream = bucket().openDownloadStream(
            found.fileId,
            end === undefined ? undefined : { start: 0, end: Math.min(end, found.size ?? 0) }
          );
          try {
            for await (const chunk of stream) {
              signal.throwIfAborted();
              yield chunk as Buffer;
            }
          } finally {
            stream.destroy();
          }
        },
        async letGoBefore(id) {
          const all = await complete(connectorId);
          const at = all.findIndex(({ _id }) => _id === id);
          if (at !== -1) await remove(all.slice(at + 1));
        },
      };
    },

    /** Forgets every upload of a connector, also those that are under way. */
    async removeAll(connectorId: string): Promise<void> {
      await remove(await model.find({ connectorId }).lean());
    },
  };
}

function fileOf({ _id, name, size, sha256, uploadedAt, by }: Omit<CompleteUpload, 'startedAt'>): UploadedFile {
  return { id: _id, name, size, sha256, uploadedAt, by };
}

export type UploadStore = ReturnType<typeof uploadStore>;
