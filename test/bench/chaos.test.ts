import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { differences, repeatsIn, withoutEnd, withoutWorld, type End } from '../../bench/chaos/comparison';
import { Door } from '../../bench/chaos/door';
import { recoveryOf } from '../../bench/chaos/recovery';
import type { ListingShown } from '../e2e/public-api';
import type { SandboxCall, WholeBook } from '../e2e/sandbox-control';
import type { World } from '../workflows/rig';

const book: WholeBook = {
  state: 'live',
  status: ['BUYABLE', 'DISCOVERABLE'],
  productType: 'SHIRT',
  requirements: 'LISTING',
  quantity: 5,
  price: 20,
  parentSku: null,
  issues: [],
  attributes: { item_name: [{ value: 'Tee' }], color: [{ value: 'Blue' }] },
  puts: 1,
  patches: 0,
  submissions: 1,
  repeats: 0,
};
const listing: ListingShown = { sku: 'A', state: 'live', reason: 'It is for sale.', quantity: 5, problems: [] };
const calm: End = { books: { A: book }, listings: [listing] };
const endOf = (change: Partial<WholeBook>, seen: Partial<ListingShown> = {}): End => ({
  books: { A: { ...book, ...change } },
  listings: [{ ...listing, ...seen }],
});

describe('two ends of the same catalogue', () => {
  it('differ in nothing when only the way there did', () => {
    expect(differences(calm, endOf({ submissions: 3, puts: 3, repeats: 2 }))).toEqual(new Map());
  });

  it.each<[string, End, string[]]>([
    [
      'an attribute',
      endOf({ attributes: { ...book.attributes, color: [{ value: 'Red' }] } }),
      ['color: [{"value":"Blue"}] in the calm run, [{"value":"Red"}] here'],
    ],
    [
      'an attribute that is missing',
      endOf({ attributes: { item_name: book.attributes.item_name! } }),
      ['color: [{"value":"Blue"}] in the calm run, nothing here'],
    ],
    ['the quantity', endOf({ quantity: 4 }), ['quantity: 5 in the calm run, 4 here']],
    ['an issue', endOf({ issues: [{ code: '18027' }] }), ['issues: [] in the calm run, ["18027"] here']],
    [
      'the state in the ledger',
      endOf({}, { state: 'not_visible' }),
      ['in the ledger: live in the calm run, not_visible here'],
    ],
    [
      'a SKU that Amazon does not have',
      { books: {}, listings: [listing] },
      ['at Amazon: there in the calm run, nothing here'],
    ],
  ])('differ in %s', (_, other, sentences) => {
    expect(differences(calm, other)).toEqual(new Map([['A', sentences]]));
  });

  it('differ in a SKU that only one of them has', () => {
    const more = { ...calm, books: { ...calm.books, B: book } };
    expect([...differences(calm, more).keys()]).toEqual(['B']);
  });

  it('are of the same store, whatever the account is called', () => {
    const imageOf = (account: string) => ({
      A: { ...book, attributes: { image: [{ media_location: `http://${account}.example.com/a.jpg` }] } },
    });
    const named = (account: string) => withoutWorld(imageOf(account), { vtex: { account } } as World);
    expect(named('calm')).toEqual(named('killed'));
  });
});

describe('a SKU has no end', () => {
  it.each<[string, Partial<ListingShown>]>([
    ['while something is still to happen to it', { state: 'retrying' }],
    ['when the ledger gives no reason', { reason: '' }],
  ])('%s', (_, seen) => {
    expect(withoutEnd(calm, endOf({}, seen))).toHaveLength(1);
  });

  it('when the ledger has lost it', () => {
    expect(withoutEnd(calm, { ...calm, listings: [] })).toEqual(['A is not in the ledger']);
  });

  it('unless it has one', () => {
    expect(withoutEnd(calm, endOf({}, { state: 'rejected', reason: 'An image is missing.' }))).toEqual([]);
  });
});

it('repeats are summed over all SKUs', () => {
  expect(repeatsIn({ A: { ...book, repeats: 2 }, B: book, C: { ...book, repeats: 1 } })).toBe(3);
});

describe('a recovery', () => {
  const call = (second: number, status: number, operation = 'putListingsItem'): SandboxCall => ({
    at: new Date(second * 1000).toISOString(),
    operation,
    status,
  });

  it('is watched for a minute', () => {
    const calls = [call(90, 429), call(100, 200), call(130, 429), call(159, 200), call(161, 429)];
    expect(recoveryOf(calls, [100_000]).throttledPercent).toBeCloseTo(100 / 3);
  });

  it('takes until the first submission that was accepted, of several recoveries the longest', () => {
    const calls = [call(101, 503), call(102, 200, 'searchListingsItems'), call(103, 200), call(207, 200)];
    expect(recoveryOf(calls, [100_000, 200_000]).secondsToSubmission).toBe(7);
  });

  it('has no such time when nothing was left to be submitted', () => {
    expect(recoveryOf([call(99, 200)], [100_000]).secondsToSubmission).toBeUndefined();
  });
});

describe('the door to Amazon', () => {
  let inside: Server;
  let door: Door;
  beforeAll(async () => {
    inside = createServer((request, response) => {
      if (request.url === '/never') return;
      response.end('hello');
    });
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
    door = await Door.make();
    door.leadsTo = `http://127.0.0.1:${(inside.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await door.shut();
    inside.closeAllConnections();
    await new Promise((resolve) => inside.close(resolve));
  });

  const causeOf = (request: Promise<Response>): Promise<unknown> =>
    request.then(
      ({ status }) => status,
      ({ cause }: { cause: { code: string } }) => cause.code
    );

  it('lets requests through, refuses them while it is shut, and lets them through again', async () => {
    const ask = () => causeOf(fetch(`${door.url}/hello`));
    expect(await ask()).toBe(200);
    await door.shut();
    expect(await ask()).toBe('ECONNREFUSED');
    await door.open();
    expect(await ask()).toBe(200);
  });

  it('breaks what is under way when it is shut', async () => {
    const waiting = causeOf(fetch(`${door.url}/never`));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await door.shut();
    expect(await waiting).toMatch(/ECONNRESET|UND_ERR_SOCKET/);
    await door.open();
  });
});
