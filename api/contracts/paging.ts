import { z } from 'zod';
import { invalid } from '../errors';

/** A whole number in a query string. */
export function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, { error: 'Write a whole number, for example 20.' })
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .meta({ type: 'integer', minimum: min, maximum: max, pattern: undefined });
}

/** `?limit=` of every list. */
export const limit = wholeNumber(1, 200).optional().describe('How many to answer; 50 unless said, 200 at most');

export const DEFAULT_LIMIT = 50;

const CURSOR_ERROR = 'This is not a cursor of this list; begin again without one.';

/** `?cursor=` of every list. */
export const cursor = z
  .string()
  .min(1)
  .regex(/^[A-Za-z0-9_-]{0,2000}$/, { error: CURSOR_ERROR })
  .optional()
  .describe('The nextCursor of the page before');

export const nextCursor = z
  .string()
  .nullable()
  .describe('Ask again with ?cursor= for the next page; null after the last');

/** A list's page and where the next begins. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** Position of the last item, as text that callers pass back unread. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * Reads a cursor back.
 *
 * @param shape - `s` for text and `n` for a number, one letter for each part of the position.
 * @throws Problem `validation_failed` on `query.cursor` when it was not made here.
 */
export function decodeCursor(text: string | undefined, shape: string): (string | number)[] | undefined {
  if (text === undefined) return undefined;
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    position = undefined;
  }
  const fits =
    Array.isArray(position) &&
    position.length === shape.length &&
    position.every((part, index) =>
      shape[index] === 's' ? typeof part === 'string' : Number.isSafeInteger(part) && Math.abs(part as number) < 8e15
    );
  if (!fits) throw invalid([{ field: 'query.cursor', code: 'cursor', message: CURSOR_ERROR }]);
  return position as (string | number)[];
}

/** Cuts a page out of one item more than was asked for. */
export function pageOf<Row, T>(
  rows: readonly Row[],
  size: number,
  positionOf: (row: Row) => readonly (string | number)[],
  view: (row: Row) => T
): Page<T> {
  const shown = rows.slice(0, size);
  const last = shown.at(-1);
  return {
    items: shown.map(view),
    nextCursor: rows.length > size && last !== undefined ? encodeCursor(positionOf(last)) : null,
  };
}
