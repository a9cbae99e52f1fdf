import { isMet, targetText, type Figure } from './figure';

/** One line of `--json`. */
export function jsonLine(figure: Figure, command: string): string {
  const { gross: _, target, ...rest } = figure;
  return JSON.stringify({ ...rest, target: targetText(target), met: isMet(figure), command });
}

const HEAD = ['figure', 'value', 'measured', 'baseline', 'target', 'met', 'command'];

/** All figures as a table for people; also valid Markdown. */
export function table(rows: readonly { figure: Figure; command: string }[]): string {
  const cells = [HEAD, ...rows.map(({ figure, command }) => rowOf(figure, command))];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), rule, ...body.map(line)].join('\n');
}

function rowOf(figure: Figure, command: string): string[] {
  const { value, unit, measured, baseline, baselineUnit = '', target } = figure;
  const met = isMet(figure);
  const withUnit = (number: number | null | undefined): string =>
    number === null || number === undefined ? '' : `${rounded(number)} ${baselineUnit}`;
  return [
    figure.figure,
    `${rounded(value)} ${unit}`,
    withUnit(measured),
    withUnit(baseline),
    targetText(target) ?? '',
    met === null ? '' : met ? 'yes' : 'NO',
    `\`${command}\``,
  ];
}

/** Three digits that mean something. */
function rounded(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
