import { createHash } from 'node:crypto';
import type { Connection } from 'mongoose';
import type { RotatingSecretBox, Sealed } from '../domain/ports/secrets';

/** How often a value that is written to meanwhile is looked at anew. */
const TRIES = 10;

/** Parts of GridFS are bytes of files, and what the server keeps for itself is not ours. */
const WITHOUT_SECRETS = /\.chunks$|^system\./;

function digestOf(box: string): string {
  return createHash('sha256').update(box).digest('hex');
}

/**
 * The condition that a value is still the one that was read, also when keys were rotated meanwhile.
 *
 * @param path - to the sealed value, dotted.
 */
export function stillHolds(path: string, { box }: Sealed) {
  return { $or: [{ [`${path}.box`]: box }, { [`${path}.was`]: digestOf(box) }] };
}

/** What became of the sealed values of a collection. */
export interface Resealed {
  collection: string;
  /** Under the first key now, and not before. */
  resealed: number;
  /** By the id of their key, as they are left: all of them, in the end. */
  byKey: Record<string, number>;
  /** Values that stay as they are, and why. */
  left: { id: string; path: string; reason: string }[];
}

interface Place {
  path: readonly string[];
  sealed: Sealed;
}

/** Everything in the database that is sealed, found by what it looks like: a new place of secrets needs no mention here. */
export function sealedValues(connection: Connection, secretBox: RotatingSecretBox) {
  async function collections(): Promise<string[]> {
    const found = await connection.listCollections();
    return found.flatMap(({ name }) => (WITHOUT_SECRETS.test(name) ? [] : [name])).sort();
  }

  /** Seals one value anew. @returns false when it was written to meanwhile, and stays as it was written. */
  async function reseal(collection: string, document: Document, { path, sealed }: Place): Promise<boolean> {
    const fresh: Sealed = { ...secretBox.seal(secretBox.open(sealed)), was: digestOf(sealed.box) };
    const { filter, change } = isAddressable(path)
      ? { filter: { [`${path.join('.')}.box`]: sealed.box }, change: { [path.join('.')]: fresh } }
      : wholeField(document, path, fresh);
    const { modifiedCount } = await connection
      .collection<Document>(collection)
      .updateOne({ _id: document._id, ...filter }, { $set: change });
    return modifiedCount === 1;
  }

  /** Seals the values of a document anew, one after the other, each on the document as it is by then. */
  async function visit(collection: string, first: Document, isChecked: boolean, tally: Resealed): Promise<void> {
    const failed = new Map<string, string>();
    let misses = 0;
    let document: Document | null = first;
    while (document) {
      const places = [...placesIn(document)];
      const next = places.find(
        ({ path, sealed }) => sealed.keyId !== secretBox.sealingKeyId && !failed.has(path.join('.'))
      );
      if (isChecked || !next) {
        for (const { sealed } of places) tally.byKey[sealed.keyId] = (tally.byKey[sealed.keyId] ?? 0) + 1;
        for (const [path, reason] of failed) tally.left.push({ id: String(first._id), path, reason });
        return;
      }
      try {
        if (await reseal(collection, document, next)) tally.resealed += 1;
        else if ((misses += 1) >= TRIES) failed.set(next.path.join('.'), 'it is written to all the time');
      } catch (error) {
        failed.set(next.path.join('.'), error instanceof Error ? error.message : 'unknown');
      }
      document = await connection.collection<Document>(collection).findOne({ _id: first._id });
    }
  }

  return {
    /**
     * Seals everything anew that is not sealed with the first key, collection by collection; each value by a compare-and-set, so that what
     * others write is never lost. Safe to repeat and to break off.
     *
     * @param isChecked - looks, and changes nothing.
     */
    async *resealAll(isChecked: boolean): AsyncGenerator<Resealed> {
      for (const collection of await collections()) {
        const tally: Resealed = { collection, resealed: 0, byKey: {}, left: [] };
        for await (const document of connection.collection<Document>(collection).find({}))
          await visit(collection, document, isChecked, tally);
        yield tally;
      }
    },
  };
}

interface Document {
  _id: string;
  [field: string]: unknown;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function isSealed(value: Record<string, unknown>): boolean {
  const { keyId, box, was, ...others } = value;
  return (
    typeof keyId === 'string' &&
    typeof box === 'string' &&
    (was === undefined || typeof was === 'string') &&
    Object.keys(others).length === 0
  );
}

function* placesIn(value: unknown, path: readonly string[] = []): Generator<Place> {
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) yield* placesIn(each, [...path, String(index)]);
  } else if (isPlain(value)) {
    if (isSealed(value)) yield { path, sealed: value as unknown as Sealed };
    else for (const [name, each] of Object.entries(value)) yield* placesIn(each, [...path, name]);
  }
}

/** Names of fields that hold dots cannot be named in a path. */
function isAddressable(path: readonly string[]): boolean {
  return path.every((name) => !name.includes('.') && !name.startsWith('$'));
}

/** Compares and sets the whole field of the document that a value stands in. */
function wholeField(document: Document, [field, ...below]: readonly string[], fresh: Sealed) {
  const before = document[field!];
  return { filter: { [field!]: { $eq: before } }, change: { [field!]: replaced(before, below, fresh) } };
}

function replaced(value: unknown, [name, ...below]: readonly string[], fresh: Sealed): unknown {
  if (name === undefined) return fresh;
  if (Array.isArray(value))
    return (value as unknown[]).map((each, index) => (String(index) === name ? replaced(each, below, fresh) : each));
  const parent = value as Record<string, unknown>;
  return { ...parent, [name]: replaced(parent[name], below, fresh) };
}
