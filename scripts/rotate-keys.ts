// `npm run keys:rotate [-- --check]`: seals everything anew under the first key of ENCRYPTION_KEYS, while the service runs.
// Ends with 0 when nothing in the database and no schedule is left under another key, 2 when something is, 1 when it broke off.
import { createKeyring } from '../adapters/secrets/keyring';
import { temporalKeyUse, type KeyUse } from '../adapters/temporal/key-use';
import { ConfigError, loadConfig, temporalOf, type Config } from '../config';
import { plainError, withoutShapes } from '../domain/redaction';
import { connectDatabase } from '../models/database';
import { sealedValues } from '../models/sealed-values';

/** How many values that stay as they are one by one are named. */
const NAMED_AT_MOST = 20;
const READ_PER_LINE = 1_000;

const say = (line: string): void => void process.stdout.write(`${withoutShapes(line)}\n`);
const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

async function rotate(config: Config, isChecked: boolean): Promise<boolean> {
  const keyring = createKeyring(config.ENCRYPTION_KEYS);
  say(`The first key is '${keyring.sealingKeyId}'; ${keyring.keyIds.length} in all: ${keyring.keyIds.join(', ')}.`);
  const inDatabase = await rotateDatabase(config, keyring, isChecked);
  const temporal = temporalKeyUse({
    ...temporalOf(config),
    namespace: config.TEMPORAL_NAMESPACE,
    taskQueue: config.TEMPORAL_TASK_QUEUE,
    keyring,
  });
  try {
    const inSchedules = await rotateSchedules(temporal, keyring.sealingKeyId, isChecked);
    const inWorkflows = await temporal.oldKeys((read) => {
      if (read % READ_PER_LINE === 0) say(`workflows: ${read} histories read`);
    });
    const unknown = [...inDatabase, ...inSchedules].filter((id) => !keyring.keyIds.includes(id));
    for (const keyId of new Set([...keyring.keyIds, ...inWorkflows.map((use) => use.keyId), ...unknown]))
      if (keyId !== keyring.sealingKeyId) say(verdictOn(keyId, { inDatabase, inSchedules, inWorkflows }));
    return inDatabase.size === 0 && inSchedules.size === 0;
  } finally {
    await temporal.close();
  }
}

/** @returns the ids of other keys that something in the database is still sealed with */
async function rotateDatabase(
  config: Config,
  keyring: ReturnType<typeof createKeyring>,
  isChecked: boolean
): Promise<Set<string>> {
  const connection = await connectDatabase(config.MONGODB_URI);
  const others = new Set<string>();
  let named = 0;
  try {
    for await (const { collection, resealed, byKey, left } of sealedValues(connection, keyring).resealAll(isChecked)) {
      const keys = Object.entries(byKey);
      if (keys.length > 0)
        say(`${collection}: ${resealed} sealed anew; ${keys.map(([id, n]) => `${n} under '${id}'`).join(', ')}`);
      for (const { id, path, reason } of left)
        if ((named += 1) <= NAMED_AT_MOST) say(`  ${collection} ${id}, ${path}: ${reason}`);
      for (const [id] of keys) if (id !== keyring.sealingKeyId) others.add(id);
    }
    if (named > NAMED_AT_MOST) say(`  and ${named - NAMED_AT_MOST} more`);
    return others;
  } finally {
    await connection.close();
  }
}

/** @returns the ids of other keys that a schedule still needs */
async function rotateSchedules(
  temporal: ReturnType<typeof temporalKeyUse>,
  sealingKeyId: string,
  isChecked: boolean
): Promise<Set<string>> {
  const others = new Set<string>();
  let [all, resealed] = [0, 0];
  for await (const { id, isResealed, keyIds, reason } of temporal.resealSchedules(isChecked)) {
    all += 1;
    if (isResealed) resealed += 1;
    if (reason !== undefined) say(`  schedule ${id}: ${reason}`);
    for (const keyId of keyIds) if (keyId !== sealingKeyId) others.add(keyId);
  }
  say(`schedules: ${resealed} of ${all} encrypted anew`);
  return others;
}

/** Whether a key may be taken out of ENCRYPTION_KEYS. */
function verdictOn(
  keyId: string,
  found: { inDatabase: Set<string>; inSchedules: Set<string>; inWorkflows: KeyUse[] }
): string {
  const use = found.inWorkflows.find((each) => each.keyId === keyId);
  const needs = [
    ...(found.inDatabase.has(keyId) ? ['values in the database'] : []),
    ...(found.inSchedules.has(keyId) ? ['schedules'] : []),
    ...(use?.running ? [`${count(use.running, 'workflow')} that ${use.running === 1 ? 'runs' : 'run'}`] : []),
    ...(use?.ended
      ? [
          `${count(use.ended, 'workflow')} that Temporal keeps until ${use.goneAt?.toISOString() ?? 'their retention ends'}`,
        ]
      : []),
  ];
  return needs.length === 0
    ? `Key '${keyId}' is needed by nothing: once every process has the new order of keys, and this still says so, take it out of ENCRYPTION_KEYS.`
    : `Key '${keyId}' is still needed, by ${needs.join(', ')}: leave it in ENCRYPTION_KEYS.`;
}

async function main(): Promise<void> {
  const [option, ...others] = process.argv.slice(2);
  if (others.length > 0 || (option !== undefined && option !== '--check'))
    throw new ConfigError('usage: npm run keys:rotate [-- --check]');
  const isDone = await rotate(loadConfig(process.env), option === '--check');
  if (!isDone) say('Something is left under another key than the first; see above.');
  process.exitCode = isDone ? 0 : 2;
}

main().catch((error: unknown) => {
  const { message } = plainError(error);
  process.stderr.write(
    `${error instanceof ConfigError ? message : `npm run keys:rotate: ${withoutShapes(message)}`}\n`
  );
  process.exitCode = 1;
});
