import { Schema, type Connection, type Model, type SchemaDefinition } from 'mongoose';
import type { ConnectorConfig, ConnectorState, OnboardingStep, WaitingFor } from '../domain/connector';
import { CONNECTOR_STATES } from '../domain/connector';
import type { SecretField } from '../domain/connector-contract';
import type { Sealed } from '../domain/ports/secrets';

/** A connector: one source bound to one Amazon account in one marketplace. */
export interface ConnectorDocument {
  /** `con_` + 20 hex digits. */
  _id: string;
  config: ConnectorConfig;
  /** Rises by one with every accepted change; a run notes the one it started with (V15). */
  configVersion: number;
  state: ConnectorState;
  /** Why the state is what it is, for people: set with `failed` and `paused`. */
  stateReason: string | null;
  /** The credential its LWA application is kept under. */
  credentialId: string;
  /** The source's secrets, encrypted; Amazon's are with the credential. */
  sourceSecrets: Partial<Record<SecretField, Sealed>>;
  onboarding: {
    steps: OnboardingStep[];
    waitingFor: WaitingFor | null;
    /** What onboarding created and removal must undo. */
    created: { affiliateId?: string | null; schedule?: boolean };
    /** When the last read of the account's participations was, and what it said; the call is 1 per 62 s. */
    participation?: { sellerId: string; marketplaceId: string; isParticipating: boolean; at: Date };
  };
  /** The ledger page that new SKUs go to, and how many it has. */
  ledgerPage: { number: number; size: number };
  /** How far the source was read; null until a source that can tell changes was read whole. */
  reading: SourceReading | null;
  /** A full reading that missed most of what was there, and took nothing off sale: the next one decides. */
  heldRemovals: { syncId: string; count: number } | null;
  /** When it was first activated; null before. Orders from before are not its business. */
  activatedAt: Date | null;
  /**
   * When its default ZIP code was set in place of none: orders from before are not its business either. Null without one; null or absent
   * too where it has had one ever since.
   */
  zipCodeSince?: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A reading of the source that was safely handled. */
export interface SourceReading {
  /** Tells the source where changes begin. */
  token: string;
  /** The configuration that what was read was judged by: under another one, everything is read anew. */
  configVersion: number;
  /** The versions of mappings and assignments, likewise. */
  mappings: string[];
  /** When the assortment was last read whole. */
  fullAt: Date;
  /** Source ids that could not be read for a passing reason. */
  readAgain: string[];
}

const mixed = Schema.Types.Mixed;

/** A part of a document, kept as it is written: empty objects stay. */
function part(definition: SchemaDefinition): Schema {
  return new Schema(definition, { _id: false, minimize: false });
}

const configSchema = part({
  name: { type: String, required: true },
  source: { type: mixed, required: true },
  amazon: {
    type: part({
      country: { type: String, required: true },
      sellerId: String,
      vendorCode: String,
      clientId: { type: String, required: true },
    }),
    required: true,
  },
  listing: {
    type: part({
      requirements: { type: String, required: true },
      appliedRequirements: { type: String, required: true },
      productTypes: { type: [String], required: true },
      fieldLocale: { type: String, required: true },
      valueLocales: { type: [String], required: true },
      skuLimit: { type: Number, required: true, min: 1 },
      sendVariations: { type: Boolean, required: true },
      sendPrice: { type: Boolean, required: true },
      sendKits: { type: Boolean, required: true },
      statuses: { type: [String], required: true },
    }),
    required: true,
  },
  offer: {
    type: part({
      minimumStock: { type: Number, required: true, min: 0 },
      shippingTemplate: String,
      stock: mixed,
      price: mixed,
    }),
    required: true,
  },
  orders: { type: part({ defaultZipCode: String, errorEmail: String, carriers: mixed }), required: true },
  schedule: {
    type: part({
      mode: { type: String, required: true },
      everyMinutes: { type: Number, required: true },
      fullEveryHours: { type: Number, required: true },
    }),
    required: true,
  },
});

const onboardingSchema = part({
  steps: { type: [mixed], default: [] },
  waitingFor: { type: mixed, default: null },
  created: { type: mixed, default: () => ({}) },
  participation: { type: mixed },
});

const connectorSchema = new Schema(
  {
    _id: { type: String, required: true },
    config: { type: configSchema, required: true },
    configVersion: { type: Number, required: true, default: 1 },
    state: { type: String, enum: CONNECTOR_STATES, required: true },
    stateReason: { type: String, default: null },
    credentialId: { type: String, required: true },
    ledgerPage: { type: mixed, default: () => ({ number: 0, size: 0 }) },
    reading: { type: mixed, default: null },
    heldRemovals: { type: mixed, default: null },
    activatedAt: { type: Date, default: null },
    zipCodeSince: { type: Date, default: null },
    sourceSecrets: { type: mixed, default: () => ({}) },
    onboarding: { type: onboardingSchema, required: true, default: () => ({}) },
  },
  { collection: 'connectors', timestamps: true, minimize: false, versionKey: false }
);
connectorSchema.index({ 'config.amazon.sellerId': 1 });

export function connectorModel(connection: Connection): Model<ConnectorDocument> {
  return (connection.models.Connector ??
    connection.model('Connector', connectorSchema)) as unknown as Model<ConnectorDocument>;
}

/**
 * The moment from which on its orders are handled: it was active and had a default ZIP code. Whatever was ordered before is somebody
 * else's business, who may have entered it in the store by hand. Null before the first activation.
 */
export function ordersHandledSince({
  activatedAt,
  zipCodeSince,
}: Pick<ConnectorDocument, 'activatedAt' | 'zipCodeSince'>): Date | null {
  if (!activatedAt || !zipCodeSince) return activatedAt ?? null;
  return zipCodeSince > activatedAt ? zipCodeSince : activatedAt;
}

/** The queries on connectors that the workflows' steps make. */
export function connectorStore(connection: Connection) {
  const model = connectorModel(connection);
  return {
    async get(id: string): Promise<ConnectorDocument | undefined> {
      return (await model.findById(id).lean()) ?? undefined;
    },

    async inStates(states: readonly ConnectorState[]): Promise<ConnectorDocument[]> {
      return model.find({ state: { $in: states } }).lean();
    },

    /** The seller's, in whatever state, always in the same order. */
    async ofSeller(sellerId: string): Promise<ConnectorDocument[]> {
      return model.find({ 'config.amazon.sellerId': sellerId }).sort({ _id: 1 }).lean();
    },

    /** Moves a connector on; false when it is in none of the states that it may come from. */
    async move(
      id: string,
      from: readonly ConnectorState[],
      to: ConnectorState,
      reason: string | null = null
    ): Promise<boolean> {
      const moved = await model.updateOne(
        { _id: id, state: { $in: from } },
        { $set: { state: to, stateReason: reason } }
      );
      return moved.matchedCount === 1;
    },

    /** The first activation stays. */
    async noteActivation(id: string, at: Date): Promise<void> {
      await model.updateOne({ _id: id, activatedAt: null }, { $set: { activatedAt: at } });
    },

    async noteSteps(id: string, steps: OnboardingStep[], waitingFor: WaitingFor | null): Promise<void> {
      await model.updateOne({ _id: id }, { $set: { 'onboarding.steps': steps, 'onboarding.waitingFor': waitingFor } });
    },

    /** Says what a step waits for while the engine brings it back. */
    async noteWaiting(id: string, waitingFor: WaitingFor): Promise<void> {
      await model.updateOne({ _id: id }, { $set: { 'onboarding.waitingFor': waitingFor } });
    },

    /** Notes what is about to be created, so that it can be undone whatever happens next. */
    async noteCreated(id: string, created: ConnectorDocument['onboarding']['created']): Promise<void> {
      const set = Object.fromEntries(
        Object.entries(created).map(([key, value]) => [`onboarding.created.${key}`, value])
      );
      await model.updateOne({ _id: id }, { $set: set });
    },

    async noteParticipation(
      id: string,
      participation: NonNullable<ConnectorDocument['onboarding']['participation']>
    ): Promise<void> {
      await model.updateOne({ _id: id }, { $set: { 'onboarding.participation': participation } });
    },

    /** Two steps may add SKUs at once: the newest page counts. */
    async noteLedgerPage(id: string, ledgerPage: ConnectorDocument['ledgerPage']): Promise<void> {
      const { number, size } = ledgerPage;
      const isBefore = [
        { 'ledgerPage.number': { $lt: number } },
        { 'ledgerPage.number': number, 'ledgerPage.size': { $lt: size } },
      ];
      await model.updateOne({ _id: id, $or: isBefore }, { $set: { ledgerPage } });
    },

    async noteReading(id: string, reading: SourceReading | null): Promise<void> {
      await model.updateOne({ _id: id }, { $set: { reading } });
    },

    async noteHeldRemovals(id: string, heldRemovals: ConnectorDocument['heldRemovals']): Promise<void> {
      await model.updateOne({ _id: id }, { $set: { heldRemovals } });
    },

    /** Whether another connector uses the same application for the same account. */
    async shareAccount(id: string, clientId: string, seller: string): Promise<boolean> {
      const others = await model
        .find({ 'config.amazon.clientId': clientId, _id: { $ne: id }, state: { $ne: 'removing' } })
        .lean();
      return others.some(({ config }) => (config.amazon.sellerId ?? config.amazon.vendorCode) === seller);
    },

    async remove(id: string): Promise<void> {
      await model.deleteOne({ _id: id });
    },
  };
}

export type ConnectorStore = ReturnType<typeof connectorStore>;
