import { randomBytes } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';
import type { ChangeNotice, ChangeNotices } from '../domain/ports/change-notices';
import { isDuplicateKey } from './leases';
import { sourceItemStore } from './source-items';
import { byIdAnd } from './compound-index';

/** The latest that a source told about one SKU of a connector. */
interface ChangeNoticeDocument extends ChangeNotice {
  /** `<connectorId>:<skuId>` */
  _id: string;
  connectorId: string;
  /** When the SKU changed, as the source says: UTC with seven decimals, so that it sorts as text. */
  modifiedAt: string;
  /** When the last notice about it came. */
  noticedAt: Date;
  isWaiting: boolean;
  /** The batch that it waits in; null when it came after the last one was gathered. */
  batch: string | null;
  /** Since when it waits no more; null while it waits. */
  settledAt: Date | null;
}

/**
 * How long a settled notice is kept, so that an older one that comes late cannot say that a SKU is gone which is back. A
 * source of which no notice is left counts as one that sends none.
 */
const KEPT_SECONDS = 7 * 24 * 3600;

const changeNoticeSchema = new Schema(
  {
    _id: { type: String, required: true },
    connectorId: { type: String, required: true },
    skuId: { type: String, required: true },
    isRemoved: { type: Boolean, required: true },
    modifiedAt: { type: String, required: true },
    noticedAt: { type: Date, required: true },
    isWaiting: { type: Boolean, required: true },
    batch: { type: String, default: null },
    settledAt: { type: Date, default: null },
  },
  { collection: 'changeNotices', versionKey: false }
);
changeNoticeSchema.index(byIdAnd('modifiedAt'));
changeNoticeSchema.index({ connectorId: 1, batch: 1, skuId: 1 });
changeNoticeSchema.index({ connectorId: 1, isWaiting: 1 });
changeNoticeSchema.index({ connectorId: 1, noticedAt: -1 });
changeNoticeSchema.index({ isWaiting: 1, batch: 1, noticedAt: 1 });
changeNoticeSchema.index({ settledAt: 1 }, { expireAfterSeconds: KEPT_SECONDS });

export function changeNoticeModel(connection: Connection): Model<ChangeNoticeDocument> {
  return (connection.models.ChangeNotice ??
    connection.model('ChangeNotice', changeNoticeSchema)) as unknown as Model<ChangeNoticeDocument>;
}

/** A notice as it came. */
export interface ArrivedNotice extends ChangeNotice {
  /** See {@link ChangeNoticeDocument.modifiedAt}. */
  modifiedAt: string;
  arrivedAt: Date;
}

/** The queries on change notices. */
export function changeNoticeStore(connection: Connection) {
  const model = changeNoticeModel(connection);
  return {
    /**
     * Keeps a notice; on return it is on disk. Of two about one SKU the newer says whether it was removed, in whichever order
     * they come; the SKU waits after either. Safe to repeat.
     */
    async note(connectorId: string, notice: ArrivedNotice): Promise<void> {
      const { skuId, isRemoved, modifiedAt, arrivedAt } = notice;
      const _id = `${connectorId}:${skuId}`;
      const waiting = { isWaiting: true, batch: null, noticedAt: arrivedAt, settledAt: null };
      const notNewer = { _id, modifiedAt: { $lte: modifiedAt } };
      const change = { $set: { connectorId, skuId, isRemoved, modifiedAt, ...waiting } };
      try {
        await model.updateOne(notNewer, change, { upsert: true });
        return;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      // There is one already: it is newer, or came at the same moment.
      if ((await model.updateOne(notNewer, change)).matchedCount === 1) return;
      const again = await model.updateOne({ _id }, { $set: waiting });
      if (again.matchedCount === 0) await this.note(connectorId, notice);
    },

    /** When the last notice came and how many wait. */
    async overview(connectorId: string): Promise<{ lastNoticeAt: Date | null; waiting: number }> {
      const [last, waiting] = await Promise.all([
        model.findOne({ connectorId }, { noticedAt: 1 }).sort({ noticedAt: -1 }).lean(),
        model.countDocuments({ connectorId, isWaiting: true }),
      ]);
      return { lastNoticeAt: last?.noticedAt ?? null, waiting };
    },

    /** Whether a notice has come since the last reading gathered them. */
    async haveComeSince(connectorId: string): Promise<boolean> {
      return (await model.exists({ connectorId, batch: null, isWaiting: true })) !== null;
    },

    /** Puts back what was gathered and not handled to its end; what was is read once more. */
    async giveBack(connectorId: string): Promise<void> {
      await model.updateMany({ connectorId, isWaiting: true }, { $set: { batch: null } });
    },

    /** The connectors with notices from before this moment that no reading has gathered. */
    async overdue(before: Date): Promise<string[]> {
      const found = await model
        .find({ isWaiting: true, batch: null, noticedAt: { $lte: before } }, { connectorId: 1 })
        .lean();
      return [...new Set(found.map(({ connectorId }) => connectorId))];
    },

    async removeAll(connectorId: string): Promise<void> {
      await model.deleteMany({ connectorId });
    },
  };
}

export type ChangeNoticeStore = ReturnType<typeof changeNoticeStore>;

/**
 * One connector's notices, as its source takes them.
 *
 * A batch is a name that `gather` writes on every notice that waits, and that the next notice about the SKU wipes off. Names
 * are random and compared for equality only: unlike with rising numbers, no slow writer can put a notice behind a place that
 * has been read already. Two readings at once, or one of a worker thought dead, take notices from each other's batch; what is
 * taken is read once more and never lost, because only what bears the name of a handled batch is settled.
 *
 * @param sendsKits - whether the connector does: else no change of a SKU is one of a kit.
 */
export function changeNoticesOf(connection: Connection, connectorId: string, sendsKits = false): ChangeNotices {
  const model = changeNoticeModel(connection);
  return {
    async haveArrived() {
      return (await model.findOne({ connectorId }, { _id: 1 }).lean()) !== null;
    },

    async gather() {
      const batch = randomBytes(12).toString('hex');
      await model.updateMany({ connectorId, isWaiting: true }, { $set: { batch } });
      return batch;
    },

    async page(batch, afterSkuId, size) {
      const after = afterSkuId === null ? {} : { skuId: { $gt: afterSkuId } };
      const found = await model
        .find({ connectorId, batch, ...after }, { skuId: 1, isRemoved: 1 })
        .sort({ skuId: 1 })
        .limit(size)
        .lean();
      return found.map(({ skuId, isRemoved }) => ({ skuId, isRemoved }));
    },

    async kitsWith(skuIds) {
      return sendsKits ? sourceItemStore(connection).kitsWith(connectorId, skuIds) : [];
    },

    async settle(batch) {
      await model.updateMany(
        { connectorId, batch },
        { $set: { isWaiting: false, batch: null, settledAt: new Date() } }
      );
    },
  };
}
