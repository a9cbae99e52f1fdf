import { decide } from '../../../domain/orders/decide';
import type { OrderItem, OrderSighting } from '../../../domain/orders/order';
import {
  newOrder,
  type OrderCommand,
  type OrderEvent,
  type OrderLine,
  type OrderPolicy,
  type OrderState,
  type StepOutcome,
} from '../../../domain/orders/order-state';
import { viewOf, type OrderView } from '../../../domain/orders/order-view';
import { HOUR, MINUTE, ORDER_ID, START } from './model-world';

export const POLICY: OrderPolicy = {
  affiliateId: 'MZN',
  reserves: true,
  integrates: true,
  destination: { postalCode: '01310-100', country: 'BRA' },
  activatedAt: START - HOUR,
  askedSeconds: 864_000,
  carriers: {},
};

const SHIRT: OrderLine = { sku: 'SHIRT', sourceId: '11' };

export function line(sku: string, ordered: number, more: Partial<OrderItem> = {}): OrderItem {
  return { orderItemId: `line-${sku}`, sku, ordered, canceled: 0, shipped: 0, ...more };
}

type Answer = OrderCommand & { step: number };

/** One order, event by event: what comes in is said, what is to be done is looked at. */
export class Driver {
  now = START;
  state: OrderState;
  commands: OrderCommand[] = [];

  constructor(policy: Partial<OrderPolicy> = {}) {
    this.state = newOrder(ORDER_ID, { ...POLICY, ...policy });
  }

  get view(): OrderView {
    return viewOf(this.state, this.now);
  }

  /** The step that is under way, without its number. */
  get step(): unknown {
    const step = this.commands.find((command): command is Answer => 'step' in command);
    if (!step) return undefined;
    const { step: number, ...rest } = step;
    return number > 0 ? rest : undefined;
  }

  get kinds(): string[] {
    return this.commands.map((command) => ('problem' in command ? `${command.kind} ${command.problem}` : command.kind));
  }

  feed(event: OrderEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never): this {
    const { state, commands } = decide(this.state, { ...event, at: this.now } as OrderEvent);
    this.state = state;
    this.commands = commands;
    return this;
  }

  see(sighting: Partial<OrderSighting>): this {
    const whole: OrderSighting = {
      amazonOrderId: ORDER_ID,
      from: 'order',
      updatedAt: new Date(this.now).toISOString(),
      orderedAt: new Date(START - MINUTE).toISOString(),
      fulfilledBy: 'merchant',
      status: 'pending',
      items: [line('SHIRT', 2)],
    };
    return this.feed({ kind: 'sighting', sighting: { ...whole, ...sighting } });
  }

  answer(outcome: StepOutcome): this {
    return this.feed({ kind: 'outcome', step: this.state.underWay!.step, outcome });
  }

  resolve(lines: OrderLine[] = [SHIRT]): this {
    return this.answer({ kind: 'resolved', lines });
  }

  /** The store holds what was asked for. */
  hold(lifeMs = 10 * MINUTE): this {
    const step = this.state.underWay!;
    if (step.kind !== 'reserve') throw new Error(`The step is '${step.kind}'.`);
    const expiresAt = new Date(this.now + lifeMs).toISOString();
    const hold = { lockId: step.lockId, state: 'held' as const, expiresAt, units: [] };
    return this.answer({ kind: 'reserved', answer: { kind: 'held', hold } });
  }

  release(): this {
    return this.answer({ kind: 'released', answer: 'released' });
  }

  fail(sent: boolean, code: 'transient' | 'auth.forbidden' = 'transient'): this {
    return this.answer({ kind: 'failed', code, said: 'No answer.', sent });
  }

  result(code: string): this {
    return this.feed({ kind: 'result', result: { code, said: code, storeOrderId: 'MKP-1' } });
  }

  /** Time passes, and the clock is told when it asked to be. */
  wait(ms: number): this {
    this.now += ms;
    return this.feed({ kind: 'clock' });
  }
}

/** A pending order of two shirts with its hold of ten minutes. */
export function heldOrder(): Driver {
  return new Driver().see({}).resolve().hold();
}

/** The same, paid and sent to the store. */
export function acceptedOrder(): Driver {
  return heldOrder()
    .see({ status: 'unshipped' })
    .answer({ kind: 'placed', answer: { kind: 'accepted' } });
}

/** The same, approved in the store, and nothing held beside it. */
export function integratedOrder(): Driver {
  return acceptedOrder()
    .result('SOI001')
    .release()
    .answer({ kind: 'approved', answer: { kind: 'accepted' } })
    .result('SOI002');
}
