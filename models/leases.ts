import { Schema, type Connection, type Model } from 'mongoose';

/** Single flight without transactions: whoever inserts the document holds the lease. */
interface LeaseDocument {
  _id: string;
  /** Who holds it: a sync id, a request id. */
  holder: string;
  /** The workflow that must be running while the lease is held; null for leases of a single request. */
  workflowId: string | null;
  takenAt: Date;
  /** After this a lease without a workflow may be taken by anybody. */
  expiresAt: Date | null;
}

const leaseSchema = new Schema(
  {
    _id: { type: String, required: true },
    holder: { type: String, required: true },
    workflowId: { type: String, default: null },
    takenAt: { type: Date, required: true },
    expiresAt: { type: Date, default: null },
  },
  { collection: 'leases', versionKey: false }
);

export interface Lease {
  holder: string;
  workflowId: string | null;
  takenAt: Date;
  expiresAt: Date | null;
}

const DUPLICATE_KEY = 11000;

/** True for the error that a unique index raises. */
export function isDuplicateKey(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === DUPLICATE_KEY;
}

/** The queries on leases. */
export function leaseStore(connection: Connection) {
  const model = (connection.models.Lease ?? connection.model('Lease', leaseSchema)) as unknown as Model<LeaseDocument>;
  return {
    /** Takes the lease, or finds that `holder` has it already. Returns who holds it now. */
    async take(id: string, lease: { holder: string; workflowId?: string; forMs?: number }): Promise<Lease> {
      const takenAt = new Date();
      const wanted = {
        holder: lease.holder,
        workflowId: lease.workflowId ?? null,
        takenAt,
        expiresAt: lease.forMs === undefined ? null : new Date(takenAt.getTime() + lease.forMs),
      };
      try {
        await model.create({ _id: id, ...wanted });
        return wanted;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      const held = await model.findById(id).lean();
      if (!held) return this.take(id, lease);
      const expired = held.expiresAt !== null && held.expiresAt.getTime() < takenAt.getTime();
      if (!expired) return held;
      return (await this.replace(id, held.holder, lease)) ?? this.take(id, lease);
    },

    /** Takes the lease over from a holder that is known to be gone; undefined when somebody else was faster. */
    async replace(
      id: string,
      gone: string,
      lease: { holder: string; workflowId?: string; forMs?: number }
    ): Promise<Lease | undefined> {
      const takenAt = new Date();
      const replaced = await model
        .findOneAndUpdate(
          { _id: id, holder: gone },
          {
            $set: {
              holder: lease.holder,
              workflowId: lease.workflowId ?? null,
              takenAt,
              expiresAt: lease.forMs === undefined ? null : new Date(takenAt.getTime() + lease.forMs),
            },
          },
          { returnDocument: 'after' }
        )
        .lean();
      return replaced ?? undefined;
    },

    async holderOf(id: string): Promise<Lease | undefined> {
      return (await model.findById(id).lean()) ?? undefined;
    },

    /** Who has which of these leases. */
    async holdersOf(ids: readonly string[]): Promise<Map<string, string>> {
      const held = await model.find({ _id: { $in: [...ids] } }, { holder: 1 }).lean();
      return new Map(held.map(({ _id, holder }) => [_id, holder]));
    },

    /** The leases of workflows that were taken before a moment. */
    async ofWorkflows(before: Date): Promise<{ id: string; holder: string; workflowId: string }[]> {
      const held = await model.find({ workflowId: { $ne: null }, takenAt: { $lt: before } }).lean();
      return held.map(({ _id, holder, workflowId }) => ({ id: _id, holder, workflowId: workflowId! }));
    },

    /** Forgets what a process that died has held until its time was up. @returns how many leases that were. */
    async removeExpired(now: Date): Promise<number> {
      return (await model.deleteMany({ expiresAt: { $lt: now } })).deletedCount;
    },

    /** Gives the lease back; no error when it is somebody else's by now. */
    async release(id: string, holder: string): Promise<void> {
      await model.deleteOne({ _id: id, holder });
    },
  };
}
