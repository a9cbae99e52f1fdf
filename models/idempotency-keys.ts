import { randomBytes } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';
import type { Sealed } from '../domain/ports/secrets';
import { isDuplicateKey } from './leases';

/** The answer that is given again. */
export interface KeptAnswer {
  status: number;
  headers: Record<string, string>;
  /** The JSON body; encrypted, because it may hold a key that is shown once. Null for none. */
  body: Sealed | null;
}

/** One request under an Idempotency-Key. */
interface IdempotencyDocument {
  /** Hash of who, where and the key. */
  _id: string;
  /** Tells whether a repeat has the same body; encrypted, because a body may hold secrets that could be guessed. */
  bodyHash: Sealed;
  /** For the id of what the request creates: fixed before anything is created. */
  reservedId: string;
  /** `running`: somebody is at work until `lockedUntil`; `open`: to be tried again; `done`: the answer is kept. */
  state: 'running' | 'open' | 'done';
  /** Whose turn it is; each taking over changes it. */
  turn: string;
  turns: number;
  lockedUntil: Date;
  answer: KeptAnswer | null;
  expiresAt: Date;
}

const mixed = Schema.Types.Mixed;

const idempotencySchema = new Schema(
  {
    _id: { type: String, required: true },
    bodyHash: { type: mixed, required: true },
    reservedId: { type: String, required: true },
    state: { type: String, required: true },
    turn: { type: String, required: true },
    turns: { type: Number, required: true },
    lockedUntil: { type: Date, required: true },
    answer: { type: mixed, default: null },
    expiresAt: { type: Date, required: true },
  },
  { collection: 'idempotencyKeys', versionKey: false, minimize: false }
);
idempotencySchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export function idempotencyModel(connection: Connection): Model<IdempotencyDocument> {
  return (connection.models.IdempotencyKey ??
    connection.model('IdempotencyKey', idempotencySchema)) as unknown as Model<IdempotencyDocument>;
}

export type Begun =
  | { kind: 'mine'; reservedId: string; turn: string; isRepeat: boolean }
  | { kind: 'done'; answer: KeptAnswer }
  | { kind: 'running'; until: Date }
  | { kind: 'other-body' };

/** How long an answer is kept. */
const KEPT_MS = 7 * 24 * 3600 * 1000;
/** After this a request that gave no sign of its end is taken to have died; every step of a request is bounded far below. */
const TURN_MS = 60_000;

/** The queries on idempotency records. */
export function idempotencyStore(connection: Connection) {
  const model = idempotencyModel(connection);
  return {
    /**
     * Begins a request under its key, or finds what became of the same request before.
     *
     * @param isSameBody - compares with the body of the first request.
     */
    async begin(
      id: string,
      bodyHash: Sealed,
      isSameBody: (kept: Sealed) => boolean,
      now: Date = new Date()
    ): Promise<Begun> {
      const turn = randomBytes(10).toString('hex');
      const lockedUntil = new Date(now.getTime() + TURN_MS);
      const fresh = {
        bodyHash,
        reservedId: randomBytes(10).toString('hex'),
        state: 'running' as const,
        turn,
        turns: 1,
        lockedUntil,
        answer: null,
        expiresAt: new Date(now.getTime() + KEPT_MS),
      };
      try {
        await model.create({ _id: id, ...fresh });
        return { kind: 'mine', reservedId: fresh.reservedId, turn, isRepeat: false };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      const found = await model.findById(id).lean();
      if (!found) return this.begin(id, bodyHash, isSameBody, now);
      if (found.expiresAt <= now) {
        await model.deleteOne({ _id: id, turn: found.turn });
        return this.begin(id, bodyHash, isSameBody, now);
      }
      if (!isSameBody(found.bodyHash)) return { kind: 'other-body' };
      if (found.state === 'done' && found.answer) return { kind: 'done', answer: found.answer };
      if (found.state === 'running' && found.lockedUntil > now) return { kind: 'running', until: found.lockedUntil };
      const taken = await model
        .findOneAndUpdate(
          { _id: id, turn: found.turn },
          { $set: { state: 'running', turn, lockedUntil }, $inc: { turns: 1 } }
        )
        .lean();
      if (!taken) return this.begin(id, bodyHash, isSameBody, now);
      return { kind: 'mine', reservedId: found.reservedId, turn, isRepeat: true };
    },

    /** Keeps the answer for repeats. */
    async finish(id: string, turn: string, answer: KeptAnswer): Promise<void> {
      await model.updateOne({ _id: id, turn }, { $set: { state: 'done', answer } });
    },

    /** Leaves the request to a repeat, which goes on with the same reserved id. */
    async reopen(id: string, turn: string): Promise<void> {
      await model.updateOne({ _id: id, turn }, { $set: { state: 'open' } });
    },

    /** Forgets a request that created nothing. */
    async forget(id: string, turn: string): Promise<void> {
      await model.deleteOne({ _id: id, turn });
    },
  };
}
