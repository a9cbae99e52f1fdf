import { AHEAD_MS, type Block } from './lease';

/** Permits that a process holds, in the order in which they become due. Times are milliseconds of the bucket's clock. */
export class Permits {
  private blocks: Block[] = [];
  /** Permits that were too old to be used since this was last emptied. */
  expired = 0;

  add(block: Block): void {
    this.blocks.push({ ...block });
  }

  clear(): void {
    this.blocks = [];
  }

  /** How many there are. */
  held(now: number): number {
    this.drop(now);
    return this.blocks.reduce((sum, { count }) => sum + count, 0);
  }

  /** How many become due within some milliseconds, or are due. */
  dueWithin(ms: number, now: number): number {
    this.drop(now);
    return this.blocks.reduce((sum, block) => sum + dueOf(block, now + ms), 0);
  }

  /** Milliseconds until one is due, 0 for now, infinity when there is none. */
  dueIn(now: number): number {
    this.drop(now);
    return this.blocks.length > 0 ? Math.max(0, this.blocks[0]!.first - now) : Infinity;
  }

  /** When the last one becomes due. */
  get lastSlot(): number {
    const last = this.blocks.at(-1);
    return last ? last.first + (last.count - 1) * last.spacingMs : -Infinity;
  }

  take(): void {
    this.pass(1);
  }

  /** Cuts off what is not due yet of the last block. */
  cutNotDue(now: number): Block | undefined {
    this.drop(now);
    const last = this.blocks.at(-1);
    const due = last ? dueOf(last, now) : 0;
    if (!last || due === last.count) return undefined;
    const cut = { ...last, first: last.first + due * last.spacingMs, count: last.count - due };
    last.count = due;
    if (due === 0) this.blocks.pop();
    return cut;
  }

  private drop(now: number): void {
    for (let [block] = this.blocks; block; [block] = this.blocks) {
      // Further ahead than any lease goes: the database's clock has been set back.
      const isUnsound = block.first > now + 3 * AHEAD_MS;
      const old = isUnsound ? block.count : Math.max(0, dueOf(block, now - block.toleranceMs));
      if (old === 0) return;
      this.expired += old;
      this.pass(old);
    }
  }

  private pass(count: number): void {
    const [block] = this.blocks;
    if (!block) return;
    block.first += count * block.spacingMs;
    block.count -= count;
    if (block.count <= 0) this.blocks.shift();
  }
}

function dueOf({ first, spacingMs, count }: Block, moment: number): number {
  // Sums of fractions are a hair off.
  return Math.min(count, Math.max(0, Math.floor((moment - first) / spacingMs + 1e-6) + 1));
}
