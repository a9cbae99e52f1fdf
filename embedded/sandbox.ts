import path from 'node:path';
import type { Log } from './embedded-error';
import { places, REPOSITORY } from './places';
import { choosePort, LOOPBACK, type Ports } from './ports';
import { whenPrinted, type Processes } from './processes';

export type SandboxOptions = {
  /** Amazon's documented rates times this; defaults to `SANDBOX_RATE_FACTOR`, then 20. */
  rateFactor?: number;
  /** How long after it was accepted a listing shows up, in milliseconds; defaults to the sandbox's own. */
  visibleAfterMs?: number;
};

/** How long the sandbox may take to answer, in milliseconds. */
const START_BOUND_MS = 60_000;

/** Starts the stand-ins for Amazon and VTEX as their own process. @throws EmbeddedError when it does not come up */
export async function startSandbox(context: {
  env: NodeJS.ProcessEnv;
  dataDir: string;
  processes: Processes;
  log: Log;
  ports: Pick<Ports, 'sandbox'>;
  options: SandboxOptions;
}): Promise<{ url: string }> {
  const { env, options, log } = context;
  const started = Date.now();
  const port = await choosePort('sandbox', context.ports.sandbox, log);
  const service = await context.processes.start({
    name: 'sandbox',
    command: process.execPath,
    args: ['--import', 'tsx', path.join(REPOSITORY, 'sandbox', 'main.ts')],
    env: {
      ...env,
      SANDBOX_PORT: String(port),
      SANDBOX_DATA_DIR: places.sandbox(context.dataDir),
      SANDBOX_RATE_FACTOR: String(options.rateFactor ?? (env.SANDBOX_RATE_FACTOR || 20)),
      ...(options.visibleAfterMs === undefined ? {} : { SANDBOX_VISIBLE_AFTER_MS: String(options.visibleAfterMs) }),
    },
  });
  await whenPrinted(service, /sandbox ready at (\S+)/, START_BOUND_MS);
  const url = `http://${LOOPBACK}:${port}`;
  log(`sandbox: ready at ${url} after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return { url };
}
