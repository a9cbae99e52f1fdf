import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROBLEMS } from '../../../domain/orders/order-problems';
import { ORDER_STAGES } from '../../../domain/orders/order-view';

const TEXT = readFileSync(join(__dirname, '../../../docs/orders.md'), 'utf8');

/** The first cells of the table under a heading, where they are code. */
function codesUnder(heading: string): string[] {
  const section = TEXT.split(/^## /m).find((each) => each.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([a-z_]+)`/gm)].map(([, code]) => code!);
}

describe('docs/orders.md', () => {
  it('explains every stage, in their order', () => {
    expect(codesUnder('Stages')).toEqual([...ORDER_STAGES]);
  });

  it('explains every problem', () => {
    expect(codesUnder('What people are told')).toEqual(Object.keys(PROBLEMS));
  });
});
