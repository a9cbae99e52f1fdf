import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FilesUnderTest, never, readAll } from './files-under-test';

const HEADER = 'sku,title,description,price,stock';

/** With it in every row, 10,000 rows are a file of some 60 MB. */
const LONG_TEXT = 'A fine shirt. '.repeat(450);

function rows(
  count: number,
  change: (index: number) => string | undefined = () => undefined,
  description = 'A fine shirt. '.repeat(20)
): string {
  const lines = Array.from(
    { length: count },
    (_, index) => change(index) ?? `S${index},"Shirt, number ${index}","<p>${description}</p>",12.50,${index % 90}`
  );
  return `${HEADER}\n${lines.join('\n')}\n`;
}

/** Ways in which a row is broken. */
const BROKEN: ((index: number) => string)[] = [
  (index) => `S${index},"Shirt, ${index},text,12.50,1`,
  (index) => `S${index},Shirt, ${index},text,12.50,1`,
  (index) => `S${index},Shirt`,
  (index) => `S${index},Shirt ${index},text,twelve,1`,
  (index) => `S${index},"Shirt" ${index}",text,12.50,few,`,
  (index) => `,Shirt ${index},text,12.50,1`,
];

describe('reading a catalogue in files', () => {
  let files: FilesUnderTest;
  beforeEach(() => {
    files = new FilesUnderTest();
  });
  afterEach(() => files.remove());

  it('reads 9,900 of 10,000 rows when 100 are broken, reports each of these by its line, and holds little in memory', async () => {
    const broken = (index: number): string | undefined =>
      index % 100 === 35 ? BROKEN[Math.floor(index / 100) % BROKEN.length]!(index) : undefined;
    const large = await readApart(files, 'large.csv', rows(10_000, broken, LONG_TEXT));
    expect(large.items).toBe(9_900);
    expect(large.reported.map((reason) => /^line (\d+) of large\.csv: /.exec(reason)?.[1])).toEqual(
      Array.from({ length: 100 }, (_, each) => String(each * 100 + 37))
    );
    expect(large.longestPage).toBe(200);

    const small = await readApart(files, 'small.csv', rows(2_500, broken, LONG_TEXT));
    expect(small.items).toBe(2_475);
    const grown = large.peakMegabytes - small.peakMegabytes;
    expect(grown).toBeLessThan(large.fileMegabytes - small.fileMegabytes);
    process.stderr.write(
      `10,000 rows: ${Math.round(10_000 / large.seconds)} rows/s; of ${large.fileMegabytes.toFixed(0)} MB it holds ${grown.toFixed(0)} MB more than of ${small.fileMegabytes.toFixed(0)} MB\n`
    );
  });

  it('reports a bad row under its SKU wherever that is certain, so that a known SKU is not taken for removed', async () => {
    const { unreadable } = await files.read(
      'shop.csv',
      Buffer.concat([
        Buffer.from(`${HEADER}\nRED SHIRT 1,Tee,text,dear,1\nCAFÉ 2,Tee,`),
        Buffer.from([0xff]),
        Buffer.from(`,1,1\nS3,Tee,text\nfrom a text,that has, fallen apart\n,Tee,,1,1\nS5,"Tee,,1,1\n`),
      ])
    );
    expect(unreadable.map(({ sourceId }) => sourceId)).toEqual([
      'RED SHIRT 1',
      'CAFÉ 2',
      'S3',
      'line 5 of shop.csv',
      'line 6 of shop.csv',
      'S5',
    ]);
  });

  it('goes on with the state that a run began with although the file is replaced', async () => {
    const path = files.write('shop.csv', rows(50));
    const first = await files.source(path).readPage(null, 30, never);
    files.write('shop.csv', rows(10));
    const second = await files.source(path).readPage(first.nextCursor, 30, never);
    expect([...first.items, ...second.items].map(({ sku }) => sku)).toEqual(
      Array.from({ length: 50 }, (_, at) => `S${at}`)
    );
    expect(second.nextCursor).toBeNull();
    expect((await readAll(files.source(path))).items).toHaveLength(10);
  });

  it('goes on at the same place when its snapshot is gone and the file is the same', async () => {
    const path = files.write('shop.csv', rows(50));
    const first = await files.source(path).readPage(null, 30, never);
    rmSync(join(files.folder, 'work'), { recursive: true });
    const second = await files.source(path).readPage(first.nextCursor, 30, never);
    expect(second.items[0]?.sku).toBe('S30');
  });

  it('begins again when its snapshot is gone and the file has changed', async () => {
    const path = files.write('shop.csv', rows(50));
    const first = await files.source(path).readPage(null, 30, never);
    rmSync(join(files.folder, 'work'), { recursive: true });
    files.write('shop.csv', rows(40));
    const second = await files.source(path).readPage(first.nextCursor, 30, never);
    expect(second.items[0]?.sku).toBe('S0');
    expect((await files.source(path).readPage(second.nextCursor, 30, never)).items).toHaveLength(10);
  });

  it('begins with the first page for a cursor that is not its own', async () => {
    const path = files.write('shop.csv', rows(5));
    expect((await files.source(path).readPage('../../etc@12', 3, never)).items[0]?.sku).toBe('S0');
  });

  it('keeps two snapshots of a source and no more, for nobody else to read', async () => {
    const path = files.write('shop.csv', rows(1));
    for (const count of [2, 3, 4, 5]) {
      files.write('shop.csv', rows(count));
      await readAll(files.source(path));
    }
    expect(readdirSync(join(files.folder, 'work'))).toHaveLength(2);
  });

  it('reads again when the file is written to meanwhile', async () => {
    const path = files.write('shop.csv', rows(20_000));
    const reading = files.source(path).readPage(null, 10, never);
    const writing = setInterval(() => writeFileSync(path, rows(3), { flag: 'a' }), 20);
    void reading.catch(() => undefined).finally(() => clearInterval(writing));
    await expect(reading).rejects.toMatchObject({
      code: 'transient',
      message: `${path} was written to while it was read; it is read again from its beginning.`,
    });
    expect(readdirSync(join(files.folder, 'work'))).toEqual([]);
  });

  it('reads named SKUs alone, and says which are gone', async () => {
    const path = files.write(
      'shop.csv',
      rows(50, (index) => (index === 7 ? 'S7,Shirt,text,dear,1' : undefined))
    );
    const { items, unreadable } = await files.source(path).readItems(['S3', 'S40', 'S7', 'S99'], never);
    expect(items.map(({ sku }) => sku)).toEqual(['S3', 'S40']);
    expect(unreadable).toEqual([
      { sourceId: 'S7', reason: "line 9 of shop.csv: Its price 'dear' is not a number." },
      { sourceId: 'S99', reason: 'It is not in the file any more.' },
    ]);
  });

  it('reads the files of a folder in the order of their names, and a SKU of two files once', async () => {
    files.write('b.csv', `${HEADER}\nS1,From b,,1,1\nS2,From b,,1,1\n`);
    files.write('a.tsv', `${HEADER.replaceAll(',', '\t')}\nS1\tFrom a\t\t1\t1\n`);
    files.write('c.jsonl', '{"sku":"S3","title":"From c"}\n');
    files.write('.hidden.csv', 'nothing');
    files.write('notes.txt', 'nothing');
    const folder = join(files.folder, 'catalogue');
    const all = await readAll(files.source(folder));
    expect(all.items.map(({ title }) => title)).toEqual(['From a', 'From b', 'From c']);
    expect(all.unreadable).toEqual([
      {
        sourceId: 'line 2 of b.csv',
        reason: 'line 2 of b.csv: Its SKU S1 is on line 2 of a.tsv already; this row is left out.',
      },
    ]);
    expect((await readAll(files.source(folder, { format: 'jsonl' }))).items).toHaveLength(1);
  });

  it.each([
    [
      'a file that is not there',
      () => join(files.folder, 'none.csv'),
      'transient',
      /^There is no file .*none\.csv on the worker\.$/,
    ],
    ['an empty file', () => files.write('shop.csv', ''), 'transient', /^shop\.csv is empty\.$/],
    [
      'a header without rows',
      () => files.write('shop.csv', HEADER),
      'transient',
      /holds no products; nothing is changed until it does\.$/,
    ],
    [
      'a folder without files',
      () => {
        mkdirSync(join(files.folder, 'empty'));
        return join(files.folder, 'empty');
      },
      'transient',
      /holds no file that ends in \.jsonl, \.ndjson, \.csv, \.tsv\.$/,
    ],
  ])('changes nothing for %s', async (_name, path, code, message) => {
    await expect(files.source(path()).readPage(null, 10, never)).rejects.toMatchObject({
      name: 'OutsideError',
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('reads nothing that is no file', async () => {
    await expect(files.source('/dev/zero').readPage(null, 10, never)).rejects.toMatchObject({
      code: 'config',
      message: '/dev/zero is neither a file nor a folder of files.',
    });
  });

  it('says that it may not read a file', async () => {
    const path = files.write('shop.csv', rows(1));
    chmodSync(path, 0o000);
    // Root may read everything, so root reads as nobody here.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(files.source(path).readPage(null, 10, never)).rejects.toMatchObject({
        code: 'config',
        message: expect.stringContaining('may not read') as string,
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('stops when it is told to', async () => {
    const path = files.write('shop.csv', rows(20_000));
    const stop = new AbortController();
    const reading = files.source(path).readPage(null, 10, stop.signal);
    setTimeout(() => stop.abort(new Error('enough')), 30);
    await expect(reading).rejects.toThrow();
    const work = join(files.folder, 'work');
    expect(existsSync(work) ? readdirSync(work) : []).toEqual([]);
  });

  it('looks at the beginning of a file alone', async () => {
    const path = files.write(
      'shop.csv',
      rows(10_000, (index) => (index === 3 ? 'S3,,,dear,1' : undefined))
    );
    const { files: looks } = await files.source(path).look(never);
    expect(looks).toEqual([
      {
        name: 'shop.csv',
        form: 'a file with one SKU a row, UTF-8, separated by commas',
        skus: expect.any(Number) as number,
        unreadable: 1,
        problems: ["line 5 of shop.csv: Its price 'dear' is not a number."],
        isWhole: false,
      },
    ]);
    expect(looks[0]?.skus).toBeGreaterThan(500);
    expect(looks[0]?.skus).toBeLessThan(2_000);
  });
});

/** Less than the text of a large file, and enough for the code that reads it. In megabytes. */
const HEAP = 48;

/** What `reading-process.ts` prints. */
interface ReadApart {
  items: number;
  longestPage: number;
  /** Why rows could not be read, in order. */
  reported: string[];
  /** The most memory that the process ever had, of all kinds. */
  peakMegabytes: number;
}

/**
 * Reads a file in a process of its own, with a heap that it could not be held in: how much memory it takes depends neither on
 * what else runs nor on when garbage is collected. One that holds on to what it reads ends with an error.
 */
async function readApart(
  files: FilesUnderTest,
  name: string,
  text: string
): Promise<ReadApart & { seconds: number; fileMegabytes: number }> {
  const path = files.write(name, text);
  const script = require.resolve('./reading-process');
  const flags = [`--max-old-space-size=${HEAP}`, '--max-semi-space-size=1', '--import', 'tsx'];
  const startedAt = Date.now();
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, path, join(files.folder, 'apart')]);
  const seconds = (Date.now() - startedAt) / 1000;
  return { ...(JSON.parse(stdout) as ReadApart), seconds, fileMegabytes: Buffer.byteLength(text) / 1024 / 1024 };
}
