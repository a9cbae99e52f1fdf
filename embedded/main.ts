// `npm run embedded`: the stack alone, for a worker and an API that are started by hand.
import { EmbeddedError } from './embedded-error';
import { dataDirOf, places } from './places';
import { exitText } from './processes';
import { startStack, type Stack } from './stack';
import { listenForStop, whenAborted } from './stop-signals';

/** Secrets are told by the file they are in. */
const SECRETS: Record<string, string> = { ADMIN_API_KEY: 'adminApiKey', ENCRYPTION_KEYS: 'encryptionKeys' };

function exportLines(stack: Stack, dataDir: string): string[] {
  const read = (key: string) => `"$(node -p "JSON.parse(fs.readFileSync('${places.keys(dataDir)}')).${key}")"`;
  return Object.entries(stack.env).flatMap(([name, value]) => {
    const key = SECRETS[name];
    if (key !== undefined) return process.env[name] ? [] : [`export ${name}=${read(key)}`];
    // A connection string that was set from outside may hold a password.
    return process.env[name] ? [] : [`export ${name}='${value}'`];
  });
}

async function main(): Promise<number> {
  const dataDir = dataDirOf(process.env);
  const stopping = listenForStop(process.env);
  const log = (line: string) => process.stderr.write(`${line}\n`);
  try {
    const stack = await startStack({ dataDir, env: process.env, log, sandbox: {}, signal: stopping.signal });
    stopping.onImpatience(() => stack.processes.killNow());
    for (const line of exportLines(stack, dataDir)) console.log(line);
    log('the stack is up; Ctrl-C stops it');
    const end = await Promise.race([whenAborted(stopping.signal), stack.processes.firstEnd()]);
    await stack.stop();
    if (!end) return 0;
    log(`${end.service.name} ended unexpectedly (${exitText(end.exit)}); see ${end.service.logFile}`);
    return 1;
  } catch (error) {
    if (stopping.signal.aborted) return 130;
    console.error(`npm run embedded: ${error instanceof EmbeddedError ? error.message : String(error)}`);
    return 1;
  }
}

void main().then((code) => process.exit(code));
