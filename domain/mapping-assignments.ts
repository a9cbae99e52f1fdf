import type { CatalogItem } from './catalog-item';
import { productTypeOf } from './default-mapping';
import type { ListingProblem } from './listing';
import type { Assignment, AssignmentCondition } from './mapping-contract';
import { folded } from './mapping-values';
import { toPlainLine } from './plain-text';
import type { ExpressionResult } from './ports/expressions';

/** Which product type an item is, or why that cannot be said. */
export type AssignedType = { productType: string | undefined } | { problem: ListingProblem };

/** Assignments, made ready. */
export interface CompiledAssignments {
  /** Each once, in the order in which they are first needed. */
  expressions: string[];
  /**
   * The product type of an item: of the first assignment that fits, else the one that the words of its categories speak of.
   *
   * @param evaluated - the result of each expression over the item.
   */
  typeOf(item: CatalogItem, evaluated: (expression: string) => ExpressionResult): AssignedType;
}

type Check = (item: CatalogItem, evaluated: (expression: string) => ExpressionResult) => boolean | { failed: string };

export function compileAssignments(assignments: readonly Assignment[]): CompiledAssignments {
  const checks = assignments.map(({ productType, when }) => ({ productType, fits: checkOf(when) }));
  const expressions = assignments.flatMap(({ when }) => ('expression' in when ? [when.expression] : []));
  return {
    expressions: [...new Set(expressions)],
    typeOf(item, evaluated) {
      for (const [at, { productType, fits }] of checks.entries()) {
        const answer = fits(item, evaluated);
        // Were it passed over, the item would be sent as something that it is not.
        if (typeof answer === 'object') return { problem: failedAssignment(at + 1, productType, answer.failed) };
        if (answer) return { productType };
      }
      return { productType: productTypeOf(item) };
    },
  };
}

function failedAssignment(place: number, productType: string, reason: string): ListingProblem {
  return {
    code: 'unmapped',
    message: `Whether it is ${productType} cannot be said, because the expression of assignment ${place} failed: ${reason}. Correct that expression.`,
    severity: 'error',
    owner: 'merchant',
    rule: 'expression',
  };
}

function checkOf(when: AssignmentCondition): Check {
  if ('everything' in when) return () => true;
  if ('category' in when) {
    const wanted = levelsOf(when.category);
    return ({ categories }) => categories.some((path) => beginsWith(levelsOf(path), wanted));
  }
  if ('attribute' in when) {
    const key = when.attribute.toLowerCase();
    const wanted = new Set([when.is].flat().map(folded));
    return (item) => valuesOf(item, key).some((value) => wanted.has(folded(toPlainLine(value))));
  }
  const { expression } = when;
  return (_, evaluated) => {
    const result = evaluated(expression);
    return 'error' in result ? { failed: result.error.message } : isTrue(result.value);
  };
}

/** `Men / Tops` and `men/tops` are one. */
function levelsOf(path: string): string[] {
  return path
    .split('/')
    .map((level) => folded(toPlainLine(level)))
    .filter((level) => level !== '');
}

function beginsWith(levels: readonly string[], wanted: readonly string[]): boolean {
  return wanted.length > 0 && wanted.every((level, at) => levels[at] === level);
}

/** An option tells SKUs apart, so it goes before an attribute of the same name. */
function valuesOf({ options, attributes }: CatalogItem, key: string): readonly string[] {
  if (Object.hasOwn(options, key)) return [options[key]!];
  return Object.hasOwn(attributes, key) ? attributes[key]! : [];
}

/** As JSONata's own $boolean has it: empty texts, lists and objects, 0 and nothing are false. */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isTrue);
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
