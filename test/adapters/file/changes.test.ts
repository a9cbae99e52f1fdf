import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CatalogSource } from '../../../domain/ports/source';
import { FilesUnderTest, never } from './files-under-test';

const CSV = 'sku,title,price,stock\nA1,Tee,12.50,3\nA2,Cup,4.00,1\n';
const OLD = new Date('2026-01-01T00:00:00Z');

type Changes = Awaited<ReturnType<NonNullable<CatalogSource['readChanges']>>>;

let files: FilesUnderTest;
beforeEach(() => {
  files = new FilesUnderTest();
});
afterEach(() => files.remove());

/** Reads what changed since a token, as a new process would. */
const changesSince = (path: string, token: string, options = {}): Promise<Changes> =>
  files.source(path, options).readChanges(token, null, 200, never);

async function tokenOf(path: string): Promise<string> {
  const { changesToken } = await files.source(path).readPage(null, 200, never);
  if (changesToken === undefined) throw new Error('the first page brought no token');
  return changesToken;
}

const nothing = { items: [], unreadable: [], removed: [], nextCursor: null, isEverything: false };

describe('what changed in files', () => {
  it('is nothing while they are as they were, and everything when one is another', async () => {
    const path = files.write('shop.csv', CSV);
    const token = await tokenOf(path);
    expect(await changesSince(path, token)).toMatchObject(nothing);

    files.write('shop.csv', CSV.replace('4.00', '5.00'));
    const changed = await changesSince(path, token);
    expect(changed).toMatchObject({ isEverything: true, removed: [], nextCursor: null });
    expect(changed.items.map(({ sku, price }) => [sku, price?.minorUnits])).toEqual([
      ['A1', 1250],
      ['A2', 500],
    ]);
    expect(await changesSince(path, changed.changesToken!)).toMatchObject(nothing);
  });

  it('is nothing when a file was written again with the same content', async () => {
    const path = files.write('shop.csv', CSV);
    const token = await tokenOf(path);
    files.write('new.csv', CSV);
    renameSync(join(dirname(path), 'new.csv'), path);
    utimesSync(path, OLD, OLD);
    expect(await changesSince(path, token)).toMatchObject(nothing);
  });

  it('is seen although size and time of the file are the same', async () => {
    const path = files.write('shop.csv', CSV);
    utimesSync(path, OLD, OLD);
    const token = await tokenOf(path);
    files.write('shop.csv', CSV.replace('12.50', '12.60'));
    utimesSync(path, OLD, OLD);
    expect(await changesSince(path, token)).toMatchObject({ isEverything: true });
  });

  it('is found without reading a file that has been left alone for a while', async () => {
    const path = files.write('shop.csv', CSV);
    // What tells a change of the file itself cannot be set back, so this waits until it is long enough ago.
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const token = await tokenOf(path);
    expect(token).toMatch(/~\w+$/);
    const { changesToken } = await changesSince(path, token);
    expect(changesToken).toBe(token);
    const fresh = files.write('fresh.csv', CSV);
    expect(await tokenOf(fresh)).toMatch(/~$/);
  });

  it('is everything under other settings, and for a token of another source', async () => {
    const path = files.write('shop.csv', CSV);
    const token = await tokenOf(path);
    expect(await changesSince(path, token, { defaults: { brand: 'Acme' } })).toMatchObject({ isEverything: true });
    const other = files.write('other.csv', CSV);
    expect(await changesSince(other, token)).toMatchObject({ isEverything: true });
    expect(await changesSince(path, 'no token')).toMatchObject({ isEverything: true });
  });

  it('is told page by page, all of one state', async () => {
    const path = files.write('shop.csv', CSV);
    const token = await tokenOf(path);
    files.write('shop.csv', `${CSV}A3,Mug,1,1\n`);
    const first = await files.source(path).readChanges(token, null, 2, never);
    files.write('shop.csv', CSV);
    const second = await files.source(path).readChanges(token, first.nextCursor, 2, never);
    expect([first.items.length, second.items.map(({ sku }) => sku)]).toEqual([2, ['A3']]);
    expect([first.isEverything, second.isEverything]).toEqual([true, true]);
    expect(second).not.toHaveProperty('changesToken');
    // The token is of the state that was read, which is no more.
    expect(await changesSince(path, first.changesToken!)).toMatchObject({ isEverything: true });
  });

  it('is no removal when a file is away or empty', async () => {
    const path = files.write('shop.csv', CSV);
    const token = await tokenOf(path);
    files.write('shop.csv', '');
    await expect(changesSince(path, token)).rejects.toMatchObject({ code: 'transient' });
    rmSync(path);
    await expect(changesSince(path, token)).rejects.toMatchObject({ code: 'transient' });
  });

  it('is a file more or less in a folder', async () => {
    const folder = dirname(files.write('a.csv', CSV));
    const token = await tokenOf(folder);
    files.write('b.csv', CSV.replaceAll('A', 'B'));
    expect((await changesSince(folder, token)).items).toHaveLength(4);
  });
});

describe('the folder that may be read from', () => {
  let root: string;
  let secret: string;
  beforeEach(() => {
    root = join(files.folder, 'exports');
    mkdirSync(join(root, 'shop'), { recursive: true });
    secret = files.write('secret.csv', CSV);
    writeFileSync(join(root, 'shop', 'products.csv'), CSV);
  });

  const look = (path: string, within: string | null = root) =>
    files.source(path, { place: { path, root: within } }).look(never);
  const outside = {
    code: 'config',
    message: expect.stringMatching(/does not lie in the folder that the workers read exports from/) as string,
  };

  it('holds what it holds, also by a link to the folder itself', async () => {
    symlinkSync(root, join(files.folder, 'link'));
    expect((await look(join(root, 'shop', 'products.csv'))).files).toHaveLength(1);
    expect((await look(join(root, 'shop'))).files).toHaveLength(1);
    expect((await look(root + '/shop/../shop/products.csv')).files).toHaveLength(1);
    expect((await look(join(files.folder, 'link', 'shop'), join(files.folder, 'link'))).files).toHaveLength(1);
  });

  it.each([
    ['a path beside it', () => secret],
    ['a way out', () => `${root}/../catalogue/secret.csv`],
    ['a folder whose name only begins like it', () => `${root}-old/products.csv`],
    ['what is not there', () => '/nowhere/at/all.csv'],
    [
      'a link out of it',
      () => {
        symlinkSync(secret, join(root, 'shop', 'link.csv'));
        return join(root, 'shop', 'link.csv');
      },
    ],
    [
      'a linked folder',
      () => {
        symlinkSync(dirname(secret), join(root, 'linked'));
        return join(root, 'linked');
      },
    ],
    [
      'a folder with a link out of it',
      () => {
        symlinkSync(secret, join(root, 'shop', 'link.csv'));
        return join(root, 'shop');
      },
    ],
  ])('does not hold %s', async (_what, path) => {
    await expect(look(path())).rejects.toMatchObject(outside);
  });

  it('says that nothing is read by path where there is none, and what to do', async () => {
    await expect(look(secret, null)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringMatching(
        /^This installation reads no files by path\. Upload the catalogue instead/
      ) as string,
    });
    await expect(look(secret, join(root, 'gone'))).rejects.toThrow(
      'The folder that FILE_SOURCE_ROOT names is not there'
    );
  });
});
