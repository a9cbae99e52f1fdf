import { activityInfo } from '@temporalio/activity';
import { amazonAccount } from '../../domain/amazon-account';
import { OutsideError } from '../../domain/errors';
import { isSameUnits, unitsOf } from '../../domain/orders/order-plan';
import type { StepInput } from '../../domain/orders/order-record';
import type { OrderStep, StepOutcome } from '../../domain/orders/order-state';
import { SHORTEST_LIFE } from '../../domain/orders/order-timing';
import type { HoldAnswer, HoldRequest, StockHold } from '../../domain/ports/reservations';
import { unsent } from '../../domain/unsent';
import type { ConnectorDocument } from '../../models/connectors';
import { withPulse } from '../pulse';
import type { OrderDependencies } from './dependencies';
import { place } from './place';
import { linesOf } from './resolve';
import type { StepContext } from './step-context';

type ReserveStep = Extract<OrderStep, { kind: 'reserve' }>;

/** After so many tries of one step, what is no failure of the outside world is told to people as a bug. */
const MOST_TRIES = 3;

/** What a cancelled order is taken back for, in the store. */
const CANCELED_AT_AMAZON = 'Cancelled at Amazon';

/** The steps of one order. */
export function orderSteps(deps: OrderDependencies) {
  return {
    /** Keeps the order as it is, takes a step, and answers what came of it: failures of the outside world are answers too. */
    async takeOrderStep({ step, save, ...order }: StepInput): Promise<StepOutcome> {
      if (save) await deps.orders.save(order.sellerId, order.amazonOrderId, save);
      return withPulse(async ({ signal }) => {
        const { attempt } = activityInfo();
        const isRepeat = attempt > 1;
        const looksFirst = isRepeat || ('looksFirst' in step && step.looksFirst);
        try {
          const connector = await connectorOf(deps, order.connectorId, step);
          const store = await deps.storeOf(connector);
          const account = amazonAccount(connector._id, connector.config);
          const { amazonOrderId } = order;
          return await take(deps, step, { amazonOrderId, connector, account, store, looksFirst, signal });
        } catch (error) {
          if (signal.aborted || (!(error instanceof OutsideError) && attempt < MOST_TRIES)) throw error;
          return failedBy(error, isRepeat);
        }
      });
    },
  };
}

async function take(deps: OrderDependencies, step: OrderStep, context: StepContext): Promise<StepOutcome> {
  const { amazonOrderId, account, connector, store, looksFirst, signal } = context;
  const { reservations, integration } = store;
  switch (step.kind) {
    case 'look': {
      const sighting = await deps.amazonOrders.get(account, amazonOrderId, signal);
      return { kind: 'looked', sighting: sighting ?? null };
    }
    case 'resolve':
      return { kind: 'resolved', lines: await linesOf(deps, connector._id, step.skus) };
    case 'reserve': {
      const hold = looksFirst ? await unsent(reservations.find(step.lockId, signal)) : undefined;
      return renewed(step, hold ? known(step, hold) : await reservations.reserve(requestOf(step), signal), context);
    }
    case 'release':
      return { kind: 'released', answer: await reservations.release(step.lockId, signal) };
    case 'place':
      return place(deps.amazonOrders, step, context);
    case 'check':
      return { kind: 'found', order: (await integration.find(amazonOrderId, signal)) ?? null };
    case 'approve':
      return { kind: 'approved', answer: await integration.approve(amazonOrderId, signal) };
    case 'cancel-order':
      return { kind: 'canceled', answer: await integration.cancel(step.storeOrderId, CANCELED_AT_AMAZON, signal) };
    case 'confirm-shipment':
      await deps.amazonOrders.confirmShipment(account, amazonOrderId, step.marketplaceId, step.shipment, signal);
      return { kind: 'confirmed' };
  }
}

/** A new hold in the place of one that runs out: the old one is let go at once, and where that fails by a step of its own. */
async function renewed(
  { thenRelease }: ReserveStep,
  answer: HoldAnswer,
  { store: { reservations }, signal }: StepContext
): Promise<StepOutcome> {
  if (thenRelease === null || !isLasting(answer)) return { kind: 'reserved', answer };
  try {
    return { kind: 'reserved', answer, released: await reservations.release(thenRelease, signal) };
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    return { kind: 'reserved', answer };
  }
}

/** The hold that is there already. One that keeps other units is not the one that was asked for. */
function known({ lines }: ReserveStep, hold: StockHold): HoldAnswer {
  const isOwn = hold.units.length === 0 || isSameUnits(hold.units, unitsOf(lines));
  return isOwn || keepsNone(hold) ? { kind: 'held', hold } : { kind: 'taken' };
}

/** Whether there is a new hold that can stand alone. */
function isLasting(answer: HoldAnswer): boolean {
  if (answer.kind !== 'held') return false;
  const { expiresAt } = answer.hold;
  if (keepsNone(answer.hold)) return false;
  return expiresAt === null || Date.parse(expiresAt) - Date.now() >= SHORTEST_LIFE;
}

function keepsNone({ state }: StockHold): boolean {
  return state === 'canceled' || state === 'expired';
}

function requestOf({ lockId, lines, destination, askedSeconds }: ReserveStep): HoldRequest {
  return { lockId, lines, destination, askedSeconds };
}

/** What was lost on the way may have been sent, and so may what an earlier try of the same step sent. */
function failedBy(error: unknown, isRepeat: boolean): StepOutcome {
  if (error instanceof OutsideError)
    return {
      kind: 'failed',
      code: error.code,
      said: error.message,
      sent: isRepeat || error.facts.notSent !== true,
    };
  const said = error instanceof Error ? error.name : 'Something that is not an error was thrown.';
  return { kind: 'failed', code: 'bug', said: `Inside Longshore: ${said}`, sent: true };
}

async function connectorOf(
  { connectors }: OrderDependencies,
  connectorId: string,
  step: OrderStep
): Promise<ConnectorDocument> {
  const connector = await connectors.get(connectorId);
  if (connector) return connector;
  throw new OutsideError('config', `The connector ${connectorId} of the order is gone.`, {
    system: 'longshore',
    operation: step.kind,
    notSent: true,
  });
}
