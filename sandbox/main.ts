import { startSandbox } from './index';

function numberFrom(name: string, otherwise: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${name} must be a number of 0 or more, not ${text}`);
  return value;
}

async function main(): Promise<void> {
  const sandbox = await startSandbox({
    port: numberFrom('SANDBOX_PORT', 4010),
    host: process.env.SANDBOX_HOST || '127.0.0.1',
    rateFactor: numberFrom('SANDBOX_RATE_FACTOR', 1),
    latencyMs: numberFrom('SANDBOX_LATENCY_MS', 0),
    visibleAfterMs: numberFrom('SANDBOX_VISIBLE_AFTER_MS', 300),
    dataDir: process.env.SANDBOX_DATA_DIR || undefined,
    log: (line) => console.error(line),
  });
  console.log(`sandbox ready at ${sandbox.url}`);
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void sandbox.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
