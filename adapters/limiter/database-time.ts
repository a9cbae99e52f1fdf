import type { Clock } from '../http/clock';

/** Crystals differ by some 50 µs/s: in this time two clocks part by less than the network blurs. */
const GOOD_FOR_MS = 30_000;

/** The quickest answer tells best. */
const QUESTIONS = 3;

/**
 * The database's clock, which all processes go by: machines' own clocks differ by seconds. It is asked now and then, and
 * carried on by the process's clock; the error is at most half of the quickest answer's way there and back.
 */
export class DatabaseTime {
  private aheadMs = 0;
  private askedAt = -Infinity;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly ask: () => Promise<number>
  ) {}

  /** Makes sure that the time is known. Rejects when the database does not answer. */
  async known(): Promise<void> {
    if (this.clock.now() - this.askedAt < GOOD_FOR_MS) return;
    this.asking ??= this.compare().finally(() => (this.asking = undefined));
    await this.asking;
  }

  now(): number {
    return this.clock.now() + this.aheadMs;
  }

  /** A moment of the process's clock on the database's clock. */
  toShared(moment: number): number {
    return moment + this.aheadMs;
  }

  private async compare(): Promise<void> {
    let quickest = Infinity;
    for (let question = 0; question < QUESTIONS; question += 1) {
      const sent = this.clock.now();
      const time = await this.ask();
      const took = this.clock.now() - sent;
      if (took > quickest) continue;
      quickest = took;
      this.aheadMs = time - (sent + took / 2);
    }
    this.askedAt = this.clock.now();
  }
}
