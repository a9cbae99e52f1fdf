import type { Constant } from './mapping-contract';
import type { LeafShape } from './mapping-definition';
import { shown } from './payload-validation-words';
import { cutToBytes } from './plain-text';

/** A value in the form that its place at Amazon takes, or why it cannot be had. */
export type Coerced = { value: Constant } | { fault: ValueFault };

/** What is wrong with a value, and what to do, each a clause without its full stop. */
export interface ValueFault {
  /** The keyword of the definition that it breaks. */
  rule: 'type' | 'enum';
  what: string;
  todo: string;
}

/** Puts a value of the source, of an expression or of a mapping into the form of its place. Never throws. */
export function coerce(value: unknown, leaf: LeafShape): Coerced {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return fault(
      'type',
      `${shown(value)} is no single value`,
      'Have the expression give a text, a number, true or false'
    );
  if (leaf.choices && !leaf.isOpen) {
    const chosen = choiceOf(value, leaf.choices);
    if (chosen !== undefined) return { value: chosen };
    if (leaf.type !== 'boolean') return notAChoice(value, leaf.choices);
  }
  switch (leaf.type) {
    case 'string':
      return { value: String(value) };
    case 'boolean':
      return booleanOf(value);
    case 'number':
    case 'integer':
      return numberOf(value, leaf.type);
  }
}

/** Running text, cut to what its place takes at the end of a word, as the built-in mapping does. */
export function cutToFit(text: string, { maxLength, maxBytes }: LeafShape): string {
  const points = maxLength === undefined ? [] : [...text];
  const short = maxLength !== undefined && points.length > maxLength ? cutToPoints(points, maxLength) : text;
  return maxBytes === undefined ? short : cutToBytes(short, maxBytes);
}

function cutToPoints(points: readonly string[], limit: number): string {
  const head = points.slice(0, limit).join('');
  if (/\s/.test(points[limit]!)) return head.trimEnd();
  const wordEnd = head.search(/\s\S*$/);
  return (wordEnd > 0 ? head.slice(0, wordEnd) : head).trimEnd();
}

type Choices = NonNullable<LeafShape['choices']>;

/** What people may write for each choice, folded: its value before its name. */
const indexes = new WeakMap<Choices, Map<string, Constant>>();

/** The value that is meant among those of a list, by itself or by its name there; undefined when none is. */
export function choiceOf(value: Constant, choices: Choices): Constant | undefined {
  let index = indexes.get(choices);
  if (!index) {
    // The first entry of a name stays, and values go before names.
    const entries = [...choices.map((each) => String(each.value)), ...choices.map((each) => each.name)].map(
      (text, at): [string, Constant] => [folded(text), choices[at % choices.length]!.value]
    );
    index = new Map(entries.reverse());
    for (const each of choices) index.set(exactly(each.value), each.value);
    indexes.set(choices, index);
  }
  return index.get(exactly(value)) ?? index.get(folded(String(value)));
}

/** Two values that differ in case or kind only are each themselves. */
function exactly(value: Constant): string {
  return `\n${typeof value}\n${value}`;
}

/** Without case, accents and the difference between blanks and underscores. */
export function folded(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[\s_]+/g, ' ')
    .trim();
}

const MOST_CHOICES_SHOWN = 10;

function notAChoice(value: Constant, choices: Choices): Coerced {
  const names = choices
    .slice(0, MOST_CHOICES_SHOWN)
    .map((each) => (each.name === String(each.value) ? each.name : `${each.value} (${each.name})`));
  const rest = choices.length - names.length;
  return fault(
    'enum',
    `'${shown(value)}' is not a value that Amazon takes`,
    `Put it into a value table, or use one of ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
  );
}

const YES = new Set(['true', 'yes', 'y', 'sim', 'si', 's', '1']);
const NO = new Set(['false', 'no', 'n', 'nao', '0']);

function booleanOf(value: Constant): Coerced {
  if (typeof value === 'boolean') return { value };
  const word = folded(String(value));
  if (YES.has(word)) return { value: true };
  if (NO.has(word)) return { value: false };
  return fault('type', `'${shown(value)}' is neither yes nor no`, 'Give true or false, by a value table for instance');
}

/**
 * A number as people write it: `1.5`, `1,5`, `1.234,5`, `1,234.5`. A point alone is a decimal point; a comma before exactly three
 * digits says neither what it is.
 */
function numberOf(value: Constant, type: 'number' | 'integer'): Coerced {
  const wanted = type === 'integer' ? 'a whole number' : 'a number';
  const no = (what: string): Coerced =>
    fault('type', what, 'Give digits alone, with a point before decimals; an expression can take a unit away');
  if (typeof value === 'boolean') return no(`${value} is not ${wanted}`);
  const found = typeof value === 'number' ? value : readNumber(value);
  if (found === 'ambiguous') return no(`'${shown(value)}' can be read as two different numbers`);
  if (found === undefined || !Number.isFinite(found)) return no(`'${shown(value)}' is not ${wanted}`);
  if (type === 'integer' && !Number.isInteger(found)) return no(`'${shown(value)}' is not a whole number`);
  return { value: found };
}

function readNumber(text: string): number | 'ambiguous' | undefined {
  const digits = text.trim();
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(digits)) return Number(digits);
  if (/^[+-]?[1-9]\d{0,2},\d{3}$/.test(digits)) return 'ambiguous';
  if (/^[+-]?\d*,\d+$/.test(digits)) return Number(digits.replace(',', '.'));
  if (/^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(digits)) return Number(digits.replaceAll(',', ''));
  if (/^[+-]?\d{1,3}(?:\.\d{3})+,\d+$/.test(digits) || /^[+-]?\d{1,3}(?:\.\d{3}){2,}$/.test(digits))
    return Number(digits.replaceAll('.', '').replace(',', '.'));
  return undefined;
}

function fault(rule: ValueFault['rule'], what: string, todo: string): Coerced {
  return { fault: { rule, what, todo } };
}
