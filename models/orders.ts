import { Schema, type Connection, type Model } from 'mongoose';
import { orderKey } from '../domain/ids';
import type { OpenedOrder, OrderInput, OrderMessage, OrderSave, OrderTransition } from '../domain/orders/order-record';
import { newOrder, type OrderPolicy, type OrderState } from '../domain/orders/order-state';
import { isAtRest, ORDER_STAGES, viewOf, type OrderStage, type OrderView } from '../domain/orders/order-view';
import { isOver } from '../domain/orders/order-facts';
import { whyIgnored } from '../domain/orders/order-scope';
import { awaitsParcels } from '../domain/orders/parcels';
import { isDuplicateKey } from './leases';
import { byIdAnd } from './compound-index';

/** A message of an order, and what became of it. */
export interface KeptMessage {
  /** `<problem>:notify` or `<problem>:recovered`: there is one of each. */
  key: string;
  kind: OrderMessage['kind'];
  problem: string;
  message: string;
  /** What the other side said, and what a person should do; absent of a recovery. */
  said?: string;
  action?: string;
  /** `not_sent`: it was not to be sent, or could not be, for `note`. */
  state: 'waiting' | 'sent' | 'not_sent';
  /** The mail server has refused it, which somebody may mend: it is tried again. */
  isRefused?: boolean;
  note: string | null;
  at: Date;
  sentAt: Date | null;
}

/** An order of Amazon's, with what was made for it in the store. Holds no personal data beyond the order's number. */
export interface OrderDocument {
  /** `sellerId:amazonOrderId` */
  _id: string;
  sellerId: string;
  amazonOrderId: string;
  connectorId: string;
  /** Rises with every write of the order's workflow. */
  revision: number;
  /** The state as JSON: its keys hold SKUs, and so dots. */
  json: string;
  stage: OrderStage;
  reason: string;
  deadline: OrderView['deadline'];
  /** As the machine has them. Empty when nothing is held. */
  holds: OrderView['holds'];
  /** Whether stock is held for it, or may be. */
  holdsStock: boolean;
  /** When the buyer ordered; null while Amazon has not told. */
  orderedAt: Date | null;
  /** Amazon's own time of the last update that is known; null before the first. */
  sightedAt: Date | null;
  /** What Amazon told last was not all: the next sighting is news whatever its time. */
  isStale: boolean;
  /** Whether the store is to be asked for parcels (B20), and when it was last; before that, when the order was first seen. */
  awaitsParcels: boolean;
  parcelsAskedAt: Date;
  /** From then on the database forgets it; null while it may still matter. */
  forgetAt: Date | null;
  /** When Amazon was last asked for this order because stock is held for it; before that, when it was first seen. */
  lookedAt: Date;
  transitions: OrderTransition[];
  messages: KeptMessage[];
  createdAt: Date;
  updatedAt: Date;
}

/** Of an order that has ended, unless said. */
const KEPT_DAYS = 90;
const DAY_MS = 24 * 3600 * 1000;

/** Transitions that are kept, the newest. */
const KEPT_TRANSITIONS = 200;

const mixed = Schema.Types.Mixed;

const orderSchema = new Schema(
  {
    _id: { type: String, required: true },
    sellerId: { type: String, required: true },
    amazonOrderId: { type: String, required: true },
    connectorId: { type: String, required: true },
    revision: { type: Number, required: true },
    json: { type: String, required: true },
    stage: { type: String, enum: ORDER_STAGES, required: true },
    reason: { type: String, required: true },
    deadline: { type: mixed, default: null },
    holds: { type: [mixed], default: [] },
    holdsStock: { type: Boolean, required: true },
    orderedAt: { type: Date, default: null },
    sightedAt: { type: Date, default: null },
    isStale: { type: Boolean, default: false },
    awaitsParcels: { type: Boolean, default: false },
    parcelsAskedAt: { type: Date, required: true },
    forgetAt: { type: Date, default: null },
    lookedAt: { type: Date, required: true },
    transitions: { type: [mixed], default: [] },
    messages: { type: [mixed], default: [] },
  },
  { collection: 'orders', timestamps: true, minimize: false, versionKey: false }
);
orderSchema.index(byIdAnd('revision'));
orderSchema.index({ stage: 1, createdAt: -1 });
orderSchema.index({ createdAt: -1 });
orderSchema.index({ connectorId: 1, holdsStock: 1, lookedAt: 1 });
orderSchema.index({ connectorId: 1, awaitsParcels: 1, parcelsAskedAt: 1 });
orderSchema.index({ forgetAt: 1 }, { expireAfterSeconds: 0 });

export function orderModel(connection: Connection): Model<OrderDocument> {
  return (connection.models.Order ?? connection.model('Order', orderSchema)) as unknown as Model<OrderDocument>;
}

/** What the watch knows of an order that it sees again. */
export type SeenOrder = Pick<OrderDocument, '_id' | 'connectorId' | 'sightedAt' | 'isStale'>;

/**
 * The queries on orders that their workflows' steps make.
 *
 * @param keptDays - how long an order is kept after its end.
 */
export function orderStore(connection: Connection, keptDays = KEPT_DAYS) {
  const model = orderModel(connection);
  return {
    async get(sellerId: string, amazonOrderId: string): Promise<OrderDocument | undefined> {
      return (await model.findById(orderKey(sellerId, amazonOrderId)).lean()) ?? undefined;
    },

    /** The order as it was kept, or a new one. The connector that it was first given to stays. */
    async open({ sellerId, amazonOrderId, connectorId }: OrderInput, policy: OrderPolicy): Promise<OrderDocument> {
      const _id = orderKey(sellerId, amazonOrderId);
      const kept = await model.findById(_id).lean();
      if (kept) return kept;
      const state = newOrder(amazonOrderId, policy);
      const lookedAt = new Date();
      const first = { lookedAt, parcelsAskedAt: lookedAt, ...shownOf(state, lookedAt.getTime()) };
      try {
        await model.create({ _id, sellerId, amazonOrderId, connectorId, revision: 0, ...first });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      return this.open({ sellerId, amazonOrderId, connectorId }, policy);
    },

    /** Keeps an order, unless something newer is kept already. Safe to repeat. */
    async save(sellerId: string, amazonOrderId: string, save: OrderSave): Promise<void> {
      const { revision, at, state, transitions, messages } = save;
      await model.updateOne(
        { _id: orderKey(sellerId, amazonOrderId), revision: { $lt: revision } },
        {
          $set: { revision, ...shownOf(state, at), forgetAt: isEnded(state) ? new Date(at + keptDays * DAY_MS) : null },
          $push: {
            transitions: { $each: transitions, $slice: -KEPT_TRANSITIONS },
            messages: { $each: messages.map((message) => keptMessage(message, at)) },
          },
        }
      );
    },

    async noteMessage(
      id: string,
      key: string,
      became: Pick<KeptMessage, 'note' | 'isRefused'> & { state: 'sent' | 'not_sent' }
    ): Promise<void> {
      await model.updateOne(
        { _id: id, 'messages.key': key },
        {
          $set: {
            'messages.$.state': became.state,
            'messages.$.isRefused': became.isRefused ?? false,
            'messages.$.note': became.note,
            'messages.$.sentAt': became.state === 'sent' ? new Date() : null,
          },
        }
      );
    },

    /** Of these orders of a seller, those that are known, by their numbers. */
    async seen(sellerId: string, amazonOrderIds: readonly string[]): Promise<Map<string, SeenOrder>> {
      const found = await model
        .find(
          { _id: { $in: amazonOrderIds.map((id) => orderKey(sellerId, id)) } },
          { amazonOrderId: 1, connectorId: 1, sightedAt: 1, isStale: 1 }
        )
        .lean();
      return new Map(found.map((each) => [each.amazonOrderId, each]));
    },

    /** Orders that hold stock and that Amazon was not asked for since a moment, those that wait longest first. */
    async toLookAt(connectorIds: readonly string[], before: Date, limit: number): Promise<OrderDocument[]> {
      return model
        .find({ connectorId: { $in: [...connectorIds] }, holdsStock: true, lookedAt: { $lt: before } })
        .sort({ lookedAt: 1 })
        .limit(limit)
        .lean();
    },

    async noteLooked(id: string, at: Date): Promise<void> {
      await model.updateOne({ _id: id }, { $set: { lookedAt: at } });
    },

    /** Orders whose parcels are awaited and whose store was not asked since a moment, those that wait longest first. */
    async toAskForParcels(connectorIds: readonly string[], before: Date, limit: number): Promise<OrderDocument[]> {
      return model
        .find({ connectorId: { $in: [...connectorIds] }, awaitsParcels: true, parcelsAskedAt: { $lt: before } })
        .sort({ parcelsAskedAt: 1 })
        .limit(limit)
        .lean();
    },

    /** The connector's orders whose parcels are awaited. */
    async awaitingParcels(connectorId: string): Promise<OrderDocument[]> {
      return model.find({ connectorId, awaitsParcels: true }).lean();
    },

    async noteParcelsAsked(id: string, at: Date): Promise<void> {
      await model.updateOne({ _id: id }, { $set: { parcelsAskedAt: at } });
    },

    /** The connector's orders for which stock is held, or may be. */
    async holdingStock(connectorId: string): Promise<OrderDocument[]> {
      return model.find({ connectorId, holdsStock: true }).lean();
    },

    /** The connector's orders in these stages. */
    async inStages(connectorId: string, stages: readonly OrderStage[]): Promise<OrderDocument[]> {
      return model.find({ connectorId, stage: { $in: [...stages] } }).lean();
    },

    async removeAll(connectorId: string): Promise<void> {
      await model.deleteMany({ connectorId });
    },
  };
}

export type OrderStore = ReturnType<typeof orderStore>;

/** The machine's state of a kept order. */
export function stateOf({ json }: Pick<OrderDocument, 'json'>): OrderState {
  return JSON.parse(json) as OrderState;
}

/** A kept order, as its workflow goes on with it. */
export function openedOf(order: OrderDocument, policy: OrderPolicy): OpenedOrder {
  const { revision, stage, reason } = order;
  return { revision, state: stateOf(order), stage, reason, hasMail: messagesToSend(order).length > 0, policy };
}

/** The messages that wait, and those that were refused; of what was overcome before anybody could be told, none. */
export function messagesToSend({ messages }: Pick<OrderDocument, 'messages'>): KeptMessage[] {
  const overcome = messages.filter(({ kind }) => kind === 'recovered').map(({ problem }) => problem);
  const isMoot = ({ kind, problem }: KeptMessage): boolean => kind === 'notify' && overcome.includes(problem);
  return messages.filter((each) => each.state === 'waiting' || (each.isRefused && !isMoot(each)));
}

function shownOf(state: OrderState, at: number) {
  const { facts } = state;
  const { stage, reason, deadline, holds } = viewOf(state, at);
  return {
    json: JSON.stringify(state),
    stage,
    reason,
    deadline,
    holds,
    holdsStock: holds.length > 0,
    awaitsParcels: awaitsParcels(state),
    orderedAt: facts.orderedAt === undefined ? null : new Date(facts.orderedAt),
    sightedAt: facts.updatedAt === 0 ? null : new Date(facts.updatedAt),
    isStale: facts.isStale,
  };
}

/** Nothing is left to be done, and nothing that Amazon or the store may still say would change that. */
function isEnded(state: OrderState): boolean {
  const isOurs = whyIgnored(state) === undefined;
  return isAtRest(state) && state.holds.length === 0 && (!isOurs || isOver(state.facts));
}

function keptMessage(message: OrderMessage, at: number): KeptMessage {
  return {
    ...message,
    key: `${message.problem}:${message.kind}`,
    state: 'waiting',
    note: null,
    at: new Date(at),
    sentAt: null,
  };
}
