import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CatalogItem } from '../../../domain/catalog-item';
import { hashesOf } from '../../../domain/listing-hashes';
import { judge } from '../../../domain/listing-rules';
import { someSettings } from '../../domain/items';
import { bySku, FilesUnderTest, readAll } from './files-under-test';

const shared = process.env.LONGSHORE_SHARED ?? resolve(__dirname, '../../../../shared');
const folder = join(shared, 'data/catalogs/luma');
const isThere = existsSync(folder);
if (!isThere)
  process.stderr.write(`The two forms of a real store's catalogue are not compared: ${folder} is not there.\n`);

/** What the raw export does not hold: its images' host, and a brand, which the other form has in every line. */
const settings = { imageBaseUrl: 'https://images.example', defaults: { brand: 'Luma' } };

function payloadsOf(items: readonly CatalogItem[]): Record<string, unknown> {
  const rules = someSettings({ sendKits: true, minimumStock: 1 });
  return Object.fromEntries(
    items.map((item) => {
      const verdict = judge(item, rules);
      return [item.sku, verdict.kind === 'block' ? verdict.problems : hashesOf(verdict.wanted)];
    })
  );
}

(isThere ? describe : describe.skip)("a real store's catalogue, as a raw Magento export and as JSON lines", () => {
  const files = new FilesUnderTest();
  afterAll(() => files.remove());

  it('gives the same 1,892 SKUs and the same payloads', async () => {
    const csv = await readAll(files.source(folder, { format: 'csv', ...settings }));
    const json = await readAll(files.source(join(folder, 'catalog.jsonl'), settings));

    expect([csv.unreadable, json.unreadable]).toEqual([[], []]);
    expect([csv.items.length, json.items.length]).toEqual([1892, 1892]);
    expect(payloadsOf(csv.items)).toEqual(payloadsOf(json.items));
  });

  it('gives the same items, but for the attributes of the kit, which the JSON lines leave out', async () => {
    const csv = bySku((await readAll(files.source(folder, { format: 'csv', ...settings }))).items);
    const json = bySku((await readAll(files.source(join(folder, 'catalog.jsonl'), settings))).items);

    expect(csv['24-WG080']?.attributes).toEqual({
      activity: ['Yoga', 'Gym'],
      category_gear: ['Exercise'],
      gender: ['Men', 'Women', 'Unisex'],
      attribute_set: ['Gear'],
    });
    csv['24-WG080']!.attributes = {};
    expect(csv).toEqual(json);
  });

  it('says how each file is read', async () => {
    const { files: looks } = await files
      .source(folder, { format: 'csv', ...settings })
      .look(new AbortController().signal);
    expect(looks.map(({ name, form, unreadable }) => `${name}: ${form}, ${unreadable} bad`)).toEqual([
      'gear_bags.csv: a Magento sample-data file, UTF-8, separated by commas, 0 bad',
      'gear_fitness_equipment.csv: a Magento sample-data file, UTF-8, separated by commas, 0 bad',
      'gear_fitness_equipment_ball.csv: a Magento sample-data file, UTF-8, separated by commas, 0 bad',
      'gear_fitness_equipment_strap.csv: a Magento sample-data file, UTF-8, separated by commas, 0 bad',
      'gear_watches.csv: a Magento sample-data file, UTF-8, separated by commas, 0 bad',
      'kits.csv: a Magento sample-data file, UTF-8, separated by commas, 0 bad',
      'products.csv: a Magento product export, UTF-8, separated by commas, 0 bad',
    ]);
  });
});
