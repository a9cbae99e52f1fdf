import fc from 'fast-check';
import { createKeyring } from '../../../adapters/secrets/keyring';

const keyOf = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const OLD = `old:${keyOf(1)}`;
const NEW = `new:${keyOf(2)}`;

describe('the keyring', () => {
  it('opens what it sealed, whatever the text', () => {
    const ring = createKeyring(NEW);
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => ring.open(ring.seal(text)) === text));
  });

  it('seals with the first key and opens with every key', () => {
    const sealedBefore = createKeyring(OLD).seal('Atzr|before');
    const ring = createKeyring(`${NEW},${OLD}`);
    expect(ring.seal('x').keyId).toBe('new');
    expect(ring.open(sealedBefore)).toBe('Atzr|before');
  });

  it('never makes the same box twice', () => {
    const ring = createKeyring(NEW);
    const boxes = new Set(Array.from({ length: 50 }, () => ring.seal('the same').box));
    expect(boxes.size).toBe(50);
  });

  it('refuses a box with any byte changed, without telling its content', () => {
    const ring = createKeyring(NEW);
    const { keyId, box } = ring.seal('top secret');
    const bytes = Buffer.from(box, 'base64');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index]! ^= 1;
      expect(() => ring.open({ keyId, box: changed.toString('base64') })).toThrow(/^What was sealed with key 'new'/);
    }
  });

  it.each(['', 'AAAA', Buffer.alloc(27).toString('base64')])('refuses a box that is too short: %p', (box) => {
    expect(() => createKeyring(NEW).open({ keyId: 'new', box })).toThrow(/cannot be opened/);
  });

  it('refuses a box whose key id was exchanged, even when both ids name the same key', () => {
    const ring = createKeyring(`a:${keyOf(3)},b:${keyOf(3)}`);
    const sealed = ring.seal('bound to a');
    expect(() => ring.open({ ...sealed, keyId: 'b' })).toThrow(/cannot be opened/);
  });

  it('names a key that is no longer there', () => {
    const sealed = createKeyring(OLD).seal('x');
    expect(() => createKeyring(NEW).open(sealed)).toThrow("The keyring has no key 'old'");
  });

  it.each([
    ['', /Entry 1/],
    ['nokey', /Entry 1/],
    [`${NEW},short:${Buffer.alloc(31, 9).toString('base64')}`, /Entry 2/],
    [`${NEW},${NEW}`, /'new' twice/],
  ])('refuses a keyring that is malformed without repeating it: %#', (text, message) => {
    expect(() => createKeyring(text)).toThrow(message);
    try {
      createKeyring(text);
    } catch (error) {
      expect(String(error)).not.toContain(keyOf(2));
    }
  });
});
