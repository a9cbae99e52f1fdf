import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** The heap in megabytes, without what nobody holds any more. */
export function heapMegabytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}

/** What one of the things that are made takes while it is held, in megabytes; the mean of some. */
export function keptMegabytes(count: number, make: () => unknown): number {
  const held: unknown[] = [make()];
  const before = heapMegabytes();
  for (let each = 0; each < count; each++) held.push(make());
  const after = heapMegabytes();
  return held.length > count ? (after - before) / count : Number.NaN;
}
