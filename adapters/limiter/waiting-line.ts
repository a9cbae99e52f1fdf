import type { WaitingGroup } from '../../domain/ports/limiter';
import { took, turnsOf, whoseTurn, type Turns } from './fair-order';

/** One request that waits. */
export interface Waiter {
  /** Its connector. */
  flow: string;
  /** Place in `PURPOSES`. */
  rank: number;
  /** Milliseconds of the process's clock. */
  since: number;
  go: () => void;
  fail: (reason: Error) => void;
}

interface Group extends WaitingGroup {
  waiters: Waiter[];
}

/** Those in this process who wait for one bucket, in the order in which they go. */
export class WaitingLine {
  private readonly groups = new Map<string, Group>();
  private turns: Turns = new Map();
  private served = 0;

  /** When the last one of each flow has gone. */
  private readonly gone = new Map<string, number>();

  get size(): number {
    let size = 0;
    for (const { waiters } of this.groups.values()) size += waiters.length;
    return size;
  }

  /** Flows of which somebody has gone since a moment of the process's clock. */
  recent(since: number): string[] {
    for (const [flow, at] of this.gone) if (at < since) this.gone.delete(flow);
    return [...this.gone.keys()];
  }

  add(waiter: Waiter): void {
    const { flow, rank, since } = waiter;
    const name = `${rank} ${flow}`;
    const group = this.groups.get(name) ?? { flow, rank, since, waiting: 0, waiters: [] };
    this.groups.set(name, group);
    group.waiters.push(waiter);
    update(group);
  }

  remove(waiter: Waiter): void {
    for (const [name, group] of this.groups) {
      const place = group.waiters.indexOf(waiter);
      if (place < 0) continue;
      group.waiters.splice(place, 1);
      this.afterLeaving(name, group);
    }
  }

  /** Takes out the one who goes next. */
  next(now: number): Waiter | undefined {
    const groups = [...this.groups.values()];
    this.turns = turnsOf(groups, this.turns);
    const group = whoseTurn(groups, this.turns, this.served);
    const waiter = group?.waiters.shift();
    if (!group || !waiter) return undefined;
    this.served += 1;
    took(this.turns, group.flow);
    this.gone.set(group.flow, now);
    this.afterLeaving(`${group.rank} ${group.flow}`, group);
    return waiter;
  }

  removeAll(): Waiter[] {
    const all = [...this.groups.values()].flatMap(({ waiters }) => waiters);
    this.groups.clear();
    return all;
  }

  waiting(): WaitingGroup[] {
    return [...this.groups.values()].map(({ waiters: _, ...group }) => group);
  }

  /** Who would still wait after the next `count` have gone. */
  waitingAfter(count: number): WaitingGroup[] {
    const groups = this.waiting();
    const turns = turnsOf(groups, this.turns);
    for (let place = 0; place < count; place += 1) {
      const next = whoseTurn(groups, turns, this.served + place);
      if (!next) break;
      next.waiting -= 1;
      took(turns, next.flow);
    }
    return groups.filter(({ waiting }) => waiting > 0);
  }

  private afterLeaving(name: string, group: Group): void {
    if (group.waiters.length === 0) this.groups.delete(name);
    else update(group);
  }
}

function update(group: Group): void {
  group.waiting = group.waiters.length;
  group.since = group.waiters[0]!.since;
}
