import fc from 'fast-check';
import { CsvRecords, type CsvRecord } from '../../../adapters/file/csv';
import { bySku, FilesUnderTest } from './files-under-test';

const HEADER = 'sku,title,price,stock';

function recordsOf(text: string, chunkSize: number, delimiter = ','): CsvRecord[] {
  const reader = new CsvRecords(delimiter);
  const bytes = Buffer.from(text);
  const records: CsvRecord[] = [];
  for (let at = 0; at < bytes.length; at += chunkSize) records.push(...reader.push(bytes.subarray(at, at + chunkSize)));
  return [...records, ...reader.end()];
}

describe('records of a CSV file', () => {
  const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

  it('are the same however the file is cut into chunks', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', ';', '\n', '\r\n', ' ') });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 40 }),
        (rows, lineEnd, chunkSize) => {
          const text = rows.map((cells) => cells.map(quoted).join(',')).join(lineEnd);
          const records = recordsOf(text, chunkSize);
          expect(records.map(({ cells }) => cells)).toEqual(rows);
          const lines = rows.map((_, row) => 1 + rows.slice(0, row).join('').split('\n').length - 1 + row);
          expect(records.map(({ line }) => line)).toEqual(lines);
        }
      )
    );
  });

  it.each([1, 7, 1000])('lose one line to an open quote, and no other (chunks of %i)', (chunkSize) => {
    const text = 'a,b,c\n1,"x\ny",3\n2,"open,3\n3,"z",3\n4,u,3\n5,"also open\n6,v,3\n';
    expect(recordsOf(text, chunkSize).map((each) => `${each.line} ${each.kind} ${each.cells[0]}`)).toEqual([
      '1 cells a',
      '2 cells 1',
      '4 broken 2',
      '5 cells 3',
      '6 cells 4',
      '7 broken 5',
      '8 cells 6',
    ]);
  });

  it('keep a stray quote inside a cell', () => {
    expect(recordsOf('a,b,c\n1,5" pipe,3\n2,"5"x,3\n\n3,y,4', 1000)).toEqual([
      { kind: 'cells', line: 1, cells: ['a', 'b', 'c'] },
      { kind: 'cells', line: 2, cells: ['1', '5" pipe', '3'] },
      { kind: 'cells', line: 3, cells: ['2', '"5"x', '3'] },
      { kind: 'cells', line: 5, cells: ['3', 'y', '4'] },
    ]);
  });
});

describe('a CSV file', () => {
  const files = new FilesUnderTest();
  afterAll(() => files.remove());

  it.each([
    ['commas', ','],
    ['semicolons', ';'],
    ['tabs', '\t'],
    ['bars', '|'],
  ])('may be separated by %s', async (name, delimiter) => {
    const lines = [
      ['sku', 'title', 'price'],
      ['A1', 'Shirt, blue; large', '12.50'],
      ['A2', 'Cup', '3'],
    ];
    const quote = (cell: string): string => (/[,;|\t]/.test(cell) ? `"${cell}"` : cell);
    const text = lines.map((cells) => cells.map(quote).join(delimiter)).join('\n');
    const { items } = await files.read(`${name}.csv`, text);
    expect(items.map(({ sku, title, price }) => [sku, title, price?.minorUnits])).toEqual([
      ['A1', 'Shirt, blue; large', 1250],
      ['A2', 'Cup', 300],
    ]);
  });

  it('may name its delimiter as Excel does', async () => {
    const { items } = await files.read('sep.csv', 'sep=;\r\nsku;title;price\r\nA1;Cup;3,5\r\n');
    expect(items[0]).toMatchObject({ sku: 'A1', price: { minorUnits: 350 } });
  });

  const accented = `${HEADER}\nA1,Caña «ñandú» – 5 €,12.50,3\n`;
  it.each([
    ['UTF-8', Buffer.from(accented)],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${accented}`)],
    ['UTF-16 with a byte order mark', Buffer.from(`\uFEFF${accented}`, 'utf16le')],
    ['UTF-16 without one', Buffer.from(accented, 'utf16le')],
    ['big-endian UTF-16', Buffer.from(`\uFEFF${accented}`, 'utf16le').swap16()],
    ['Windows-1252', Buffer.from(accented.replace('€', '\x80').replace('–', '\x96'), 'latin1')],
  ])('may be in %s', async (name, bytes) => {
    const { items } = await files.read(`${name}.csv`, bytes);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ sku: 'A1', title: 'Caña «ñandú» – 5 €', stock: { kind: 'units', units: 3 } });
  });

  it('in UTF-8 loses only the row with a broken letter', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${HEADER}\nA1,Caña,1,1\nA2,`),
      Buffer.from([0xf1]),
      Buffer.from(',1,1\nA3,ñu,1,1\n'),
    ]);
    const { items, unreadable } = await files.read('broken-letter.csv', bytes);
    expect(items.map(({ title }) => title)).toEqual(['Caña', 'ñu']);
    expect(unreadable).toEqual([
      {
        sourceId: 'A2',
        reason: 'line 3 of broken-letter.csv: It holds bytes that are no letters in the encoding of the file.',
      },
    ]);
  });

  it('keeps cells of several lines, and passes over blank lines and empty rows', async () => {
    const { items, unreadable } = await files.read(
      'lines.csv',
      'sku,title,description,price\n\nA1,Cup,"<p>One</p>\n\n<p>Two</p>",1\n,,,\n   \nA2,Mug,,2\n\n'
    );
    expect(unreadable).toEqual([]);
    expect(bySku(items).A1?.descriptionHtml).toBe('<p>One</p>\n\n<p>Two</p>');
    expect(Object.keys(bySku(items))).toEqual(['A1', 'A2']);
  });

  it('reports rows that fall apart, and reads the others', async () => {
    const { items, unreadable } = await files.read(
      'ragged.csv',
      `${HEADER}\nA1,Cup, small,1,1\nA2,Mug,1\nA3,Jug,1,1,,\nA4,"Pot,1,1\nA5,Pan,free,1\n,No SKU,1,1\nA7,Lid,1,lots\nA8,Tin,1,1\n`
    );
    expect(items.map(({ sku }) => sku)).toEqual(['A3', 'A8']);
    const apart = 'perhaps a cell with a delimiter or a line break lacks its quotes.';
    expect(unreadable.map(({ sourceId, reason }) => `${sourceId} — ${reason}`)).toEqual([
      `A1 — line 2 of ragged.csv: It has 5 cells, and the header has 4; ${apart}`,
      `A2 — line 3 of ragged.csv: It has 3 cells, and the header has 4; ${apart}`,
      'A4 — line 5 of ragged.csv: A quote is opened and never closed.',
      "A5 — line 6 of ragged.csv: Its price 'free' is not a number.",
      'line 7 of ragged.csv — line 7 of ragged.csv: It has no SKU.',
      "A7 — line 8 of ragged.csv: Its stock 'lots' is not a number.",
    ]);
  });

  it('keeps the first row of a SKU and reports every other', async () => {
    const { items, unreadable } = await files.read(
      'twice.csv',
      `${HEADER}\nA1,Cup,1,1\nA1,Cup,1,1\nA2,Mug,1,1\nA1,Jug,oops,9\n`
    );
    expect(items.map(({ sku, title }) => [sku, title])).toEqual([
      ['A1', 'Cup'],
      ['A2', 'Mug'],
    ]);
    expect(unreadable).toEqual([
      {
        sourceId: 'line 3 of twice.csv',
        reason: 'line 3 of twice.csv: Its SKU A1 is on line 2 of twice.csv already; this row is left out.',
      },
      { sourceId: 'line 5 of twice.csv', reason: "line 5 of twice.csv: Its price 'oops' is not a number." },
    ]);
  });

  it('decides a price that can be read in two ways by the other prices', async () => {
    const { items } = await files.read('marks.csv', 'sku;title;price\nA1;Cup;1.234\nA2;Mug;12,50\n');
    expect(items.map(({ price }) => price?.minorUnits)).toEqual([123_400, 1250]);
    const undecided = await files.read('undecided.csv', 'sku;title;price\nA1;Cup;1.234\nA2;Mug;12\n');
    expect(undecided.unreadable[0]?.reason).toContain('can be read in two ways');
    const told = await files.read('told.csv', 'sku;title;price\nA1;Cup;1.234\n', { decimalMark: '.' });
    expect(told.items[0]?.price?.minorUnits).toBe(123);
  });

  it('survives anything', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        number += 1;
        const text = Buffer.concat([Buffer.from('sku,title,price\nA1,Cup,1\n'), bytes]);
        const { items } = await files.read(`any-${number}.csv`, text, { encoding: 'utf-8' });
        expect(items[0]?.sku).toBe('A1');
      }),
      { numRuns: 150 }
    );
  });
});
