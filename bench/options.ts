import { GROUP_NAMES, SHORT_GROUPS, type GroupName } from './group-names';

/** What was asked for on the command line. */
export interface BenchOptions {
  json: boolean;
  short: boolean;
  only: readonly GroupName[];
}

export const BENCH_HELP = `usage: npm run bench -- [--json] [--short] [--only group,…]

  --json    one object a line: {figure, value, baseline, target, met, …}
  --short   small sizes, some minutes; fails when a target is grossly missed
  --only    ${GROUP_NAMES.join(', ')}`;

/** @throws Error with a sentence for whoever typed it */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const flags = { json: false, short: false };
  let named: GroupName[] | undefined;
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--json') flags.json = true;
    else if (word === '--short') flags.short = true;
    else if (word === '--only') named = groupsIn(rest.shift() ?? '');
    else throw new Error(`${word} is not known`);
  }
  const there = flags.short ? SHORT_GROUPS : GROUP_NAMES;
  const missing = named?.find((name) => !there.includes(name));
  if (missing !== undefined) throw new Error(`${missing} has no short form`);
  return { ...flags, only: named ?? there };
}

function groupsIn(list: string): GroupName[] {
  const names = list.split(',').map((name) => name.trim());
  const stranger = names.find((name) => !isGroup(name));
  if (stranger !== undefined)
    throw new Error(`'${stranger}' is no group of figures; there are ${GROUP_NAMES.join(', ')}`);
  return GROUP_NAMES.filter((name) => names.includes(name));
}

function isGroup(name: string): name is GroupName {
  return (GROUP_NAMES as readonly string[]).includes(name);
}
