import { setTimeout as sleep } from 'node:timers/promises';
import type { PublicApi, SyncShown } from '../../test/e2e/public-api';

/** How often a sync is looked at, in milliseconds. */
const LOOK_EVERY_MS = 200;

/** The part of a run that reading the source is taken for; the rest is sending. */
const READING = 0.2;

/** A sync at work, seen by its caller: whatever breaks, the API is asked again. */
export class SyncWatch {
  constructor(
    private readonly api: PublicApi,
    readonly syncId: string,
    private readonly skus: number,
    private readonly boundSeconds: number
  ) {}

  /**
   * Waits until the sync has come so far.
   *
   * @param part - of the whole, from 0 to 1; reading the source is its first fifth
   * @throws Error when the sync ends before, or the bound passes
   */
  async hasCome(part: number): Promise<void> {
    const end = Date.now() + this.boundSeconds * 1000;
    for (;;) {
      const sync = await this.look();
      if (sync?.endedAt) throw new Error(`the sync has ended (${sync.outcome}) before it could be disturbed`);
      if (sync && progressOf(sync, this.skus) >= part) return;
      if (Date.now() > end)
        throw new Error(`waited ${this.boundSeconds} s in vain for ${part} of ${JSON.stringify(sync)}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Whether callers were told, at any moment of the given time, what the sync waits for. */
  async saidWaiting(ms: number): Promise<boolean> {
    const end = Date.now() + ms;
    let said = false;
    while (Date.now() < end) {
      said ||= await this.saysItWaits(end);
      await sleep(Math.min(LOOK_EVERY_MS, Math.max(0, end - Date.now())));
    }
    return said;
  }

  /** `waitingFor`, or, where the run cannot be read, a refusal that says which part is away. */
  private async saysItWaits(until: number): Promise<boolean> {
    const answer = await Promise.race([
      this.api.call<SyncShown & { code?: string }>(`/v1/syncs/${this.syncId}`).catch(() => undefined),
      sleep(until - Date.now(), undefined),
    ]);
    if (answer?.status === 200) return answer.body.waitingFor !== null;
    return answer?.status === 503 && answer.body.code !== undefined;
  }

  private look(): Promise<SyncShown | undefined> {
    return this.api.sync(this.syncId).catch(() => undefined);
  }
}

function progressOf({ phase, total, counts }: SyncShown, skus: number): number {
  if (phase === 'collect') return (READING * total) / skus;
  if (phase !== 'publish') return 1;
  return READING + ((1 - READING) * (total - counts.pending)) / Math.max(1, total);
}
