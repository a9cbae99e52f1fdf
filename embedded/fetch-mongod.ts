// Lets mongodb-memory-server find or download mongod; `download.ts` runs this and bounds it.
import fs from 'node:fs';
import path from 'node:path';
import { MongoBinary } from 'mongodb-memory-server-core/lib/util/MongoBinary';
import { reasonOf } from './embedded-error';

/** Its result is a file that says where the program is: it may be one that other projects of this user downloaded. */
async function main(folder: string): Promise<void> {
  // One try: a network that blocks the download blocks it three times as well.
  process.env.MONGOMS_MAX_RETRIES ??= '1';
  process.env.MONGOMS_DOWNLOAD_DIR = folder;
  const program = await MongoBinary.getPath({ downloadDir: folder });
  const inFolder = path.relative(folder, program);
  fs.writeFileSync(path.join(folder, 'mongod.path.new'), inFolder.startsWith('..') ? program : inFolder);
  fs.renameSync(path.join(folder, 'mongod.path.new'), path.join(folder, 'mongod.path'));
}

main(path.resolve(process.argv[2] ?? '')).catch((error: unknown) => {
  console.error(reasonOf(error));
  process.exit(1);
});
