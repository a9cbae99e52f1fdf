import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox';
import { createAmazon, type Amazon, type AmazonOptions } from '../../adapters/amazon';
import { createInProcessLimiter } from '../../adapters/limiter/in-process';
import { createVtexStore, type VtexStoreOptions } from '../../adapters/vtex';
import { requireMarketplace } from '../../domain/marketplaces';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { VtexStore } from '../../domain/ports/source';

export const never = new AbortController().signal;

/** What the sandbox says of a world. */
export interface WorldFacts {
  vtex: { account: string; appKey: string; appToken: string; salesChannel: string };
  amazon: { clientId: string; clientSecret: string; refreshToken: string; sellerId: string };
}

/** A running sandbox with one world, and the control API in verbs. */
export class SandboxWorld {
  private constructor(
    readonly sandbox: Sandbox,
    readonly facts: WorldFacts
  ) {}

  static async start(options: SandboxOptions = {}, world: object = { generate: 60, seed: 1 }): Promise<SandboxWorld> {
    const sandbox = await startSandbox({ rateFactor: 100, visibleAfterMs: 50, ...options });
    const facts = (await control(sandbox.url, 'PUT', '/worlds/w', world)) as WorldFacts;
    return new SandboxWorld(sandbox, facts);
  }

  control<T = unknown>(method: string, path: string, body?: object): Promise<T> {
    return control(this.sandbox.url, method, path, body) as Promise<T>;
  }

  async fault(fault: object): Promise<void> {
    await this.control('POST', '/faults', fault);
  }

  async heal(): Promise<void> {
    await this.control('DELETE', '/faults');
    await this.control('DELETE', '/calls');
  }

  /** How often an operation was called since the last `heal`, by status. */
  async calls(operation: string): Promise<{ count: number; byStatus: Record<string, number> }> {
    const summary = await this.control<{
      byOperation: Record<string, { count: number; byStatus: Record<string, number> }>;
    }>('GET', '/calls/summary');
    return summary.byOperation[operation] ?? { count: 0, byStatus: {} };
  }

  get account(): AmazonAccount {
    const { clientId, sellerId } = this.facts.amazon;
    return { connectorId: 'con_1', clientId, sellerId, marketplace: requireMarketplace('US'), issueLocale: 'en_US' };
  }

  amazon(options: Partial<AmazonOptions> = {}): Amazon {
    const { clientId, clientSecret, refreshToken } = this.facts.amazon;
    return createAmazon({
      lwaUrl: `${this.sandbox.url}/auth/o2/token`,
      spApiUrl: () => this.sandbox.url,
      limiter: createInProcessLimiter(),
      credentials: () => Promise.resolve({ clientId, clientSecret, refreshToken }),
      timeoutMs: 5_000,
      ...options,
    });
  }

  store(options: Partial<VtexStoreOptions> = {}): VtexStore {
    return createVtexStore({
      ...this.facts.vtex,
      affiliateId: 'MZN',
      urlTemplate: `${this.sandbox.url}/vtex/{account}`,
      pricingUrlTemplate: `${this.sandbox.url}/vtex-pricing/{account}`,
      currency: 'USD',
      requestsInFlight: 10,
      timeoutMs: 5_000,
      ...options,
    });
  }
}

async function control(url: string, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${url}/__sandbox${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** The failure that a promise ends with; fails the test when it does not fail. */
export async function failureOf<T>(promise: Promise<T>): Promise<unknown> {
  const outcome = await promise.then(
    () => ({ failed: false as const }),
    (error: unknown) => ({ failed: true as const, error })
  );
  if (!outcome.failed) throw new Error('expected a failure');
  return outcome.error;
}
