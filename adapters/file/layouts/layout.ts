import type { Outcome } from '../item';
import type { ReadingSettings } from '../settings';
import type { Header, Row } from './row';

/** Reads the rows of one file, in their order. */
export interface RowReader {
  /** Where a first look at all rows is needed, because what belongs together is not side by side. */
  learn?(row: Row): void;
  read(row: Row): Outcome[];
  /** What was still held back when the file ended. */
  end(): Outcome[];
}

/** A kind of file that is recognised by its columns. */
export interface Layout {
  /** For people: `a Shopify product export`. */
  name: string;
  isOf(header: Header): boolean;
  skuColumn(header: Header): string | undefined;
  priceColumn(header: Header): string | undefined;
  open(header: Header, settings: ReadingSettings): RowReader;
}
