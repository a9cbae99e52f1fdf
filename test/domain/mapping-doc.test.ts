import fs from 'node:fs';
import path from 'node:path';
import { ATTRIBUTES_OF_SETTINGS, assignmentsInput, MAPPING_LIMITS, mappingInput } from '../../domain/mapping-contract';
import { expressionFault, REFUSED_FUNCTIONS } from '../../domain/mapping-expressions';
import { SOURCE_FIELDS, sourceFieldFault } from '../../domain/mapping-fields';

const text = fs.readFileSync(path.join(__dirname, '../../docs/mapping.md'), 'utf8');

function blocks(language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1]!);
}

/** The rows of the table under a heading, cell by cell. */
function table(heading: string): string[][] {
  const section = text.split(new RegExp(`^#+ ${heading}$`, 'm'))[1]!.split(/^#+ /m)[0]!;
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  );
}

describe('docs/mapping.md', () => {
  test('shows a mapping and assignments that pass their contracts', () => {
    const [mapping, assignments] = blocks('json').map((each): unknown => JSON.parse(each));

    expect(mappingInput.safeParse(mapping).error).toBeUndefined();
    expect(assignmentsInput.safeParse(assignments).error).toBeUndefined();
  });

  test('shows expressions that can be read', () => {
    const lines = blocks('jsonata').flatMap((each) => each.trim().split('\n'));

    expect(lines.map(expressionFault)).toEqual(lines.map(() => undefined));
    expect(lines.length).toBeGreaterThan(0);
  });

  test('names every field of the source, and no other', () => {
    const named = table('Fields of the source').flatMap(([cell]) =>
      [...cell!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!)
    );

    expect(named.map(sourceFieldFault)).toEqual(named.map(() => undefined));
    expect(named).toEqual(expect.arrayContaining(SOURCE_FIELDS.map(({ name }) => name)));
  });

  test('names what is refused', () => {
    for (const name of [...ATTRIBUTES_OF_SETTINGS.keys(), ...Object.keys(REFUSED_FUNCTIONS).map((each) => `$${each}`)])
      expect(text).toContain(`\`${name}\``);
  });

  test('tells the limits as they are', () => {
    const { rules, expression, tableRows, text: characters, assignments, choices } = MAPPING_LIMITS;

    expect(table('Limits').map(([, limit]) => limit)).toEqual(
      [rules, expression, tableRows, characters, assignments, choices].map((each) => each.toLocaleString('en-US'))
    );
  });
});
