import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * `base`: the records of a reading, on which the next changes build. `all`, `changes`: what a reading lists, to be paged
 * through. `view`: records that were read for single SKUs; nothing builds on them.
 */
export type KeptKind = 'base' | 'all' | 'changes' | 'view';

/** How many of each kind are kept: those used last, for the present run and for tries of it that are repeated. */
const KEPT: Record<KeptKind, number> = { base: 3, all: 2, changes: 2, view: 1 };

export interface Kept {
  token: string;
  path: string;
}

/** A name for one reading: the source's time in Unix seconds, when it was read in milliseconds, and something of its own. */
export function newToken(time: number): string {
  return `${time}-${Date.now()}-${randomBytes(4).toString('hex')}`;
}

/** The source's own time at the beginning of a reading, in Unix seconds. */
export function timeOf(token: string): number {
  return Number(token.split('-')[0]);
}

/** Milliseconds since a reading was made. */
export function ageOf(token: string): number {
  return Date.now() - Number(token.split('-')[1]);
}

/** The files of one source in a folder of this user's; every one of them may vanish at any time. */
export function keptFiles(folder: string, series: string) {
  const pathOf = (kind: KeptKind, token: string): string => join(folder, `${series}.${token}.${kind}`);

  async function dated(kind: KeptKind): Promise<(Kept & { usedAt: number })[]> {
    const names = await readdir(folder).catch(() => []);
    const own = names.filter((name) => name.startsWith(`${series}.`) && name.endsWith(`.${kind}`));
    return Promise.all(
      own.map(async (name) => {
        const path = join(folder, name);
        const usedAt = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
        return { token: name.slice(series.length + 1, -kind.length - 1), path, usedAt };
      })
    );
  }

  return {
    /** Where a new file is written until it is whole. */
    async draft(): Promise<string> {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return join(folder, `${series}.${randomBytes(6).toString('hex')}.draft`);
    },

    async keep(draft: string, kind: KeptKind, token: string): Promise<Kept> {
      const path = pathOf(kind, token);
      await rename(draft, path);
      const old = (await dated(kind)).sort((one, other) => other.usedAt - one.usedAt).slice(KEPT[kind]);
      await Promise.all(old.map((each) => rm(each.path, { force: true })));
      return { token, path };
    },

    async find(kind: KeptKind, token: string): Promise<Kept | undefined> {
      if (!/^[\w-]+$/.test(token)) return undefined;
      const path = pathOf(kind, token);
      const now = new Date();
      return utimes(path, now, now).then(
        () => ({ token, path }),
        () => undefined
      );
    },

    /** The newest of these kinds first, by the source's time. */
    async newest(...kinds: KeptKind[]): Promise<Kept[]> {
      const found = (await Promise.all(kinds.map(dated))).flat();
      return found.sort(
        (one, other) => timeOf(other.token) - timeOf(one.token) || ageOf(one.token) - ageOf(other.token)
      );
    },
  };
}

export type KeptFiles = ReturnType<typeof keptFiles>;
