import { CsvRecords, delimiterOf, headRecords, isSeparatorLine, type CsvRecord, type Delimiter } from './csv';
import { ENCODING_NAMES, encodingOf, toUtf8, type Encoding } from './encoding';
import { CHUNK, fileFailure, kindOf, type FoundFile } from './files';
import type { Outcome } from './item';
import { LONGEST_LINE, outcomesOfLine } from './json-lines';
import { headerProblem, layoutOf } from './layouts';
import type { Layout, RowReader } from './layouts/layout';
import { Header, Row } from './layouts/row';
import type { FileSourceOptions, ReadingSettings } from './settings';
import { decimalMarkOf } from '../source-values';

/** A file whose form is known. */
export interface OpenFile {
  /** For people: `a Shopify product export, UTF-8, separated by commas`. */
  form: string;
  /** Every row's outcome, in the order of the file, some at a time. */
  outcomes(signal: AbortSignal): AsyncGenerator<Outcome[]>;
  /** The outcomes of its beginning alone. */
  headOutcomes(): Outcome[];
  /** Whether the beginning is all there is. */
  isShort: boolean;
}

/**
 * Finds out how a file is to be read.
 *
 * @param thoroughly - whether its encoding is decided by all of it, and not by its beginning.
 * @throws OutsideError `config` when its columns are not known.
 */
export async function openFile(
  file: FoundFile,
  options: FileSourceOptions,
  thoroughly: boolean,
  signal: AbortSignal
): Promise<OpenFile> {
  const looked = file.bytes(signal, thoroughly ? undefined : CHUNK);
  const encoding = options.encoding ?? (await encodingOf(looked));
  const isShort = file.size <= CHUNK;
  const head = await gather(toUtf8(file.bytes(signal, CHUNK), encoding));
  const text = (until: AbortSignal): AsyncGenerator<Buffer> => toUtf8(file.bytes(until), encoding);
  return kindOf(file, options.format, head.subarray(0, 64).toString('utf8')) === 'jsonl'
    ? openJsonLines(file, options, { encoding, head, isShort, text })
    : openCsv(file, options, { encoding, head, isShort, text });
}

interface Decoded {
  encoding: Encoding;
  head: Buffer;
  isShort: boolean;
  text: (signal: AbortSignal) => AsyncGenerator<Buffer>;
}

async function gather(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

function openJsonLines(
  file: FoundFile,
  settings: ReadingSettings,
  { encoding, head, isShort, text }: Decoded
): OpenFile {
  if (/^\s*\[/.test(head.subarray(0, 64).toString('utf8')))
    throw fileFailure('config', `${file.name} is one JSON array; write one product a line.`);
  return {
    form: `JSON lines, ${ENCODING_NAMES[encoding]}`,
    isShort,
    headOutcomes: () => {
      const lines = new Lines();
      return [...lines.push(head), ...(isShort ? lines.end() : [])].flatMap((each) => outcomeOfLine(each, settings));
    },
    async *outcomes(signal) {
      const lines = new Lines();
      for await (const chunk of text(signal)) yield lines.push(chunk).flatMap((each) => outcomeOfLine(each, settings));
      yield lines.end().flatMap((each) => outcomeOfLine(each, settings));
    },
  };
}

function outcomeOfLine({ line, text }: NumberedLine, settings: ReadingSettings): Outcome[] {
  return text === undefined
    ? [{ kind: 'bad', line, reason: 'The line is too long to be one product.' }]
    : outcomesOfLine(line, text, settings);
}

/** A line; without text when it is too long. */
interface NumberedLine {
  line: number;
  text?: string;
}

/** Cuts a text into lines. */
class Lines {
  private parts: Buffer[] = [];
  private length = 0;
  private line = 1;

  push(chunk: Buffer): NumberedLine[] {
    const found: NumberedLine[] = [];
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      this.keep(chunk.subarray(from, end));
      found.push(this.take());
      from = end + 1;
    }
    this.keep(chunk.subarray(from));
    return found;
  }

  end(): NumberedLine[] {
    return this.length > 0 ? [this.take()] : [];
  }

  private keep(part: Buffer): void {
    this.length += part.length;
    if (this.length <= LONGEST_LINE) this.parts.push(part);
    else this.parts = [];
  }

  private take(): NumberedLine {
    const isTooLong = this.length > LONGEST_LINE;
    const text = Buffer.concat(this.parts).toString('utf8');
    this.parts = [];
    this.length = 0;
    return { line: this.line++, ...(!isTooLong && { text }) };
  }
}

const DELIMITER_NAMES: Record<Delimiter, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars' };

function openCsv(file: FoundFile, options: FileSourceOptions, { encoding, head, isShort, text }: Decoded): OpenFile {
  const isKnown = (cells: string[]): boolean => layoutOf(new Header(cells), options.columns) !== undefined;
  const delimiter = delimiterOf(head, isShort, isKnown);
  const records = headRecords(head, isShort, delimiter);
  const first = records.find(({ cells }) => !isSeparatorLine(cells));
  if (!first) throw fileFailure('transient', `${file.name} is empty.`);
  const header = new Header(first.cells);
  const layout = layoutOf(header, options.columns);
  const problem = headerProblem(file.name, header, options.columns);
  if (!layout || problem) throw fileFailure('config', problem ?? `The columns of ${file.name} are not known.`);

  const body = (all: CsvRecord[]): CsvRecord[] => all.filter(({ line }) => line > first.line);
  const priceColumn = layout.priceColumn(header);
  const prices = body(records).map(({ line, cells }) => new Row(line, header, cells).text(priceColumn));
  const settings: ReadingSettings = { ...options, decimalMark: options.decimalMark ?? decimalMarkOf(prices) };
  const open = (): RowReader => layout.open(header, settings);
  const read = (reader: RowReader, all: CsvRecord[]): Outcome[] =>
    body(all).flatMap((record) => outcomesOfRecord(record, header, layout, reader));
  const learn = (reader: RowReader, all: CsvRecord[]): void => {
    for (const { kind, line, cells } of body(all)) if (kind === 'cells') reader.learn?.(new Row(line, header, cells));
  };

  return {
    form: `${layout.name}, ${ENCODING_NAMES[encoding]}, separated by ${DELIMITER_NAMES[delimiter]}`,
    isShort,
    headOutcomes: () => {
      const reader = open();
      learn(reader, records);
      return [...read(reader, records), ...reader.end()];
    },
    async *outcomes(signal) {
      const reader = open();
      if (reader.learn) for await (const some of recordsOf(text(signal), delimiter)) learn(reader, some);
      for await (const some of recordsOf(text(signal), delimiter)) yield read(reader, some);
      yield reader.end();
    },
  };
}

async function* recordsOf(chunks: AsyncIterable<Buffer>, delimiter: string): AsyncGenerator<CsvRecord[]> {
  const reader = new CsvRecords(delimiter);
  for await (const chunk of chunks) yield reader.push(chunk);
  yield reader.end();
}

function outcomesOfRecord(record: CsvRecord, header: Header, layout: Layout, reader: RowReader): Outcome[] {
  const { line, cells } = record;
  if (cells.every((cell) => cell.trim() === '') && record.kind === 'cells') return [];
  const reason = record.kind === 'broken' ? record.reason : problemOf(cells, header);
  if (reason === undefined) return reader.read(new Row(line, header, cells));
  const sku = new Row(line, header, cells).text(layout.skuColumn(header));
  const isKnown =
    record.kind === 'cells' && fits(cells, header) ? sku !== '' && !GARBLED.test(sku) : LIKELY_SKU.test(sku);
  return [{ kind: 'bad', line, ...(isKnown && { sku }), reason }];
}

/** In a row that fell apart, what stands under the SKU's column may be anything. */
const LIKELY_SKU = /^[\w.#/+-]{1,40}$/;
const GARBLED = /\uFFFD/;

function problemOf(cells: readonly string[], header: Header): string | undefined {
  if (cells.some((cell) => GARBLED.test(cell)))
    return 'It holds bytes that are no letters in the encoding of the file.';
  if (!fits(cells, header))
    return `It has ${cells.length} cells, and the header has ${header.width}; perhaps a cell with a delimiter or a line break lacks its quotes.`;
  return undefined;
}

function fits(cells: readonly string[], header: Header): boolean {
  return cells.length >= header.width && cells.slice(header.width).every((cell) => cell.trim() === '');
}
