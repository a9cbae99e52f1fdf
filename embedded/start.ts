// `npm start`: the embedded stack, worker and API, and a demo connector with its first sync.
import path from 'node:path';
import { runDemo, watchSyncs, type DemoOptions, type DemoResult } from './demo';
import { EmbeddedError, reasonOf, type Log } from './embedded-error';
import { dataDirOf, places, REPOSITORY } from './places';
import { exitText, whenPrinted, whenReady, type Processes } from './processes';
import { parseStartOptions, START_HELP, type StartOptions } from './start-options';
import { startStack, type Stack } from './stack';
import { listenForStop, whenAborted, type StopSignals } from './stop-signals';
import { progressView, summaryOf } from './sync-progress';

/** How long worker and API may take to come up, in milliseconds: the worker bundles the workflows first. */
const SERVICE_BOUND_MS = 120_000;

const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

async function main(): Promise<number> {
  let options: StartOptions;
  try {
    options = parseStartOptions(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
  } catch (error) {
    console.error(`npm start: ${reasonOf(error)}`);
    return EXIT_USAGE;
  }
  if (options.help) {
    console.log(START_HELP);
    return 0;
  }
  return run(options);
}

async function run(options: StartOptions): Promise<number> {
  const log: Log = (line) => (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const dataDir = dataDirOf(process.env);
  const stopping = listenForStop(process.env);
  let stack: Stack | undefined;
  try {
    stack = await startStack({ dataDir, env: process.env, log, sandbox: {}, signal: stopping.signal });
    const { processes, stop } = stack;
    stopping.signal.addEventListener('abort', () => void stop());
    stopping.onImpatience(() => processes.killNow());
    return await useStack(stack, { options, dataDir, stopping, log });
  } catch (error) {
    if (stopping.signal.aborted) return EXIT_INTERRUPTED;
    const what = error instanceof EmbeddedError ? error.message : error instanceof Error ? error.stack : String(error);
    console.error(`npm start: ${what}\nThe logs are in ${places.logs(dataDir)}`);
    return 1;
  } finally {
    if (stopping.signal.aborted) log('stopping');
    await stack?.stop();
    stopping.dispose();
  }
}

type Run = { options: StartOptions; dataDir: string; stopping: StopSignals; log: Log };

async function useStack(stack: Stack, { options, dataDir, stopping, log }: Run): Promise<number> {
  const { signal } = stopping;
  await startServices(stack, log);
  const died = firstDeath(stack.processes);
  died.catch(() => {});
  const apiUrl = `http://127.0.0.1:${stack.env.PORT}`;
  const progress = progressView(process.stderr, log);
  const demo: DemoOptions = {
    apiUrl,
    adminApiKey: stack.env.ADMIN_API_KEY ?? '',
    sandboxUrl: stack.sandbox?.url ?? '',
    dataDir,
    catalog: options.catalog,
    skuLimit: options.skuLimit,
    log,
    onProgress: progress.show,
    signal,
  };
  const result = await Promise.race([runDemo(demo).finally(progress.end), died]);
  for (const line of summaryOf(result)) log(line);
  if (options.once) return report(result, stack, options);

  for (const line of placesToLook(stack, apiUrl, dataDir)) log(line);
  report(result, stack, options);
  watchSyncs(demo, result.connectorId, result.syncId).catch(() => {});
  await Promise.race([whenAborted(signal), died]);
  return 0;
}

/** @returns the exit code that the result deserves */
function report(result: DemoResult, stack: Stack, { json }: StartOptions): number {
  const { connectorId, syncId, seconds, total, counts, amazonRequests, outcome } = result;
  const found = { temporal: stack.temporal.how, mongodb: stack.mongodb.how };
  if (json) console.log(JSON.stringify({ connectorId, syncId, seconds, total, counts, amazonRequests, stack: found }));
  return outcome === 'completed' ? 0 : 1;
}

/** Starts worker and API side by side and waits until both are of use. */
async function startServices(stack: Stack, log: Log): Promise<void> {
  const started = Date.now();
  const env = { ...process.env, ...stack.env };
  const start = (name: string) =>
    stack.processes.start({
      name,
      command: process.execPath,
      args: ['--import', 'tsx', path.join(REPOSITORY, name, 'main.ts')],
      env,
      layer: 'service',
    });
  const [worker, api] = await Promise.all([start('worker'), start('api')]);
  await Promise.all([
    whenPrinted(worker, /worker ready/, SERVICE_BOUND_MS),
    whenPrinted(api, /api ready at \S+/, SERVICE_BOUND_MS),
    whenReady(api, () => isOk(`http://127.0.0.1:${stack.env.PORT}/readyz`), SERVICE_BOUND_MS),
  ]);
  log(`worker and api: ready after ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

async function isOk(url: string): Promise<boolean> {
  return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
}

/** Rejects when a part of the whole ends although nobody asked it to. */
async function firstDeath(processes: Processes): Promise<never> {
  const { service, exit } = await processes.firstEnd();
  throw new EmbeddedError(`${service.name} ended unexpectedly (${exitText(exit)}); see ${service.logFile}`);
}

function placesToLook(stack: Stack, apiUrl: string, dataDir: string): string[] {
  return [
    '',
    `  API docs      ${apiUrl}/docs`,
    ...(stack.temporal.uiUrl
      ? [`  Temporal UI   ${stack.temporal.uiUrl}/namespaces/${stack.env.TEMPORAL_NAMESPACE}`]
      : []),
    ...(stack.sandbox ? [`  sandbox       ${stack.sandbox.url}`] : []),
    ...(process.env.ADMIN_API_KEY ? [] : [`  admin key     adminApiKey in ${places.keys(dataDir)}`]),
    `  logs          ${places.logs(dataDir)}`,
    '',
    'Ctrl-C stops everything.',
  ];
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  }
);
