import { Schema, type Connection, type Model } from 'mongoose';

/** An API key. The key itself is shown once and never kept. */
export interface ApiKeyDocument {
  /** `key_` + 20 hex digits. */
  _id: string;
  name: string;
  role: 'viewer' | 'operator' | 'admin';
  /** SHA-256 of the key, hex. The key holds 256 random bits, so a plain hash is enough. */
  hash: string;
  /** How the key begins, so that people can tell keys apart. */
  prefix: string;
  /** Who made it, by name. */
  createdBy: string;
  createdAt: Date;
  /** From when on it is refused; null for never. */
  expiresAt: Date | null;
  /** To the minute; null when it never was. */
  lastUsedAt: Date | null;
}

const apiKeySchema = new Schema(
  {
    _id: { type: String, required: true },
    name: { type: String, required: true },
    role: { type: String, enum: ['viewer', 'operator', 'admin'], required: true },
    hash: { type: String, required: true },
    prefix: { type: String, required: true },
    createdBy: { type: String, required: true },
    createdAt: { type: Date, required: true },
    expiresAt: { type: Date, default: null },
    lastUsedAt: { type: Date, default: null },
  },
  { collection: 'apiKeys', versionKey: false }
);
apiKeySchema.index({ hash: 1 }, { unique: true });

export function apiKeyModel(connection: Connection): Model<ApiKeyDocument> {
  return (connection.models.ApiKey ?? connection.model('ApiKey', apiKeySchema)) as unknown as Model<ApiKeyDocument>;
}

/** The queries on API keys. */
export function apiKeyStore(connection: Connection) {
  const model = apiKeyModel(connection);
  return {
    /** Inserts the key; one with this id is replaced, so that a repeated request leaves one key. */
    async save(key: ApiKeyDocument): Promise<void> {
      const { _id, ...rest } = key;
      await model.updateOne({ _id }, { $set: rest }, { upsert: true });
    },

    async byHash(hash: string): Promise<ApiKeyDocument | undefined> {
      return (await model.findOne({ hash }).lean()) ?? undefined;
    },

    async used(id: string, at: Date): Promise<void> {
      await model.updateOne({ _id: id }, { $max: { lastUsedAt: at } });
    },

    /** By id, at most `limit` after `afterId`. */
    async page(afterId: string | undefined, limit: number): Promise<ApiKeyDocument[]> {
      return model
        .find(afterId === undefined ? {} : { _id: { $gt: afterId } })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
    },

    /** Returns what was removed; undefined when there was no such key. */
    async remove(id: string): Promise<ApiKeyDocument | undefined> {
      return (await model.findOneAndDelete({ _id: id }).lean()) ?? undefined;
    },
  };
}
