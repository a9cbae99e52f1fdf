import type { Region } from '../marketplaces';
import type { PlacementResult, StoreOrder } from '../ports/order-integration';
import type { OrderSighting } from './order';
import type { OrderCommand, OrderPolicy, OrderState, OrderStep } from './order-state';
import type { OrderStage } from './order-view';

/** One order of one Amazon account, and the connector that handles it. */
export interface OrderInput {
  sellerId: string;
  amazonOrderId: string;
  connectorId: string;
}

/** What others tell the workflow of an order. */
export type OrderNews =
  | { kind: 'sighting'; sighting: OrderSighting }
  | { kind: 'result'; result: Omit<PlacementResult, 'marketplaceOrderId'> }
  | { kind: 'store'; order: StoreOrder }
  | { kind: 'policy'; policy: OrderPolicy }
  | { kind: 'release' }
  | { kind: 'retry' };

/** What the workflow of an order is started with. */
export interface OrderRun extends OrderInput {
  /** What the run before it was told and has not heard. */
  news?: OrderNews[];
}

/** Where the order came to be, and why. `at` in milliseconds since 1970. */
export interface OrderTransition {
  at: number;
  stage: OrderStage;
  reason: string;
}

/** What people are told of, by mail (V14). */
export type OrderMessage = Extract<OrderCommand, { kind: 'notify' | 'recovered' }>;

/** An order as it is to be kept. Of two writes the one with the higher revision stays. */
export interface OrderSave {
  revision: number;
  at: number;
  state: OrderState;
  /** Since the save before. */
  transitions: OrderTransition[];
  messages: OrderMessage[];
}

/** An order that was kept. */
export interface OpenedOrder {
  revision: number;
  state: OrderState;
  stage: OrderStage;
  reason: string;
  /** Messages of it are not sent yet. */
  hasMail: boolean;
  /** What its connector wants by now. */
  policy: OrderPolicy;
}

/** A step to be taken; `save` is kept before, where there is anything new. */
export interface StepInput extends OrderInput {
  step: OrderStep;
  save: OrderSave | null;
}

/** The orders of one seller in one region: what one search of Amazon's covers. */
export interface WatchedAccount {
  sellerId: string;
  region: Region;
}

/**
 * What came of reading a page of orders. `more`: another page waits for the next run. `done`: none does. `later`: Amazon's limit gives
 * none now. `failed`: it could not be read; why is noted. `unwatched`: no connector watches the account any more.
 */
export type OrdersPageRead = 'more' | 'done' | 'later' | 'failed' | 'unwatched';
