import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { EmbeddedError, reasonOf } from './embedded-error';

export type StartOptions = {
  /** End when the demo's jobs are done. */
  once: boolean;
  /** Absolute path of a catalogue, one JSON product a line, instead of the generated demo. */
  catalog?: string;
  /** How many SKUs may be sent. */
  skuLimit?: number;
  /** Print the result as one line of JSON on stdout and everything else on stderr. */
  json: boolean;
  help: boolean;
};

export const START_HELP = `npm start -- [options]

Brings up Temporal, MongoDB and the sandbox, starts worker and API, onboards a demo connector through the public API and
runs its sync. Then stays up; Ctrl-C stops everything it started.

  --once            end when the sync is done: exit code 0, or another one with what failed
  --catalog FILE    use the products of FILE (JSON lines, one product a line) instead of 300 generated ones
  --sku-limit N     send at most N SKUs
  --json            print the result as the last line of stdout, as JSON; everything else goes to stderr
  --help            print this

The data is kept in .longshore, or where LONGSHORE_DATA_DIR says; \`npm run reset\` forgets it. TEMPORAL_ADDRESS,
TEMPORAL_CLI, MONGODB_URI and MONGOD_BINARY name servers or programs to use instead of those found or downloaded.`;

/**
 * Reads the command line of `npm start`.
 * @param cwd what a relative catalogue path is relative to
 * @throws EmbeddedError for anything that cannot be meant, with what would be right
 */
export function parseStartOptions(args: readonly string[], cwd: string): StartOptions {
  const { values, positionals } = parse(args);
  if (positionals.length > 0) throw new EmbeddedError(`unexpected argument '${positionals[0]}'${TRY_HELP}`);
  const { once = false, json = false, help = false } = values;
  return {
    once,
    json,
    help,
    ...(values['sku-limit'] === undefined ? {} : { skuLimit: parseSkuLimit(values['sku-limit']) }),
    ...(values.catalog === undefined
      ? {}
      : { catalog: checkCatalog(path.resolve(cwd, values.catalog), values.catalog) }),
  };
}

const TRY_HELP = '; `npm start -- --help` lists the options';

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        once: { type: 'boolean' },
        catalog: { type: 'string' },
        'sku-limit': { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new EmbeddedError(`${reasonOf(error).split('. ')[0]}${TRY_HELP}`);
  }
}

function parseSkuLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new EmbeddedError(`--sku-limit wants a whole number above 0, and '${text}' is not one`);
}

/** @returns the file, which exists and holds one JSON object a line */
function checkCatalog(file: string, asGiven: string): string {
  const isFile = fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
  if (!isFile) throw new EmbeddedError(`--catalog wants a file, and ${asGiven} is not one`);
  let products = 0;
  for (const [index, line] of fs.readFileSync(file, 'utf8').split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    if (!isJsonObject(line)) throw new EmbeddedError(`--catalog ${asGiven}: line ${index + 1} is not a JSON object`);
    products += 1;
  }
  if (products === 0) throw new EmbeddedError(`--catalog ${asGiven} holds no products`);
  return file;
}

function isJsonObject(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
