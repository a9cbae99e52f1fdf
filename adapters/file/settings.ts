import type { FileField } from '../../domain/connector-rules';
import type { UploadedCatalogue } from '../../domain/ports/uploads';
import type { Encoding } from './encoding';
import type { DecimalMark, WeightUnit } from '../source-values';

/** How the cells of a file are to be understood. */
export interface ReadingSettings {
  /** ISO 4217, of the marketplace: for prices that come without a currency. */
  currency: string;
  /** Our field → the file's own name of the column. */
  columns?: Partial<Record<FileField, string>>;
  /** What stands in where the file says nothing. */
  defaults?: { brand?: string; category?: string; stock?: number };
  /** Put before image paths that are not absolute. Without it such images are left out. */
  imageBaseUrl?: string;
  /** Of weights that come without a unit; `kg` unless said. */
  weightUnit?: WeightUnit;
  /** Decides numbers that could be read in two ways, such as `1.234`; found from the other prices unless said. */
  decimalMark?: DecimalMark;
}

/** Where the files of a source are. */
export type FilePlace =
  | {
      /** A file, or a folder whose files are read in the order of their names. */
      path: string;
      /** Nothing outside of this folder is read; null: nothing is read by path at all. */
      root: string | null;
    }
  | { uploads: UploadedCatalogue };

/** What a file is taken for; `auto` goes by the ending of the name, then by the first character. */
export type FileFormat = 'auto' | 'jsonl' | 'csv';

export interface FileSourceOptions extends ReadingSettings {
  place: FilePlace;
  format: FileFormat;
  /** Found out unless said. */
  encoding?: Encoding;
  /** Where readings are kept while they are paged through; a folder of this user's under the system's own by default. */
  workFolder?: string;
}
