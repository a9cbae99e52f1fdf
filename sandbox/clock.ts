/**
 * The sandbox's own time: the machine's clock plus what the control API advanced it by, or a frozen moment. Everything that
 * ages asks here.
 */
export class SandboxClock {
  private frozenAt: number | undefined;

  constructor(private aheadMs = 0) {}

  /** Epoch milliseconds. */
  now(): number {
    return (this.frozenAt ?? Date.now()) + this.aheadMs;
  }

  /** ISO 8601 with milliseconds, UTC. */
  iso(at: number = this.now()): string {
    return new Date(at).toISOString();
  }

  /** Milliseconds this clock was advanced by. */
  get ahead(): number {
    return this.aheadMs;
  }

  get isFrozen(): boolean {
    return this.frozenAt !== undefined;
  }

  advance(seconds: number): void {
    this.aheadMs += Math.round(seconds * 1000);
  }

  /** Stands still until thawed; advancing still moves it. */
  freeze(isFrozen: boolean): void {
    this.frozenAt = isFrozen ? (this.frozenAt ?? Date.now()) : undefined;
  }

  reset(): void {
    this.aheadMs = 0;
    this.frozenAt = undefined;
  }
}
