import { Schema, type Connection, type Model } from 'mongoose';
import type { Channel } from '../domain/alerts/alert';
import type { Sealed } from '../domain/ports/secrets';

/** The channel of the people who are named in ALERT_TO. */
export const BUILT_IN_CHANNEL = 'ach_operators';

/** A channel as it is kept. */
export interface AlertChannelDocument extends Omit<Channel, 'id'> {
  /** `ach_` + 20 hex digits, or {@link BUILT_IN_CHANNEL}. */
  _id: string;
  /** The address of a webhook, which lets whoever has it send; null of mail. */
  url: Sealed | null;
  /** The address as it may be shown; null of mail. */
  shownUrl: string | null;
  /** What signed webhooks are signed with; null of the others. */
  secret: Sealed | null;
  /** Rises with every change. */
  version: number;
}

const mixed = Schema.Types.Mixed;

const channelSchema = new Schema(
  {
    _id: { type: String, required: true },
    name: { type: String, required: true },
    kind: { type: String, required: true },
    isEnabled: { type: Boolean, required: true },
    addresses: { type: [String], default: [] },
    events: { type: [String], default: [] },
    minimumSeverity: { type: String, required: true },
    thresholdMinutes: { type: mixed, default: {} },
    timeZone: { type: String, required: true },
    quietHours: { type: mixed, default: null },
    digestHour: { type: Number, default: null },
    digestDay: { type: String, default: null },
    createdAt: { type: Date, required: true },
    url: { type: mixed, default: null },
    shownUrl: { type: String, default: null },
    secret: { type: mixed, default: null },
    version: { type: Number, required: true },
  },
  { collection: 'alertChannels', versionKey: false, minimize: false }
);

export function alertChannelModel(connection: Connection): Model<AlertChannelDocument> {
  return (connection.models.AlertChannel ??
    connection.model('AlertChannel', channelSchema)) as unknown as Model<AlertChannelDocument>;
}

/** The queries on alert channels. */
export function alertChannelStore(connection: Connection) {
  const model = alertChannelModel(connection);
  return {
    /**
     * Every channel, by id. That of ALERT_TO is made when it is missing, and left out while nothing can be mailed.
     *
     * @param operators - ALERT_TO; empty while nothing can be mailed.
     */
    async all(operators: readonly string[], now: Date): Promise<AlertChannelDocument[]> {
      if (operators.length > 0) await ensureBuiltIn(now);
      const found = await model.find().sort({ _id: 1 }).lean();
      return found.flatMap((each) => shown(each, operators) ?? []);
    },

    async get(id: string, operators: readonly string[]): Promise<AlertChannelDocument | undefined> {
      const found = await model.findById(id).lean();
      return found ? shown(found, operators) : undefined;
    },

    /** Keeps a channel. One with this id is replaced: a request that is repeated has another secret to show. */
    async create(channel: AlertChannelDocument): Promise<void> {
      const { _id, ...rest } = channel;
      await model.updateOne({ _id }, { $set: rest }, { upsert: true });
    },

    /** Changes a channel as it was read; false when somebody else was faster. */
    async change(id: string, version: number, change: Partial<AlertChannelDocument>): Promise<boolean> {
      const changed = await model.updateOne({ _id: id, version }, { $set: { ...change, version: version + 1 } });
      return changed.matchedCount === 1;
    },

    /** Notes that the digest of a local date was sent. Safe to repeat. */
    async noteDigest(id: string, day: string): Promise<void> {
      await model.updateOne(
        { _id: id, $or: [{ digestDay: null }, { digestDay: { $lt: day } }] },
        { $set: { digestDay: day } }
      );
    },

    /** @returns false when there was no such channel. */
    async remove(id: string): Promise<boolean> {
      return (await model.deleteOne({ _id: id })).deletedCount === 1;
    },
  };

  async function ensureBuiltIn(now: Date): Promise<void> {
    if (await model.exists({ _id: BUILT_IN_CHANNEL })) return;
    const { _id, ...rest } = builtIn(now);
    await model.updateOne({ _id }, { $setOnInsert: rest }, { upsert: true });
  }
}

export type AlertChannelStore = ReturnType<typeof alertChannelStore>;

/** A kept channel as the rules see it. */
export function channelOf(document: AlertChannelDocument): Channel {
  const { _id, url: _url, shownUrl: _shown, secret: _secret, version: _version, ...channel } = document;
  return { id: _id, ...channel };
}

function shown(channel: AlertChannelDocument, operators: readonly string[]): AlertChannelDocument | undefined {
  if (channel._id !== BUILT_IN_CHANNEL) return channel;
  return operators.length > 0 ? { ...channel, addresses: [...operators] } : undefined;
}

function builtIn(createdAt: Date): AlertChannelDocument {
  return {
    _id: BUILT_IN_CHANNEL,
    name: 'Operators (ALERT_TO)',
    kind: 'email',
    isEnabled: true,
    addresses: [],
    events: [],
    minimumSeverity: 'warning',
    thresholdMinutes: {},
    timeZone: 'UTC',
    quietHours: null,
    digestHour: null,
    digestDay: null,
    createdAt,
    url: null,
    shownUrl: null,
    secret: null,
    version: 1,
  };
}
