import type { DefinitionChanges } from './product-type';
import { conditionInWords, requirementsOf, type Requirement } from './product-type-conditions';
import { isSchema, listOf, schemasOf, withoutRefs, type JsonSchema } from './product-type-schema';

/** So many values of a changed list are kept; lists of colours have thousands. */
const MOST_VALUES = 50;

/** What a new version of a definition changes for those who fill it in (B19). Titles and help do not count. */
export function changesBetween(before: JsonSchema, after: JsonSchema): DefinitionChanges {
  const [old, now] = [before, after].map((each) => withoutRefs(each, each) as JsonSchema) as [JsonSchema, JsonSchema];
  const [had, has] = [schemasOf(old, 'properties'), schemasOf(now, 'properties')];
  const [asked, asks] = [requirementsOf(old), requirementsOf(now)];
  const names = Object.keys(has).sort();
  const required = [...asks].filter(([name, { always }]) => always && !asked.get(name)?.always).map(([name]) => name);
  return {
    added: names.filter((name) => !Object.hasOwn(had, name)),
    removed: Object.keys(had)
      .filter((name) => !Object.hasOwn(has, name))
      .sort(),
    newlyRequired: required.sort(),
    newlyConditional: [...asks]
      .filter(([, { always }]) => !always)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([attribute, asking]) =>
        newConditions(asking, asked.get(attribute)).map((when) => ({ attribute, when }))
      ),
    changedValues: names
      .filter((name) => Object.hasOwn(had, name))
      .flatMap((attribute) => changedValues(attribute, had[attribute], has[attribute])),
  };
}

/** Whether anybody who fills the definition in has to know. */
export function changesAnything(changes: DefinitionChanges): boolean {
  return Object.values(changes).some((each: unknown[]) => each.length > 0);
}

function newConditions(asks: Requirement, asked: Requirement | undefined): string[] {
  if (asked?.always) return [];
  const known = new Set((asked?.when ?? []).map((each) => conditionInWords(each)));
  return [...new Set(asks.when.map((each) => conditionInWords(each)))].filter((words) => !known.has(words));
}

function changedValues(attribute: string, before: unknown, after: unknown): DefinitionChanges['changedValues'] {
  const [had, has] = [valueLists(before), valueLists(after)];
  return [...has].flatMap(([part, values]) => {
    const old = had.get(part);
    if (!old) return [];
    const added = [...values].filter((each) => !old.has(each));
    const removed = [...old].filter((each) => !values.has(each));
    if (added.length === 0 && removed.length === 0) return [];
    return [{ attribute, part, added: added.slice(0, MOST_VALUES), removed: removed.slice(0, MOST_VALUES) }];
  });
}

/** Allowed values by the dotted path of their part. */
function valueLists(attribute: unknown): Map<string, Set<string>> {
  const lists = new Map<string, Set<string>>();
  const walk = (schema: unknown, path: readonly string[]): void => {
    if (!isSchema(schema)) return;
    if (Array.isArray(schema.enum)) {
      const key = path.join('.') || 'value';
      const list = lists.get(key) ?? new Set<string>();
      for (const each of schema.enum as unknown[]) list.add(typeof each === 'string' ? each : JSON.stringify(each));
      lists.set(key, list);
    }
    walk(schema.items, path);
    for (const [name, each] of Object.entries(schemasOf(schema, 'properties'))) walk(each, [...path, name]);
    for (const keyword of ['allOf', 'anyOf', 'oneOf'] as const)
      for (const each of listOf(schema, keyword)) walk(each, path);
  };
  walk(attribute, []);
  return lists;
}
