type Test = (item: Record<string, unknown>) => boolean;

const COMPARISONS: Record<string, (one: string | number, other: string | number) => boolean> = {
  eq: (one, other) => one === other,
  ne: (one, other) => one !== other,
  gt: (one, other) => one > other,
  ge: (one, other) => one >= other,
  lt: (one, other) => one < other,
  le: (one, other) => one <= other,
};

/** The tests of one field that are joined by `and` or by `or`; undefined for what is not understood. */
export function filterOf(expression: string): Test | undefined {
  const joint = / or /.test(expression) ? ' or ' : ' and ';
  const tests = expression.split(joint).map((part) => testOf(part.trim()));
  if (tests.some((test) => test === undefined)) return undefined;
  const all = tests as Test[];
  return joint === ' or ' ? (item) => all.some((test) => test(item)) : (item) => all.every((test) => test(item));
}

function testOf(text: string): Test | undefined {
  const compared = /^(\w+) (eq|ne|gt|ge|lt|le) ('(?:[^']|'')*'|-?[\d.]+)$/.exec(text);
  if (compared) {
    const [, field = '', operator = '', literal = ''] = compared;
    const wanted = literalOf(literal);
    return (item) => COMPARISONS[operator]!(item[field] as string | number, wanted);
  }
  const called = /^(startswith|endswith|contains)\((\w+),\s*'((?:[^']|'')*)'\)$/.exec(text);
  if (!called) return undefined;
  const [, name, field = '', quoted = ''] = called;
  const part = quoted.replaceAll("''", "'");
  return (item) => {
    const value = String(item[field] ?? '');
    return name === 'startswith'
      ? value.startsWith(part)
      : name === 'endswith'
        ? value.endsWith(part)
        : value.includes(part);
  };
}

function literalOf(literal: string): string | number {
  return literal.startsWith("'") ? literal.slice(1, -1).replaceAll("''", "'") : Number(literal);
}
