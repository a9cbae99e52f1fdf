import jsonata from 'jsonata';

/** Built-in functions of JSONata that no expression may use, each with the reason. */
export const REFUSED_FUNCTIONS = {
  eval: 'it would run text from the catalogue as an expression',
  now: 'its result changes with every run, so that the SKU would be sent again each time',
  millis: 'its result changes with every run, so that the SKU would be sent again each time',
  random: 'its result changes with every run, so that the SKU would be sent again each time',
  shuffle: 'its result changes with every run, so that the SKU would be sent again each time',
} as const;

/** What keeps a text from being an expression. */
interface ExpressionFault {
  code: 'expression_syntax' | 'expression_not_allowed';
  message: string;
}

/** Why a text is no JSONata expression that may be used, with the place; undefined when it is one. Runs nothing. */
export function expressionFault(text: string): ExpressionFault | undefined {
  let tree: unknown;
  try {
    tree = jsonata(text).ast();
  } catch (error) {
    return { code: 'expression_syntax', message: syntaxSentence(text, error) };
  }
  const refused = refusedFunction(tree);
  if (!refused) return undefined;
  return {
    code: 'expression_not_allowed',
    message: `The expression uses $${refused.name} at character ${refused.position}, which is not allowed here: ${REFUSED_FUNCTIONS[refused.name]}.`,
  };
}

function syntaxSentence(text: string, error: unknown): string {
  const { position, message } = error as { position?: unknown; message?: unknown };
  const said = typeof message === 'string' && message !== '' ? message.replace(/[.\s]+$/, '') : 'it is not JSONata';
  if (typeof position !== 'number') return `The expression cannot be read: ${said}.`;
  const before = text.slice(Math.max(0, position - 20), position);
  return `The expression cannot be read at character ${position}${before ? `, after '${before}'` : ''}: ${said}.`;
}

/** The first variable of the tree that names a refused function; a variable is the only way to one. */
function refusedFunction(tree: unknown): { name: keyof typeof REFUSED_FUNCTIONS; position: number } | undefined {
  const waiting: unknown[] = [tree];
  const seen = new Set<unknown>();
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (typeof node !== 'object' || node === null || seen.has(node)) continue;
    seen.add(node);
    const { type, value, position } = node as { type?: unknown; value?: unknown; position?: unknown };
    if (type === 'variable' && typeof value === 'string' && Object.hasOwn(REFUSED_FUNCTIONS, value))
      return { name: value as keyof typeof REFUSED_FUNCTIONS, position: typeof position === 'number' ? position : 0 };
    waiting.push(...Object.values(node));
  }
  return undefined;
}
