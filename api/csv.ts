import { stringify } from 'csv-stringify';
import { pipeline } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import type { Reply } from './endpoint';

/** Writes rows as a table with these columns; values that a spreadsheet would take for a formula begin with an apostrophe. */
export async function writeCsv(columns: readonly string[], rows: AsyncIterable<object>, to: Writable): Promise<void> {
  const table = stringify({ header: true, columns: columns.map((key) => ({ key })), escape_formulas: true });
  await pipeline(rows, table, to);
}

/** A file to download, written as it is sent. */
export function csvFile(name: string, writeTo: (to: Writable) => Promise<void>): Extract<Reply, { stream: unknown }> {
  return {
    stream: async (_request, response) => {
      response.status(200).set({
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="${name}"`,
        'Cache-Control': 'no-store',
      });
      await writeTo(response);
    },
  };
}
