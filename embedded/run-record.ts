import fs from 'node:fs';
import path from 'node:path';
import { EmbeddedError, type Log } from './embedded-error';
import { places } from './places';
import { identify, isAlive, type ProcessIdentity } from './process-identity';
import { stopGroups } from './stop-process';

type RecordedChild = ProcessIdentity & { readonly name: string };
type RunFile = { owner: ProcessIdentity; children: RecordedChild[] };

/**
 * Who runs on a data directory, kept in `run.json` there, so that no two stacks share one and a start after `kill -9`
 * finds what was left behind.
 */
export class RunRecord {
  private readonly children = new Map<number, RecordedChild>();

  private constructor(
    private readonly file: string,
    private readonly owner: ProcessIdentity
  ) {}

  /**
   * Takes the data directory for this process, after stopping what a killed owner left running.
   * @throws EmbeddedError when its owner still runs
   */
  static async claim(dataDir: string, log: Log): Promise<RunRecord> {
    fs.mkdirSync(dataDir, { recursive: true });
    const file = places.runRecord(dataDir);
    const owner = identify(process.pid);
    if (!owner) throw new Error('this process cannot read its own start time');
    const record = new RunRecord(file, owner);
    while (!record.create()) await takeFromDeadOwner(dataDir, log);
    return record;
  }

  /** Writes a child down at once, so that it is found again whatever happens next. */
  add(name: string, pid: number): void {
    const identity = identify(pid);
    if (!identity) return;
    this.children.set(pid, { ...identity, name });
    this.write();
  }

  remove(pid: number): void {
    if (this.children.delete(pid)) this.write();
  }

  /** Gives the data directory back. */
  release(): void {
    if (readRunFile(this.file)?.owner.pid === this.owner.pid) fs.rmSync(this.file, { force: true });
  }

  private content(): string {
    const run: RunFile = { owner: this.owner, children: [...this.children.values()] };
    return JSON.stringify(run, undefined, 2);
  }

  private create(): boolean {
    const ready = `${this.file}.${process.pid}`;
    fs.writeFileSync(ready, this.content());
    try {
      fs.linkSync(ready, this.file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      fs.rmSync(ready, { force: true });
    }
  }

  private write(): void {
    const ready = `${this.file}.${process.pid}`;
    fs.writeFileSync(ready, this.content());
    fs.renameSync(ready, this.file);
  }
}

/** @returns the pid of the process that runs a stack on this data directory now, if any */
export function liveOwner(dataDir: string): number | undefined {
  const run = readRunFile(places.runRecord(dataDir));
  return run && isAlive(run.owner) ? run.owner.pid : undefined;
}

/**
 * Stops what a killed owner left running on a data directory; nothing to do is fine.
 * @throws EmbeddedError when its owner still runs
 */
export async function takeFromDeadOwner(dataDir: string, log: Log): Promise<void> {
  const file = places.runRecord(dataDir);
  refuseLiveOwner(dataDir);
  const taken = `${file}.taken-${process.pid}`;
  try {
    fs.renameSync(file, taken);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const run = readRunFile(taken);
  if (run && isAlive(run.owner)) {
    // Another start was faster: what was moved is its record, not the dead owner's.
    fs.renameSync(taken, file);
    refuseLiveOwner(dataDir);
  }
  const orphans = (run?.children ?? []).filter(isAlive);
  if (orphans.length > 0) {
    log(`stopping what an earlier run left behind: ${orphans.map((o) => `${o.name} (pid ${o.pid})`).join(', ')}`);
    await stopGroups(orphans);
  }
  fs.rmSync(taken, { force: true });
}

function refuseLiveOwner(dataDir: string): void {
  const pid = liveOwner(dataDir);
  if (pid === undefined) return;
  throw new EmbeddedError(
    `a stack already runs on ${path.relative(process.cwd(), dataDir) || '.'} (pid ${pid}): stop it first, ` +
      'or set LONGSHORE_DATA_DIR to another directory to run a second one'
  );
}

/** @returns undefined for a file that is missing, half written or not ours */
function readRunFile(file: string): RunFile | undefined {
  try {
    const parsed: unknown = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('owner' in parsed) || !('children' in parsed))
      return undefined;
    return isIdentity(parsed.owner) && Array.isArray(parsed.children) && parsed.children.every(isIdentity)
      ? (parsed as RunFile)
      : undefined;
  } catch {
    return undefined;
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    Number.isInteger(value.pid) &&
    (value.pid as number) > 1 &&
    'startedAt' in value &&
    typeof value.startedAt === 'string'
  );
}
