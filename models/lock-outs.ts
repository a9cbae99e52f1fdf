import { Schema, type Connection, type Model } from 'mongoose';
import { FORGOTTEN_SECONDS, lockOutSeconds } from '../domain/lock-out';
import { isDuplicateKey } from './leases';

/** What came from one network address with keys that are nobody's. */
interface LockOutDocument {
  /** The address; of IPv6 its network. */
  _id: string;
  /** Different wrong keys. */
  tries: number;
  /** Beginnings of the hashes of the last ones: a client that repeats one wrong key guesses nothing. */
  lastKeys: string[];
  /** Null while it is not locked out. */
  lockedUntil: Date | null;
  /** When all of this is forgotten. */
  forgottenAt: Date;
}

/** That a key was right from an address; a lock-out does not hold it up there. */
interface KeyUseDocument {
  /** `<keyId>@<address>` */
  _id: string;
  usedAt: Date;
}

const KEPT_KEYS = 20;
const USE_KEPT_SECONDS = 30 * 24 * 3600;

const lockOutSchema = new Schema(
  {
    _id: { type: String, required: true },
    tries: { type: Number, required: true },
    lastKeys: { type: [String], required: true },
    lockedUntil: { type: Date, default: null },
    forgottenAt: { type: Date, required: true },
  },
  { collection: 'lockOuts', versionKey: false }
);
lockOutSchema.index({ forgottenAt: 1 }, { expireAfterSeconds: 0 });

const keyUseSchema = new Schema(
  { _id: { type: String, required: true }, usedAt: { type: Date, required: true } },
  { collection: 'keyUses', versionKey: false }
);
keyUseSchema.index({ usedAt: 1 }, { expireAfterSeconds: USE_KEPT_SECONDS });

export function lockOutModel(connection: Connection): Model<LockOutDocument> {
  return (connection.models.LockOut ?? connection.model('LockOut', lockOutSchema)) as unknown as Model<LockOutDocument>;
}

export function keyUseModel(connection: Connection): Model<KeyUseDocument> {
  return (connection.models.KeyUse ?? connection.model('KeyUse', keyUseSchema)) as unknown as Model<KeyUseDocument>;
}

/** What a wrong key led to. */
export interface WrongKey {
  /** Null when the address may go on trying. */
  lockedUntil: Date | null;
  /** How many different wrong keys there were, when this one began a lock-out; else null. */
  begunAfter: number | null;
}

/** Who is locked out, for all processes of the API. */
export function lockOutStore(connection: Connection) {
  const lockOuts = lockOutModel(connection);
  const uses = keyUseModel(connection);

  async function lockedUntil(address: string, now: Date): Promise<Date | null> {
    const found = await lockOuts.findById(address, { lockedUntil: 1 }).lean();
    return found?.lockedUntil && found.lockedUntil > now ? found.lockedUntil : null;
  }

  /** Counts a key that was not tried lately; gives the number of tries, or null when it was. */
  async function count(address: string, key: string, now: Date): Promise<number | null> {
    const forgottenAt = new Date(now.getTime() + FORGOTTEN_SECONDS * 1000);
    try {
      const counted = await lockOuts
        .findOneAndUpdate(
          { _id: address, lastKeys: { $ne: key } },
          {
            $inc: { tries: 1 },
            $push: { lastKeys: { $each: [key], $slice: -KEPT_KEYS } },
            $set: { forgottenAt },
          },
          { upsert: true, returnDocument: 'after' }
        )
        .lean();
      return counted.tries;
    } catch (error) {
      // Its document is there and holds the key already, or came into being this moment.
      if (!isDuplicateKey(error)) throw error;
      return (await lockOuts.exists({ _id: address, lastKeys: key })) ? null : count(address, key, now);
    }
  }

  return {
    /** Until when an address is locked out; null when it is not. */
    lockedUntil,

    /**
     * Counts a wrong key, unless the address is locked out already.
     *
     * @param key - what tells keys apart and gives none away.
     */
    async wrongKey(address: string, key: string, now: Date): Promise<WrongKey> {
      await lockOuts.deleteOne({ _id: address, forgottenAt: { $lte: now } });
      const running = await lockedUntil(address, now);
      if (running) return { lockedUntil: running, begunAfter: null };
      const tries = await count(address, key, now);
      const seconds = tries === null ? 0 : lockOutSeconds(tries);
      if (seconds === 0) return { lockedUntil: null, begunAfter: null };
      const until = new Date(now.getTime() + seconds * 1000);
      await lockOuts.updateOne({ _id: address }, { $max: { lockedUntil: until } });
      return { lockedUntil: until, begunAfter: tries };
    },

    /** Notes that a key was right from an address. */
    async used(keyId: string, address: string, now: Date): Promise<void> {
      await uses.updateOne({ _id: `${keyId}@${address}` }, { $max: { usedAt: now } }, { upsert: true });
    },

    async wasUsed(keyId: string, address: string): Promise<boolean> {
      return (await uses.exists({ _id: `${keyId}@${address}` })) !== null;
    },

    /** Forgets where a key was used. */
    async forgetUses(keyId: string): Promise<void> {
      await uses.deleteMany({ _id: { $gte: `${keyId}@`, $lt: `${keyId}A` } });
    },
  };
}
