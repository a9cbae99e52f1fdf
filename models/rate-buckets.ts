import { Schema, type Connection, type Model } from 'mongoose';
import type { RateBucket, RateBuckets } from '../domain/ports/limiter';
import { isDuplicateKey } from './leases';

/** A token bucket that all processes share: `seller/application/operation`, or `application/operation`. */
interface RateBucketDocument {
  _id: string;
  /** Grows with every write: who has read another one writes nothing. */
  version: number;
  bucket: RateBucket;
}

const number = { type: Number, required: true } as const;
const text = { type: String, required: true } as const;

const rateBucketSchema = new Schema(
  {
    _id: text,
    version: number,
    bucket: new Schema(
      {
        lastSlot: number,
        announcedRate: number,
        share: number,
        halvedAt: number,
        served: number,
        claims: [
          new Schema(
            { holder: text, flow: text, rank: number, waiting: number, since: number, until: number },
            { _id: false }
          ),
        ],
        turns: [new Schema({ flow: text, taken: number }, { _id: false })],
      },
      { _id: false }
    ),
  },
  { collection: 'limits', versionKey: false }
);

/** The shared token buckets. A write is a comparison of versions and nothing that some MongoDB might not know. */
export function rateBuckets(connection: Connection): RateBuckets {
  const model = (connection.models.RateBucket ??
    connection.model('RateBucket', rateBucketSchema)) as unknown as Model<RateBucketDocument>;
  return {
    async time() {
      if (!connection.db) throw new Error('The database is not connected');
      const { localTime } = await connection.db.command({ hello: 1 });
      if (!(localTime instanceof Date)) throw new TypeError('The database does not tell its time');
      return localTime.getTime();
    },

    async read(id) {
      const found = await model.findById(id).lean();
      return found ? { version: found.version, bucket: found.bucket } : undefined;
    },

    async write(id, version, bucket) {
      if (version !== undefined) {
        const next = { version: version + 1, bucket };
        return (await model.updateOne({ _id: id, version }, { $set: next })).matchedCount === 1;
      }
      try {
        await model.create({ _id: id, version: 1, bucket });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },
  };
}
