import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { createKeyring } from '../../adapters/secrets/keyring';
import type { Sealed } from '../../domain/ports/secrets';
import { withDatabase } from '../../embedded/mongodb';
import { connectDatabase } from '../../models/database';
import { sealedValues, stillHolds, type Resealed } from '../../models/sealed-values';

const keyOf = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const OLD = createKeyring(`old:${keyOf(1)}`);
const BOTH = createKeyring(`new:${keyOf(2)},old:${keyOf(1)}`);
const NEW = createKeyring(`new:${keyOf(2)}`);

let database: Connection;
beforeEach(async () => {
  database = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI ?? '', `test_${randomBytes(6).toString('hex')}`)
  );
});
afterEach(async () => {
  await database.dropDatabase();
  await database.close();
});

interface Kept {
  _id: string;
  [field: string]: unknown;
}

const things = () => database.collection<Kept>('things');

async function rotate({ isChecked = false, keyring = BOTH } = {}): Promise<Resealed> {
  for await (const each of sealedValues(database, keyring).resealAll(isChecked))
    if (each.collection === 'things') return each;
  throw new Error('the collection was not visited');
}

describe('the rotation of keys', () => {
  it('finds what is sealed wherever it stands, and leaves all else as it is', async () => {
    const others = { at: new Date(5), bytes: Buffer.from('x'), count: 7, none: null, keyId: 'k', box: ['no'] };
    await things().insertOne({
      _id: 'one',
      others,
      top: OLD.seal('top'),
      slots: { current: OLD.seal('current'), next: null, turn: { until: new Date(6) } },
      bySeller: {
        '12345': { current: OLD.seal('digits') },
        A1: { current: OLD.seal('letters'), next: BOTH.seal('new') },
      },
      dotted: { 'source.appToken': OLD.seal('token'), 'source.secretKey': OLD.seal('secret key'), at: new Date(8) },
      list: [{ value: OLD.seal('listed') }, 'text'],
    });
    const before = await things().findOne({ _id: 'one' });
    expect(await rotate()).toMatchObject({ resealed: 7, byKey: { new: 8 }, left: [] });
    const after = (await things().findOne({ _id: 'one' }))!;
    const open = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (_, each: unknown) =>
          typeof each === 'object' && each !== null && 'box' in each && typeof each.box === 'string'
            ? BOTH.open(each as Sealed)
            : each
        )
      );
    expect(open(after)).toEqual(open(before));
    expect(JSON.stringify(after)).not.toContain('"old"');
    expect(NEW.open((after.dotted as Record<string, Sealed>)['source.secretKey']!)).toBe('secret key');
  });

  it('does nothing the second time, and nothing at all when it only looks', async () => {
    await things().insertOne({ _id: 'one', a: OLD.seal('a'), b: OLD.seal('b') });
    expect(await rotate({ isChecked: true })).toMatchObject({ resealed: 0, byKey: { old: 2 } });
    expect(await rotate()).toMatchObject({ resealed: 2, byKey: { new: 2 } });
    const done = await things().findOne({ _id: 'one' });
    expect(await rotate()).toMatchObject({ resealed: 0, byKey: { new: 2 } });
    expect(await things().findOne({ _id: 'one' })).toEqual(done);
  });

  it('goes on where it was broken off', async () => {
    await things().insertMany(Array.from({ length: 40 }, (_, n) => ({ _id: `t${n}`, a: OLD.seal(`${n}`) })));
    const reads = sealedValues(database, BOTH).resealAll(false);
    const first = reads.next();
    await things().updateOne({ _id: 't39' }, { $set: { a: OLD.seal('written late') } });
    await first;
    await reads.return(undefined);
    await rotate();
    expect(await rotate({ isChecked: true })).toMatchObject({ byKey: { new: 40 }, left: [] });
  });

  it('says what it cannot open, seals the rest, and tells no secret', async () => {
    const lost = createKeyring(`lost:${keyOf(9)}`).seal('gone');
    await things().insertOne({ _id: 'one', a: lost, b: OLD.seal('b'), c: { keyId: 'old', box: 'broken' } });
    const { resealed, byKey, left } = await rotate();
    expect([resealed, byKey]).toEqual([1, { lost: 1, new: 1, old: 1 }]);
    expect(left.map(({ id, path }) => `${id} ${path}`)).toEqual(['one a', 'one c']);
    expect(left[0]!.reason).toMatch("The keyring has no key 'lost'");
    expect(left[1]!.reason).toMatch('cannot be opened');
  });

  it('loses nothing that is written meanwhile, and leaves nothing behind in the end', async () => {
    const DOCUMENTS = 30;
    const ids = Array.from({ length: DOCUMENTS }, (_, n) => `t${n}`);
    await things().insertMany(
      ids.map((_id) => ({ _id, slot: { next: OLD.seal('0') }, plain: 0, dotted: { 'a.b': OLD.seal('0'), n: 0 } }))
    );
    const last = new Map<string, number>();
    let isOver = false;
    const writers = [0, 1, 2, 3].map(async (writer) => {
      for (let n = 1; !isOver; n += 1)
        for (const _id of ids.filter((_, index) => index % 4 === writer)) {
          // Not every process knows the new order of keys yet.
          const ring = n % 2 === 0 ? OLD : BOTH;
          const set = { 'slot.next': ring.seal(`${n}`), plain: n, dotted: { 'a.b': ring.seal(`${n}`), n } };
          await things().updateOne({ _id }, { $set: set });
          last.set(_id, n);
        }
    });
    for (let turn = 0; turn < 5; turn += 1) await rotate();
    isOver = true;
    await Promise.all(writers);
    await rotate();
    expect(await rotate({ isChecked: true })).toMatchObject({ byKey: { new: 2 * DOCUMENTS }, left: [] });
    for await (const { _id, slot, plain, dotted } of things().find()) {
      const { 'a.b': token, n } = dotted as { 'a.b': Sealed; n: number };
      const written = String(last.get(_id));
      const read = [NEW.open((slot as { next: Sealed }).next), String(plain), NEW.open(token), String(n)];
      expect([_id, ...read]).toEqual([_id, written, written, written, written]);
    }
    expect(Math.min(...last.values())).toBeGreaterThan(3);
  });

  it('leaves a value that was read before it the same for who compares and sets it', async () => {
    const read = OLD.seal('proved meanwhile');
    await things().insertOne({ _id: 'one', slot: { next: read } });
    await rotate();
    const other = await things().updateOne(
      { _id: 'one', ...stillHolds('slot.next', OLD.seal('x')) },
      { $set: { n: 1 } }
    );
    const same = await things().updateOne({ _id: 'one', ...stillHolds('slot.next', read) }, { $set: { n: 1 } });
    expect([other.matchedCount, same.matchedCount]).toEqual([0, 1]);
  });
});
