// `npm run bench`: what the engine does, each figure beside its baseline in the same run.
import { isGrosslyMissed, type Figure } from './figure';
import type { GroupName } from './group-names';
import { GROUPS } from './groups';
import { Lab } from './lab';
import { BENCH_HELP, parseBenchOptions, type BenchOptions } from './options';
import { jsonLine, table } from './report';

const EXIT_USAGE = 2;

async function main(): Promise<number> {
  let options: BenchOptions;
  try {
    options = parseBenchOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`npm run bench: ${(error as Error).message}\n\n${BENCH_HELP}`);
    return EXIT_USAGE;
  }
  const lab = new Lab(options.short ? 'short' : 'full', (line) => console.error(line));
  const stop = (): void => void lab.close().finally(() => process.exit(130));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await measureAll(lab, options);
  } finally {
    await lab.close();
  }
}

/** @returns the exit code: 1 when a figure could not be measured, or the short form missed one grossly */
async function measureAll(lab: Lab, { json, short, only }: BenchOptions): Promise<number> {
  const measured: { figure: Figure; command: string }[] = [];
  let isGood = true;
  for (const name of only) {
    const command = commandOf(name, short);
    const startedAt = Date.now();
    try {
      for await (const figure of GROUPS[name](lab)) {
        measured.push({ figure, command });
        if (json) console.log(jsonLine(figure, command));
        if (short && isGrosslyMissed(figure)) {
          isGood = false;
          console.error(`${figure.figure} is grossly missed: ${figure.value} ${figure.unit}`);
        }
      }
    } catch (error) {
      isGood = false;
      console.error(`${name} could not be measured: ${error instanceof Error ? error.stack : String(error)}`);
    }
    console.error(`${name}: ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
  }
  if (!json) console.log(table(measured));
  return isGood ? 0 : 1;
}

function commandOf(name: GroupName, short: boolean): string {
  return `npm run bench -- ${short ? '--short ' : ''}--only ${name}`;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  }
);
