import type { FieldProblem } from './connector-rules';
import type { Constant, Mapping, MappingRule } from './mapping-contract';
import { isTargetFault, resolveTarget, type DefinitionShape, type LeafShape } from './mapping-definition';
import { coerce } from './mapping-values';

/**
 * What is wrong with a mapping in the light of the definition that it is for: targets that are not there or not clear, two rules for one
 * place, and constants that their place cannot take. All of them at once; empty when nothing is.
 *
 * An attribute that is left out need not be in the definition: the built-in mapping may send it.
 */
export function mappingProblems(mapping: Mapping, definition: DefinitionShape): FieldProblem[] {
  const taken = new Map<string, string>();
  return Object.entries(mapping.attributes).flatMap(([target, rule]): FieldProblem[] => {
    if ('omit' in rule && !target.includes('.')) return [];
    const found = resolveTarget(target, definition);
    const field = `attributes.${target}`;
    if (isTargetFault(found)) return [{ field, ...found }];
    const place = [found.attribute.name, ...found.path].join('.');
    const other = taken.get(place);
    if (other !== undefined)
      return [
        {
          field,
          code: 'target_twice',
          message: `${target} and ${other} are the same place, ${place}; remove one of them.`,
        },
      ];
    taken.set(place, target);
    return constantsIn(rule).flatMap(({ path, value }) => constantProblem(`${field}.${path}`, value, found.leaf));
  });
}

/** Every value that a rule itself gives, with its path in the rule. */
function constantsIn(rule: MappingRule): { path: string; value: Constant }[] {
  if ('constant' in rule) return [{ path: 'constant', value: rule.constant }];
  if (!('from' in rule) || !rule.values) return [];
  const { table, otherwise } = rule.values;
  return [
    ...Object.entries(table)
      .filter(([, value]) => value !== '')
      .map(([from, value]) => ({ path: `values.table.${from}`, value })),
    ...(typeof otherwise === 'object' ? [{ path: 'values.otherwise.constant', value: otherwise.constant }] : []),
  ];
}

function constantProblem(field: string, value: Constant, leaf: LeafShape): FieldProblem[] {
  const found = coerce(value, leaf);
  if ('value' in found) return [];
  const { what, todo } = found.fault;
  return [
    { field, code: 'constant_not_accepted', message: `${what.charAt(0).toUpperCase()}${what.slice(1)}. ${todo}.` },
  ];
}
