import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { mapItem } from '../../domain/default-mapping';
import { displayCode, isIntegrated, type ListingState, type WantedListing } from '../../domain/listing';
import { themeOf } from '../../domain/variation-theme';
import { familyOf, parentSkuOf, whyItWaits } from '../../domain/variations';
import { anItem, someSettings } from './items';

const text = readFileSync(resolve(__dirname, '../../docs/variations.md'), 'utf8');

/** The rows of the table whose header begins with a column's name, without the header. */
function tableOf(firstColumn: string): string[][] {
  const lines = text.split('\n');
  const header = lines.findIndex((line) => line.startsWith(`| ${firstColumn} `));
  const rows: string[][] = [];
  for (let at = header + 2; lines[at]?.startsWith('|'); at++)
    rows.push(
      lines[at]!.split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
    );
  if (header < 0 || rows.length === 0) throw new Error(`docs/variations.md has no table of '${firstColumn}'.`);
  return rows;
}

function listOf(cell: string, separator: string): string[] {
  return cell.split(separator).flatMap((each) => each.trim() || []);
}

/** `size S, color Black; size M` */
function siblingsOf(cell: string): { sku: string; options: Record<string, string> }[] {
  return listOf(cell, ';').map((sibling, index) => ({
    sku: `S-${index + 1}`,
    options: Object.fromEntries(listOf(sibling, ',').map((option) => option.split(' '))) as Record<string, string>,
  }));
}

const ATTRIBUTES = ['size', 'color'];

describe('docs/variations.md', () => {
  test.each(tableOf('options of the SKUs'))('%s with %s: %s', (options, themes, expected) => {
    const rules = { themes: listOf(themes, ','), attributes: ATTRIBUTES, required: [] };
    const found = themeOf(siblingsOf(options), rules);
    expect('none' in found ? `none: ${found.none}` : found.theme).toBe(expected);
  });

  test.each(tableOf('reference of the product'))(
    'the parent of reference %s, id %s, SKUs %s, sent before as %s: %s',
    (reference, productId, skus, known, expected) => {
      const siblings = listOf(skus, ',').map((sku) => anItem({ sku, productId, productReference: reference }));
      const sku = parentSkuOf(siblings, 'con_1', known ? { sku: known, theme: 'SIZE' } : undefined);
      const pattern = expected.replace('`<id>`', productId.slice(0, 24)).replace('`<hash>`', '[0-9a-f]{8}');
      expect(sku).toMatch(new RegExp(`^${pattern}$`));
      expect(sku.length).toBeLessThanOrEqual(40);
    }
  );

  test.each(tableOf('sendVariations'))(
    'sendVariations %s, %s, %s: %s',
    (sendVariations, requirements, cell, expected) => {
      const settings = someSettings({ requirements: requirements as WantedListing['requirements'] });
      const members = siblingsOf(cell).map((sibling) => {
        const item = anItem({ ...sibling, productReference: 'MH01' });
        return { item, wanted: mapItem(item, 'SHIRT', settings, 5) };
      });
      const found = familyOf(members, {
        scope: 'con_1',
        rules: { themes: ['SIZE'], attributes: ATTRIBUTES, required: [] },
        settings: { ...settings, sendVariations: sendVariations === 'true' },
      });
      expect(found.kind === 'alone' ? found.reason : `parent with ${found.children.size} children`).toBe(expected);
    }
  );

  test.each(tableOf('the parent is'))('a parent that is %s: %s', (state, expected) => {
    const parent = { sku: 'MH01', state: state as ListingState, reason: 'It has no brand.' };
    expect(whyItWaits(parent) ?? 'is sent').toBe(expected);
  });

  test.each(tableOf('the SKU is'))('%s under %s: %s', (state, parent, expected) => {
    const integrated = isIntegrated(state as ListingState, parent === 'none' ? undefined : (parent as ListingState));
    expect(displayCode('13737', integrated)).toBe(expected);
  });
});
