import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createFileSource } from '../../../adapters/file';
import type { FileSourceOptions } from '../../../adapters/file/settings';
import type { CatalogItem, UnreadableItem } from '../../../domain/catalog-item';
import type { CatalogSource, FileCatalogue } from '../../../domain/ports/source';

export const never = new AbortController().signal;

/** A folder for one test file, gone when it ends. */
export class FilesUnderTest {
  readonly folder = mkdtempSync(join(tmpdir(), 'longshore-test-files-'));

  write(name: string, content: string | Buffer): string {
    const path = join(this.folder, 'catalogue', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  source(
    path: string,
    options: Partial<FileSourceOptions> = {}
  ): Required<Omit<FileCatalogue, 'tellsChanges' | 'newsToken'>> {
    return createFileSource({
      place: { path, root: '/' },
      format: 'auto',
      currency: 'USD',
      workFolder: join(this.folder, 'work'),
      ...options,
    });
  }

  /** Writes a file and reads all of it. */
  async read(name: string, content: string | Buffer, options: Partial<FileSourceOptions> = {}): Promise<Reading> {
    return readAll(this.source(this.write(name, content), options));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Reading {
  items: CatalogItem[];
  unreadable: UnreadableItem[];
  pages: number;
}

export async function readAll(source: CatalogSource, size = 200): Promise<Reading> {
  const all: Reading = { items: [], unreadable: [], pages: 0 };
  let cursor: string | null = null;
  do {
    const page = await source.readPage(cursor, size, never);
    all.items.push(...page.items);
    all.unreadable.push(...page.unreadable);
    all.pages += 1;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return all;
}

export function bySku(items: readonly CatalogItem[]): Record<string, CatalogItem> {
  return Object.fromEntries(items.map((item) => [item.sku, item]));
}
