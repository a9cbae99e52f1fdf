import { CsvError, parse } from 'csv-parse/sync';

/** One record of a CSV file: its cells, or why they cannot be told apart. */
export type CsvRecord =
  | { kind: 'cells'; line: number; cells: string[] }
  | {
      kind: 'broken';
      line: number;
      reason: string;
      /** What stands before the fault. */
      cells: string[];
    };

export const DELIMITERS = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** A quote that is still open after so many bytes was never meant to be one. */
const LONGEST_RECORD = 512 * 1024;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Cuts a UTF-8 CSV into records, chunk by chunk. A fault costs the line that it stands on and no other: after an open quote
 * the reading goes on with the very next line, and a stray quote inside a cell is taken as it is when the cells still add up.
 */
export class CsvRecords {
  private pending: Buffer = Buffer.alloc(0);
  private line = 1;
  private width = 0;

  constructor(private readonly delimiter: string) {}

  /** The records that are complete with this chunk. */
  push(chunk: Buffer): CsvRecord[] {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    return this.take(endOfLastLine(this.pending), false);
  }

  /** The records that are left when no more is to come. */
  end(): CsvRecord[] {
    return this.take(this.pending.length, true);
  }

  private take(limit: number, isLast: boolean): CsvRecord[] {
    const records: CsvRecord[] = [];
    let at = 0;
    while (at < limit) {
      const part = this.pending.subarray(at, limit);
      const { end, fault } = this.parse(part, records);
      at += end;
      if (!fault) break;
      const mayStillClose = fault === 'CSV_QUOTE_NOT_CLOSED' && !isLast && limit - at < LONGEST_RECORD;
      if (mayStillClose) break;
      at += this.takeLine(this.pending.subarray(at, limit), fault, records);
    }
    this.pending = Buffer.from(this.pending.subarray(at));
    return records;
  }

  /** Reads records until the end or the first fault; answers where the last good one ends. */
  private parse(part: Buffer, records: CsvRecord[]): { end: number; fault?: string } {
    let end = 0;
    try {
      parse(part, {
        ...this.syntax(),
        on_record: (cells: string[], { bytes }) => {
          const raw = part.subarray(end, bytes);
          const blank = blankLinesAtStart(raw);
          records.push({ kind: 'cells', line: this.line + blank.lines, cells });
          if (this.width === 0) this.width = cells.length;
          this.line += countLineEnds(raw);
          end = bytes;
          return null;
        },
      });
      this.line += countLineEnds(part.subarray(end));
      return { end: part.length };
    } catch (error) {
      return { end, fault: codeOf(error) };
    }
  }

  /** Takes one line by itself; answers its length with the blank lines before it. */
  private takeLine(part: Buffer, fault: string, records: CsvRecord[]): number {
    const blank = blankLinesAtStart(part);
    const end = endOfLine(part, blank.bytes);
    const raw = part.subarray(blank.bytes, end);
    const line = this.line + blank.lines;
    this.line = line + 1;
    const cells = this.parseLeniently(raw);
    if (cells?.length === this.width) records.push({ kind: 'cells', line, cells });
    else
      records.push({
        kind: 'broken',
        line,
        reason: FAULTS[fault] ?? 'Its quotes do not add up.',
        cells: cellsBeforeQuote(raw.toString('utf8'), this.delimiter),
      });
    return end;
  }

  private parseLeniently(raw: Buffer): string[] | undefined {
    try {
      return (parse(raw, { ...this.syntax(), relax_quotes: true }) as string[][])[0];
    } catch {
      return undefined;
    }
  }

  private syntax() {
    return {
      delimiter: this.delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
    };
  }
}

const FAULTS: Record<string, string> = {
  CSV_QUOTE_NOT_CLOSED: 'A quote is opened and never closed.',
  CSV_INVALID_CLOSING_QUOTE: 'A quote is opened and closed in the wrong place.',
};

function codeOf(error: unknown): string {
  if (error instanceof CsvError) return error.code;
  throw error;
}

function cellsBeforeQuote(line: string, delimiter: string): string[] {
  const quote = line.indexOf(`${delimiter}"`);
  return quote === -1 ? [] : line.slice(0, quote).split(delimiter);
}

/** Index after the last line that is surely complete. */
function endOfLastLine(buffer: Buffer): number {
  const lineFeed = buffer.lastIndexOf(LINE_FEED);
  if (lineFeed !== -1) return lineFeed + 1;
  // A carriage return at the very end may be half of a line end.
  const carriageReturn = buffer.lastIndexOf(CARRIAGE_RETURN, buffer.length - 2);
  return carriageReturn + 1;
}

function endOfLine(buffer: Buffer, from: number): number {
  for (let at = from; at < buffer.length; at++) {
    if (buffer[at] === LINE_FEED) return at + 1;
    if (buffer[at] === CARRIAGE_RETURN) return buffer[at + 1] === LINE_FEED ? at + 2 : at + 1;
  }
  return buffer.length;
}

function blankLinesAtStart(buffer: Buffer): { lines: number; bytes: number } {
  let bytes = 0;
  let lines = 0;
  while (buffer[bytes] === LINE_FEED || buffer[bytes] === CARRIAGE_RETURN) {
    bytes = endOfLine(buffer, bytes);
    lines += 1;
  }
  return { lines, bytes };
}

function countLineEnds(buffer: Buffer): number {
  let count = 0;
  for (let at = 0; at < buffer.length; at++)
    if (buffer[at] === LINE_FEED || (buffer[at] === CARRIAGE_RETURN && buffer[at + 1] !== LINE_FEED)) count += 1;
  return count;
}

/** Records looked at to find the delimiter, and lines: under a wrong one every line is broken, which is slow to find out. */
const RECORDS_LOOKED_AT = 50;
const LINES_LOOKED_AT = 100;

/**
 * The delimiter of a file, from its first lines: the one whose header is known, else the one that cuts most records into as
 * many cells as the header has, else the one of most cells.
 *
 * @param isKnown - whether these cells are a header that can be read.
 */
export function delimiterOf(head: Buffer, isWhole: boolean, isKnown: (cells: string[]) => boolean): Delimiter {
  const named = /^(?:sep=)(.)\r?\n/i.exec(head.subarray(0, 16).toString('latin1'))?.[1];
  const announced = DELIMITERS.find((each) => each === named);
  if (announced) return announced;
  const looked = firstLines(head, LINES_LOOKED_AT);
  const tried = DELIMITERS.map((delimiter) => {
    const records = headRecords(looked, isWhole && looked.length === head.length, delimiter).slice(
      0,
      RECORDS_LOOKED_AT
    );
    const width = records[0]?.cells.length ?? 0;
    const alike = records.filter(({ kind, cells }) => kind === 'cells' && cells.length === width).length;
    const rank = width < 2 ? 0 : (isKnown(records[0]!.cells) ? 1000 : 0) + (100 * alike) / records.length;
    return { delimiter, rank, width };
  });
  return tried.sort((one, other) => other.rank - one.rank || other.width - one.width)[0]!.delimiter;
}

function firstLines(head: Buffer, count: number): Buffer {
  let end = 0;
  for (let line = 0; line < count && end < head.length; line++) end = endOfLine(head, end);
  return head.subarray(0, end);
}

/** The records of a file's beginning. */
export function headRecords(head: Buffer, isWhole: boolean, delimiter: string): CsvRecord[] {
  const reader = new CsvRecords(delimiter);
  const records = reader.push(head);
  return isWhole ? [...records, ...reader.end()] : records;
}

/** Excel's own way to name the delimiter, in a line before the header. */
export function isSeparatorLine(cells: readonly string[]): boolean {
  return /^sep=.?$/i.test(cells[0] ?? '') && cells.slice(1).every((each) => each === '');
}
