import { decide } from '../../../domain/orders/decide';
import { openUnits, type OrderItem, type OrderSighting, type OrderStatus } from '../../../domain/orders/order';
import {
  newOrder,
  type OrderCommand,
  type OrderEvent,
  type OrderLine,
  type OrderPolicy,
  type OrderState,
  type OrderStep,
  type StepOutcome,
} from '../../../domain/orders/order-state';
import { NO_DELIVERY } from '../../../domain/orders/placement-codes';
import type { HoldLine, StockHold, StockUnits } from '../../../domain/ports/reservations';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const START = Date.parse('2026-03-02T08:00:00Z');
export const ORDER_ID = '701-1234567-7654321';

/** What Amazon says from a moment on. */
export interface LifeStage {
  at: number;
  status: OrderStatus;
  items: OrderItem[];
}

export interface Scenario {
  seed: number;
  policy: OrderPolicy;
  orderedAt: number;
  fulfilledBy: 'merchant' | 'amazon';
  life: LifeStage[];
  /** The ledger: what it does not hold is unknown. */
  ledger: OrderLine[];
  stock: Record<string, number>;
  /** What other customers buy. */
  sales: { at: number; sourceId: string; units: number }[];
  holdLifeMs: number;
  /** Of ten steps, how many go wrong in some way; none after `calmAt`. */
  faultsInTen: number;
  calmAt: number;
  /** What people press. */
  presses: { at: number; kind: 'release' | 'retry' }[];
  until: number;
}

interface StoreOrderModel {
  units: StockUnits[];
  state: 'created' | 'approved' | 'canceled';
}

type Happening = { at: number; run: () => void };

/** Numbers from 0 up to 1, the same for the same seed. Source: mulberry32. */
function randomOf(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * An Amazon, a store that keeps books, and the service between them, on a clock of their own. Answers get lost, requests take effect
 * late, messages come twice and in any order, and the service is killed between any two steps.
 */
export class World {
  now = START;
  state: OrderState;
  readonly holds = new Map<string, StockHold & { madeAt: number }>();
  readonly orders: StoreOrderModel[] = [];
  readonly notified: string[] = [];
  readonly recovered: string[] = [];
  /** Problems that people were told of and told to be over in one turn. */
  readonly takenBack: string[] = [];
  readonly stopped: string[] = [];
  readonly steps: OrderStep[] = [];
  readonly sold = new Map<string, number>();
  private readonly random: () => number;
  private wasPlaced = false;
  private readonly happenings: Happening[] = [];

  constructor(
    readonly scenario: Scenario,
    private readonly afterEach: (world: World) => void = () => undefined
  ) {
    this.random = randomOf(scenario.seed);
    this.state = newOrder(ORDER_ID, scenario.policy);
    for (const stage of scenario.life) this.at(stage.at, () => this.amazonChanges());
    for (const { at, sourceId, units } of scenario.sales) this.at(at, () => this.sell(sourceId, units));
    for (const { at, kind } of scenario.presses) this.at(at, () => this.feed({ kind, at: this.now }));
    for (let at = START + 3 * MINUTE; at < scenario.until; at += this.chance(0.2) ? 3 * MINUTE : 4 * HOUR)
      this.at(at, () => this.sight(this.sightingAt(this.now, 'poll')));
  }

  /** Lets everything happen until the scenario's end. */
  run(): this {
    for (;;) {
      const next = this.happenings.at(-1);
      const wake = this.state.wakeAt ?? Infinity;
      const at = Math.min(next?.at ?? Infinity, wake);
      if (at > this.scenario.until || at === Infinity) return this;
      this.now = Math.max(this.now, at);
      this.lapse();
      if (next && next.at <= wake) {
        this.happenings.pop();
        next.run();
      } else this.feed({ kind: 'clock', at: this.now });
      this.lapse();
      this.afterEach(this);
    }
  }

  feed(event: OrderEvent): void {
    const { state, commands } = decide(this.state, event);
    this.state = state;
    const told = commands.flatMap((command) => (command.kind === 'notify' ? [command.problem] : []));
    for (const command of commands) {
      if (command.kind === 'recovered' && told.includes(command.problem)) this.takenBack.push(command.problem);
      this.obey(command);
    }
  }

  liveHolds(): StockHold[] {
    return [...this.holds.values()].filter(({ state }) => state === 'held');
  }

  liveOrders(): StoreOrderModel[] {
    return this.orders.filter(({ state }) => state !== 'canceled');
  }

  /** Stock that nobody holds or has bought. */
  available(sourceId: string): number {
    const held = this.liveHolds().flatMap(({ units }) => units);
    const ordered = this.liveOrders().flatMap(({ units }) => units);
    const taken = [...held, ...ordered].filter((each) => each.sourceId === sourceId);
    const sold = this.sold.get(sourceId) ?? 0;
    return (this.scenario.stock[sourceId] ?? 0) - sold - taken.reduce((sum, { units }) => sum + units, 0);
  }

  stage(at = this.now): LifeStage | undefined {
    return this.scenario.life.findLast((stage) => stage.at <= at);
  }

  /** What the order takes now from the store, parts in place of kits. */
  unitsOfOrder(): StockUnits[] {
    return flat(linesOf(this.stage()?.items ?? [], this.scenario.ledger));
  }

  private at(at: number, run: () => void): void {
    let [low, high] = [0, this.happenings.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      // The latest come first, so that the next one is the last.
      if (this.happenings[middle]!.at > at) low = middle + 1;
      else high = middle;
    }
    this.happenings.splice(low, 0, { at, run });
  }

  private chance(of: number): boolean {
    return this.random() < of;
  }

  private between(least: number, most: number): number {
    return Math.floor(least + this.random() * (most - least));
  }

  private goesWrong(): boolean {
    return this.now < this.scenario.calmAt && this.random() * 10 < this.scenario.faultsInTen;
  }

  private lapse(): void {
    for (const hold of this.holds.values())
      if (hold.state === 'held' && Date.parse(hold.expiresAt!) <= this.now) hold.state = 'expired';
  }

  private sell(sourceId: string, units: number): void {
    const sold = Math.min(units, Math.max(0, this.available(sourceId)));
    this.sold.set(sourceId, (this.sold.get(sourceId) ?? 0) + sold);
  }

  /** A change is heard of by a notice, by a poll, by both, twice, late; never is it certain that at once. */
  private amazonChanges(): void {
    const seen = this.sightingAt(this.now, 'poll');
    const notice = this.noticeAt(this.now);
    if (this.chance(0.5)) this.at(this.now + this.between(100, 5 * SECOND), () => this.sight(notice));
    if (this.chance(0.2)) this.at(this.now + this.between(0, 12 * HOUR), () => this.sight(notice));
    if (this.chance(0.2)) this.at(this.now + this.between(0, 2 * HOUR), () => this.sight(seen));
    this.at(this.now + this.between(SECOND, 4 * MINUTE), () => this.sight(this.sightingAt(this.now, 'poll')));
  }

  private sight(sighting: OrderSighting | undefined): void {
    if (sighting) this.feed({ kind: 'sighting', sighting, at: this.now });
  }

  private sightingAt(at: number, from: 'poll' | 'order'): OrderSighting | undefined {
    const stage = this.stage(at);
    if (!stage) return undefined;
    // Some regions and v0's list leave things out.
    const isWhole = from === 'order' || this.chance(0.7);
    return {
      amazonOrderId: ORDER_ID,
      from,
      updatedAt: new Date(stage.at).toISOString(),
      orderedAt: new Date(this.scenario.orderedAt).toISOString(),
      ...(isWhole && { status: stage.status, fulfilledBy: this.scenario.fulfilledBy, items: stage.items }),
    };
  }

  private noticeAt(at: number): OrderSighting | undefined {
    const stage = this.stage(at);
    if (!stage) return undefined;
    return {
      amazonOrderId: ORDER_ID,
      from: 'notice',
      // Of the change, or of the event: not quite the order's own.
      updatedAt: new Date(stage.at + this.between(-2 * SECOND, 2 * SECOND)).toISOString(),
      orderedAt: this.chance(0.5) ? new Date(this.scenario.orderedAt).toISOString() : undefined,
      status: stage.status,
      fulfilledBy: this.scenario.fulfilledBy,
      items: stage.items.map((item) => ({ ...item, ordered: item.ordered - item.canceled, canceled: 0, shipped: 0 })),
    };
  }

  private obey(command: OrderCommand): void {
    if (command.kind === 'notify') this.notified.push(command.problem);
    else if (command.kind === 'recovered') this.recovered.push(command.problem);
    else if (command.kind === 'stop-selling') this.stopped.push(...command.skus);
    else this.take(command);
  }

  private take(command: { step: number } & OrderStep): void {
    this.steps.push(command);
    const isLost = this.now < this.scenario.calmAt && this.chance(this.scenario.faultsInTen / 50);
    if (isLost) {
      // Killed before the step, or after it.
      if (this.chance(0.5)) this.execute(command);
      this.at(this.now + this.between(SECOND, 10 * MINUTE), () => this.restart(command.step));
      return;
    }
    const outcome = this.execute(command);
    const answer = (): void => this.feed({ kind: 'outcome', step: command.step, outcome, at: this.now });
    this.at(this.now + this.between(50, 3 * SECOND), answer);
    if (this.chance(0.05)) this.at(this.now + this.between(50, HOUR), answer);
  }

  private restart(step: number): void {
    const before = JSON.stringify(this.state);
    this.state = JSON.parse(before) as OrderState;
    if (JSON.stringify(this.state) !== before) throw new Error('What was read back is not what was written');
    if (this.state.underWay?.step === step) this.feed({ kind: 'restart', at: this.now });
  }

  private execute(step: OrderStep): StepOutcome {
    const wrong = this.goesWrong();
    switch (step.kind) {
      case 'look':
        return wrong
          ? this.failed(false)
          : { kind: 'looked', sighting: this.sightingAt(this.lagging(), 'order') ?? null };
      case 'resolve':
        if (wrong) return this.failed(false);
        return { kind: 'resolved', lines: this.scenario.ledger.filter(({ sku }) => step.skus.includes(sku)) };
      case 'reserve':
        return this.reserve(step, wrong);
      case 'release':
        return this.release(step.lockId, wrong);
      case 'place':
        return this.place(step, wrong);
      case 'approve':
        return this.approve(wrong);
      case 'check':
        return wrong ? this.failed(false) : { kind: 'found', order: this.found() };
      case 'cancel-order':
        return this.cancel(wrong);
      case 'confirm-shipment':
        return wrong ? this.failed(true) : { kind: 'confirmed' };
    }
  }

  /** Amazon's copies may be some seconds behind. */
  private lagging(): number {
    return this.chance(0.2) ? this.now - this.between(0, 10 * SECOND) : this.now;
  }

  private failed(sent: boolean): StepOutcome {
    return { kind: 'failed', code: this.chance(0.9) ? 'transient' : 'auth.forbidden', said: 'No answer.', sent };
  }

  private reserve(step: OrderStep & { kind: 'reserve' }, wrong: boolean): StepOutcome {
    const known = this.holds.get(step.lockId);
    if (step.looksFirst && known) {
      if (wrong && this.chance(0.5)) return this.failed(false);
      return this.renewed(step, { kind: 'reserved', answer: { kind: 'held', hold: known } });
    }
    const make = (): StepOutcome => this.makeHold(step.lockId, step.lines);
    if (!wrong) return this.renewed(step, make());
    const how = this.random();
    if (how < 0.2) return this.failed(false);
    if (how < 0.3) return this.failed(true);
    if (how < 0.4) return { kind: 'reserved', answer: { kind: 'refused', said: 'Not now.' } };
    if (how < 0.7) make();
    else this.at(this.now + this.between(SECOND, 4 * MINUTE), make);
    return this.failed(true);
  }

  /** The hold before is let go at once, where it is answered and the new one keeps stock. */
  private renewed({ thenRelease }: OrderStep & { kind: 'reserve' }, outcome: StepOutcome): StepOutcome {
    const isHeld =
      outcome.kind === 'reserved' && outcome.answer.kind === 'held' && outcome.answer.hold.state === 'held';
    if (!isHeld || thenRelease === null) return outcome;
    const released = this.release(thenRelease, this.goesWrong());
    return released.kind === 'released' ? { ...outcome, released: released.answer } : outcome;
  }

  private makeHold(lockId: string, lines: readonly HoldLine[]): StepOutcome {
    if (this.holds.has(lockId)) return { kind: 'reserved', answer: { kind: 'taken' } };
    const units = flat(lines);
    const missing = units.filter((each) => this.available(each.sourceId) < each.units);
    if (missing.length > 0)
      return {
        kind: 'reserved',
        answer: { kind: 'short', missing: missing.map((each) => ({ sourceId: each.sourceId, wanted: each.units })) },
      };
    const expiresAt = new Date(this.now + this.scenario.holdLifeMs).toISOString();
    const hold = { lockId, state: 'held' as const, expiresAt, units, madeAt: this.now };
    this.holds.set(lockId, hold);
    return { kind: 'reserved', answer: { kind: 'held', hold: { ...hold } } };
  }

  private release(lockId: string, wrong: boolean): StepOutcome {
    if (wrong && this.chance(0.5)) return this.failed(false);
    const hold = this.holds.get(lockId);
    if (hold?.state === 'held') hold.state = 'canceled';
    if (wrong) return this.failed(true);
    return { kind: 'released', answer: hold ? 'released' : 'absent' };
  }

  private found(): Extract<StepOutcome, { kind: 'found' }>['order'] {
    const order = this.orders[0];
    return order ? { storeOrderId: `MZN-${ORDER_ID}`, state: order.state, parcels: [] } : null;
  }

  private place(step: OrderStep & { kind: 'place' }, wrong: boolean): StepOutcome {
    const order = this.found();
    if (step.looksFirst && order) return { kind: 'found', order };
    const stage = this.stage()!;
    const units = flat(step.lines);
    const current = flat(linesOf(stage.items, this.scenario.ledger));
    if (
      (stage.status !== 'unshipped' && stage.status !== 'partially_shipped') ||
      JSON.stringify(units) !== JSON.stringify(current)
    )
      return { kind: 'changed', sighting: this.sightingAt(this.now, 'order')! };
    const how = wrong ? this.random() : 0;
    if (how > 0.85) return this.failed(false);
    if (this.wasPlaced && !step.looksFirst) throw new Error('Placed again without a look');
    this.wasPlaced = true;
    const isRefused = wrong && how < 0.3;
    const process = (): void => this.process(units, isRefused);
    const later = (): void => this.at(this.now + this.between(0, 30 * SECOND), process);
    if (!wrong || isRefused) {
      if (isRefused && this.chance(0.3))
        return {
          kind: 'placed',
          answer: { kind: 'refused', code: this.chance(0.5) ? 'EOI006' : NO_DELIVERY, said: 'No.' },
        };
      later();
      return { kind: 'placed', answer: { kind: 'accepted' } };
    }
    if (how < 0.4) return this.failed(true);
    if (how < 0.65) later();
    else this.at(this.now + this.between(SECOND, 50 * MINUTE), process);
    return this.failed(true);
  }

  /** The store works on an order in its own time, and tells what came of it: late, twice, or never. */
  private process(units: StockUnits[], isRefused: boolean): void {
    if (this.orders.length > 0) return this.tell('EOI007');
    if (isRefused) return this.tell(this.chance(0.5) ? 'EOI005' : 'EOI010');
    if (units.some((each) => this.available(each.sourceId) < each.units)) return this.tell('EOI002');
    this.orders.push({ units, state: 'created' });
    this.tell('SOI001');
  }

  private tell(code: string): void {
    const result = { code, said: code, ...(code === 'SOI001' && { storeOrderId: `MZN-${ORDER_ID}` }) };
    const deliver = (): void => this.feed({ kind: 'result', result, at: this.now });
    if (this.chance(0.85)) this.at(this.now + this.between(10, this.chance(0.2) ? 2 * HOUR : 5 * SECOND), deliver);
    if (this.chance(0.2)) this.at(this.now + this.between(10, 6 * HOUR), deliver);
  }

  private approve(wrong: boolean): StepOutcome {
    const how = wrong ? this.random() : 1;
    if (how < 0.3) return this.failed(false);
    if (how < 0.5) return { kind: 'approved', answer: { kind: 'refused', code: 'EOI008', said: 'Not now.' } };
    this.at(this.now + this.between(0, 10 * SECOND), () => {
      const [order] = this.orders;
      if (order?.state !== 'created') return;
      order.state = 'approved';
      this.tell('SOI002');
    });
    return how < 0.8 ? this.failed(true) : { kind: 'approved', answer: { kind: 'accepted' } };
  }

  private cancel(wrong: boolean): StepOutcome {
    if (wrong && this.chance(0.5)) return this.failed(false);
    for (const order of this.orders) order.state = 'canceled';
    return wrong ? this.failed(true) : { kind: 'canceled', answer: { kind: 'canceled' } };
  }
}

/** The lines of an order that the ledger knows, with their open units. */
function linesOf(items: readonly OrderItem[], ledger: readonly OrderLine[]): (OrderLine & { units: number })[] {
  return items.flatMap((item) => {
    const line = ledger.find(({ sku }) => sku === item.sku);
    const units = openUnits(item);
    return line && units > 0 ? [{ ...line, units }] : [];
  });
}

/** Units by SKU of the store, parts in place of kits, sorted. */
function flat(lines: readonly HoldLine[]): StockUnits[] {
  const sums = new Map<string, number>();
  for (const { sourceId, units, parts } of lines)
    for (const part of parts ?? [{ sourceId, units: 1 }])
      sums.set(part.sourceId, (sums.get(part.sourceId) ?? 0) + part.units * units);
  return [...sums]
    .map(([sourceId, units]) => ({ sourceId, units }))
    .sort((one, other) => (one.sourceId < other.sourceId ? -1 : 1));
}
