import type { SandboxControl } from '../../test/e2e/sandbox-control';
import type { World } from '../../test/workflows/rig';

/** A fault of the sandbox, as its README describes it. */
export type Fault = Record<string, unknown>;

/** How Amazon answers one seller: with faults, and else after a moment, so that requests are in flight whenever something breaks. */
export class Answers {
  /**
   * @param submissionMs - how long Amazon takes for each SKU, in milliseconds
   */
  constructor(
    private readonly sandbox: SandboxControl,
    private readonly world: World,
    private readonly submissionMs: number
  ) {}

  /** Changes how Amazon answers from now on: by the first of these faults that matches. */
  async become(faults: readonly Fault[]): Promise<void> {
    const { sellerId } = this.world.amazon;
    const slow = { match: { operation: 'putListingsItem', sellerId }, kind: 'slow', delayMs: this.submissionMs };
    await this.sandbox.liftFaults();
    for (const fault of [...faults, slow]) await this.sandbox.fault(fault);
  }

  /** Requests carried out whose answers never came, since the answers changed last. */
  async lost(): Promise<number> {
    return (await this.sandbox.faults()).reduce((sum, { after, hits }) => sum + (after ? hits : 0), 0);
  }
}
