import { createHash } from 'node:crypto';
import type { Row, TableName, Tables } from './tables';

interface Seen {
  table: TableName;
  row: string;
  images: string;
  /** Of a variant, the product it belongs to. */
  product: number | undefined;
  /** Number of the look that found the row, or its images, changed. */
  rowAt: number;
  imagesAt: number;
}

/** What happened to a table since some answer. */
export interface Changes {
  modified: { row: Row; imagesModified: boolean }[];
  deleted: number[];
}

/**
 * Notices changes of the catalogue by looking: every look compares all rows with the look before. An answer's `time` leads
 * back to the look that it was given after, so that two changes within one second are told apart.
 */
export class ChangeLog {
  private looks = 0;
  private configuredAt = 0;
  private configuration = 0;
  private readonly seen = new Map<string, Seen>();
  private readonly deleted = new Map<
    string,
    { table: TableName; id: number; product: number | undefined; at: number }
  >();
  private readonly answered = new Map<number, number>();

  /** Compares the rows as they are now with the last look. */
  look(tables: Tables, configuration: number): void {
    this.looks += 1;
    if (configuration !== this.configuration) {
      this.configuration = configuration;
      this.configuredAt = this.looks;
    }
    const gone = new Set(this.seen.keys());
    for (const [table, { rows }] of Object.entries(tables) as [TableName, Tables[TableName]][])
      for (const row of rows) {
        const key = `${table}/${row.id}`;
        gone.delete(key);
        this.deleted.delete(key);
        this.note(key, table, row);
      }
    for (const key of gone) {
      const { table, product } = this.seen.get(key)!;
      this.deleted.set(key, { table, id: Number(key.slice(table.length + 1)), product, at: this.looks });
      this.seen.delete(key);
    }
  }

  private note(key: string, table: TableName, { images, ...row }: Row): void {
    const before = this.seen.get(key);
    const product = table === 'product_formats' ? row.parents[0] : undefined;
    const now = { table, product, row: digest(row), images: digest(images) };
    const imagesAt = before?.images === now.images ? before.imagesAt : this.looks;
    const rowAt = before?.row === now.row && before.images === now.images ? before.rowAt : this.looks;
    this.seen.set(key, { ...now, rowAt, imagesAt });
  }

  /** Remembers that an answer with this `time` (Unix seconds) tells the state of the last look; the first of a second counts. */
  answer(time: number): void {
    if (!this.answered.has(time)) this.answered.set(time, this.looks);
  }

  /** The look that an answer was given after; undefined when there was none, or the configuration changed since. */
  lookOf(time: number): number | undefined {
    const look = this.answered.get(time);
    return look !== undefined && look >= this.configuredAt ? look : undefined;
  }

  /** What changed in a table after a look. A product that is gone takes its variants with it without a word of them. */
  since(look: number, table: TableName, tables: Tables): Changes {
    const gone = [...this.deleted.values()].filter((each) => each.at > look);
    const goneProducts = new Set(gone.flatMap((each) => (each.table === 'products' ? [each.id] : [])));
    return {
      modified: tables[table].rows.flatMap((row) => {
        const { rowAt, imagesAt } = this.seen.get(`${table}/${row.id}`)!;
        return rowAt > look ? [{ row, imagesModified: imagesAt > look }] : [];
      }),
      deleted: gone
        .filter((each) => each.table === table && !(each.product !== undefined && goneProducts.has(each.product)))
        .map(({ id }) => id),
    };
  }
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64');
}
