import type { FailureCode } from '../errors';
import type { HoldAnswer, HoldLine, StockUnits } from '../ports/reservations';
import type { PlacementAnswer, PlacementResult, StoreOrder } from '../ports/order-integration';
import type { Shipment } from '../ports/orders';
import { NO_FACTS, type OrderFacts } from './order-facts';
import type { Destination, OrderSighting } from './order';
import type { ProblemCode } from './order-problems';

/** What the connector wants done with its orders. */
export interface OrderPolicy {
  /** The affiliate: holds are named after it. */
  affiliateId: string;
  /** V9: stock of pending orders is held. Needs a default destination. */
  reserves: boolean;
  /** Approved orders are placed in the store. */
  integrates: boolean;
  /** V8. Where a hold is simulated to while Amazon does not tell where the order goes; null when none is configured. */
  destination: Destination | null;
  /** Since when the connector handles orders, in milliseconds since the epoch: those from before are not ours. */
  activatedAt: number;
  /** The life to ask for a hold, in seconds. */
  askedSeconds: number;
  /** B20. Amazon's codes of carriers, by what the store calls them. */
  carriers: Record<string, string>;
}

/** What the ledger says of a SKU of the order. */
export interface OrderLine {
  sku: string;
  sourceId: string;
  /** Of a kit, what one takes. */
  parts?: StockUnits[];
}

/** A hold that exists, or may exist. One that is known to be gone is not kept. */
export interface OrderHold {
  lockId: string;
  /** `asked`: a request was sent whose answer is not known; it may exist. `live`: the store has confirmed it. */
  state: 'asked' | 'live';
  /** By SKU, parts in place of kits, sorted. */
  units: StockUnits[];
  /** A request whose answer is lost may still take effect until then; 0 when none is. */
  doubtedUntil: number;
  /** Null while it is not known, and for a hold without end. */
  expiresAt: number | null;
  renewAt: number | null;
  /** Failed tries to let it go, since when, and when the next one is due. */
  releases: number;
  failingSince: number | null;
  releaseAt: number;
}

/** What keeps stock from being held. */
export interface HoldTrouble {
  problem: ProblemCode;
  said: string;
  since: number;
  tries: number;
  nextAt: number;
}

/**
 * Where the order is in the store. `none`: nothing was sent, or what was sent was refused or is in doubt. `awaiting`: taken on, the
 * result is to come. `created`: to be approved. `approving`: to be seen approved. `approved`: integrated. `canceled`: taken back.
 * `kept`: the store would not take it back.
 */
export type PlacementPhase = 'none' | 'awaiting' | 'created' | 'approving' | 'approved' | 'canceled' | 'kept';

export interface Placement {
  phase: PlacementPhase;
  /** Requests to place it that were sent, or may have been. */
  attempts: number;
  /** When the last was sent. */
  placedAt: number;
  /** A request in doubt may still take effect until then; null when none is. */
  mayExistUntil: number | null;
  storeOrderId: string | null;
  /** What was placed, by SKU of Amazon's, so that a later change is seen. */
  units: Record<string, number>;
  /** What the store refused last, until it takes the order; with what it is told to people as. */
  refused: { code: string; said: string; since: number } | null;
  /** Tries without success since the last success; they set the pause. */
  tries: number;
  failingSince: number | null;
  nextAt: number;
  /** The store found no stock beside our own hold: the hold is let go first this time. */
  letsGoFirst: boolean;
  /** The step whose refusal came before its answer. */
  refusedStep: number | null;
  /** A person wants it placed although a part has been shipped. */
  isOrdered: boolean;
}

/** A parcel that the store has sent, and whether Amazon knows of it (B20). */
export interface OrderParcel {
  /** Its number at Amazon, from 1, and never another one: said again it corrects, and never adds. */
  reference: number;
  invoiceNumber: string;
  /** In the store's words. */
  carrier: string | null;
  /** Null while the store has none: the parcel waits for it. */
  trackingNumber: string | null;
  /** ISO 8601. */
  shippedAt: string;
  /** Of these lines of Amazon's, in units. Empty where nothing in it can be told to be the order's. */
  items: { orderItemId: string; units: number }[];
  state: 'waiting' | 'confirmed' | 'refused';
  /** What Amazon refused last. */
  said: string | null;
  seenAt: number;
  /** Whether Amazon may know it: a request was sent. */
  wasSent: boolean;
  /** Whether it was so before the request under way. */
  wasSentBefore: boolean;
  tries: number;
  failingSince: number | null;
  nextAt: number;
}

/** A step that is under way; its answer carries its number. */
export type OrderStep =
  /** Read the order at Amazon. */
  | { kind: 'look' }
  /** Find these SKUs in the ledger. */
  | { kind: 'resolve'; skus: string[] }
  /**
   * Hold stock. `looksFirst`: the same request may have been sent before. `thenRelease`: the hold that it renews, let go at once when
   * the new one is certain.
   */
  | {
      kind: 'reserve';
      lockId: string;
      lines: HoldLine[];
      destination: Destination;
      askedSeconds: number;
      looksFirst: boolean;
      thenRelease: string | null;
    }
  | { kind: 'release'; lockId: string }
  /** Place the order in the store; first read at Amazon that these are still its units. */
  | { kind: 'place'; lines: (OrderLine & { units: number })[]; looksFirst: boolean }
  | { kind: 'approve' }
  /** Ask the store for the order. */
  | { kind: 'check' }
  | { kind: 'cancel-order'; storeOrderId: string }
  /** Tell Amazon of a parcel. */
  | { kind: 'confirm-shipment'; marketplaceId: string; shipment: Shipment };

/** What a step came to. `sent`: false when the request itself was certainly not sent, so that nothing can have come of it. */
export type StepOutcome =
  | { kind: 'failed'; code: FailureCode; said: string; sent: boolean }
  | { kind: 'looked'; sighting: OrderSighting | null }
  /** SKUs that are not among the lines are not known to the ledger. */
  | { kind: 'resolved'; lines: OrderLine[] }
  /** `released`: what came of `thenRelease`; absent where it was not tried, or not answered. */
  | { kind: 'reserved'; answer: HoldAnswer; released?: 'released' | 'absent' }
  | { kind: 'released'; answer: 'released' | 'absent' }
  | { kind: 'placed'; answer: PlacementAnswer }
  /** Nothing was sent, because Amazon says otherwise by now. */
  | { kind: 'changed'; sighting: OrderSighting }
  /** The answer to `check`, and to `place` where the store had it: null when it has none. */
  | { kind: 'found'; order: StoreOrder | null }
  | { kind: 'approved'; answer: PlacementAnswer }
  | { kind: 'canceled'; answer: { kind: 'canceled' } | { kind: 'refused'; said: string } }
  | { kind: 'confirmed' };

/** What happens to an order. `at` in milliseconds since 1970. */
export type OrderEvent = { at: number } & (
  | { kind: 'sighting'; sighting: OrderSighting }
  | { kind: 'outcome'; step: number; outcome: StepOutcome }
  /** The store has told a result. */
  | { kind: 'result'; result: Omit<PlacementResult, 'marketplaceOrderId'> }
  /** The store was asked for its order, because its parcels are awaited. */
  | { kind: 'store'; order: StoreOrder }
  | { kind: 'clock' }
  /** The state was read back, and what became of the step under way is not known. */
  | { kind: 'restart' }
  | { kind: 'policy'; policy: OrderPolicy }
  /** A person lets the stock go, or wants it tried again now. */
  | { kind: 'release' }
  | { kind: 'retry' }
);

/** What is to be done outside. */
export type OrderCommand =
  /** At most one is under way; its outcome comes back with its number. */
  | ({ step: number } & OrderStep)
  /** Before anything else that follows: these SKUs are sold out, whatever the source says. */
  | { kind: 'stop-selling'; skus: string[] }
  /** Told once for each order and problem; safe to repeat by `problem`. */
  | { kind: 'notify'; problem: string; said: string; message: string; action: string }
  | { kind: 'recovered'; problem: string; message: string };

/** One event being worked into a copy of the state. */
export interface Turn {
  state: OrderState;
  now: number;
  commands: OrderCommand[];
}

/** One order. Plain data: what is written as JSON and read back is the same. */
export interface OrderState {
  amazonOrderId: string;
  policy: OrderPolicy;
  facts: OrderFacts;
  look: { tries: number; failingSince: number | null; nextAt: number };
  /** SKUs that the ledger knows, and those that it does not. */
  lines: OrderLine[];
  unknownSkus: string[];
  resolve: { tries: number; nextAt: number };
  holds: OrderHold[];
  /** Names given to holds so far. */
  holdsMade: number;
  /** There is no stock for a new hold beside the old one: the old one goes first. */
  swaps: boolean;
  trouble: HoldTrouble | null;
  placement: Placement;
  parcels: OrderParcel[];
  /** A person has let the stock go: nothing is held any more, until `retry`. */
  isReleased: boolean;
  /** … and did so when the order was to be placed: it is handled by hand. */
  isHandledByHand: boolean;
  /** What people were told, once each. */
  told: Record<string, 'open' | 'settled'>;
  underWay: ({ step: number; since: number } & OrderStep) | null;
  steps: number;
  /** When the clock is to be told next; null when nothing waits for time. */
  wakeAt: number | null;
}

export function newOrder(amazonOrderId: string, policy: OrderPolicy): OrderState {
  return {
    amazonOrderId,
    policy,
    facts: NO_FACTS,
    look: { tries: 0, failingSince: null, nextAt: 0 },
    lines: [],
    unknownSkus: [],
    resolve: { tries: 0, nextAt: 0 },
    holds: [],
    holdsMade: 0,
    swaps: false,
    trouble: null,
    placement: {
      phase: 'none',
      attempts: 0,
      placedAt: 0,
      mayExistUntil: null,
      storeOrderId: null,
      units: {},
      refused: null,
      tries: 0,
      failingSince: null,
      nextAt: 0,
      letsGoFirst: false,
      refusedStep: null,
      isOrdered: false,
    },
    parcels: [],
    isReleased: false,
    isHandledByHand: false,
    told: {},
    underWay: null,
    steps: 0,
    wakeAt: null,
  };
}
