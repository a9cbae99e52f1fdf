import { randomBytes } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';

/** Who changed what, and when. Where a field holds a secret, only whether there was one and is one. */
export interface AuditEntry {
  /** `aud_` + 12 hex digits of the time in milliseconds + 4 of the order within it + 12 random ones, so that ids sort by time. */
  _id: string;
  at: Date;
  actor: { id: string; name: string; role: string };
  /** e.g. `connector.changed` */
  action: string;
  target: {
    type:
      | 'connector'
      | 'sync'
      | 'api-key'
      | 'listing'
      | 'credential'
      | 'order'
      | 'dead-letter'
      | 'alert-channel'
      | 'alert-delivery'
      | 'address';
    id: string;
  };
  /** The connector it is about, where it is about one. */
  connectorId: string | null;
  /** Dotted paths of the fields that were written. */
  fields: string[];
  /** What they were and are, for people. Of a secret, `[secret]` or null. */
  changes: { field: string; before: string | null; after: string | null }[];
  requestId: string;
}

const auditSchema = new Schema(
  {
    _id: { type: String, required: true },
    at: { type: Date, required: true },
    actor: {
      type: { _id: false, id: String, name: String, role: String },
      required: true,
    },
    action: { type: String, required: true },
    target: { type: Schema.Types.Mixed, required: true },
    connectorId: { type: String, default: null },
    fields: { type: [String], default: [] },
    changes: { type: [Schema.Types.Mixed], default: [] },
    requestId: { type: String, required: true },
  },
  { collection: 'auditLog', versionKey: false, minimize: false }
);
auditSchema.index({ connectorId: 1, _id: -1 });

export function auditModel(connection: Connection): Model<AuditEntry> {
  return (connection.models.AuditEntry ?? connection.model('AuditEntry', auditSchema)) as unknown as Model<AuditEntry>;
}

let [lastTime, place] = [0, 0];

/** What this process notes in one millisecond keeps its order. */
function idAt(time: number): string {
  place = time === lastTime ? place + 1 : 0;
  lastTime = time;
  const sorted = time.toString(16).padStart(12, '0') + place.toString(16).padStart(4, '0');
  return `aud_${sorted}${randomBytes(6).toString('hex')}`;
}

/** The queries on the audit trail. Nothing changes or removes an entry. */
export function auditLog(connection: Connection) {
  const model = auditModel(connection);
  return {
    async add(entry: Omit<AuditEntry, '_id'>): Promise<void> {
      await model.create({ _id: idAt(entry.at.getTime()), ...entry });
    },

    /** The newest first, at most `limit` older than `beforeId`. */
    async page(filter: { connectorId?: string; beforeId?: string }, limit: number): Promise<AuditEntry[]> {
      return model
        .find({
          ...(filter.connectorId !== undefined && { connectorId: filter.connectorId }),
          ...(filter.beforeId !== undefined && { _id: { $lt: filter.beforeId } }),
        })
        .sort({ _id: -1 })
        .limit(limit)
        .lean();
    },
  };
}
