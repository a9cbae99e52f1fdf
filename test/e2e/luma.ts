import fs from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from '../../embedded/places';

/** A real store's catalogue, which lies beside the repository and not in it. */
const FILE = path.resolve(
  process.env.LONGSHORE_SHARED ?? path.join(REPOSITORY, '..', 'shared'),
  'data/catalogs/luma/catalog.jsonl'
);

/** What the store holds: SKUs in all, of which one is a kit, and how many a connector sends unless told otherwise. */
export const LUMA = { file: FILE, skus: 1892, kits: 1, skuLimit: 1000 } as const;

/** `it`, or a skipped test with a line that says why, where the catalogue is absent. */
export function itWithLuma(name: string, test: () => Promise<void>): void {
  if (fs.existsSync(FILE)) return it(name, test);
  process.stderr.write(`skipped: ${name}: there is no ${FILE}; LONGSHORE_SHARED names the folder that holds data/\n`);
  it.skip(name, test);
}
