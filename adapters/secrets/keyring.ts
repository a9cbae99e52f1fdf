import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import type { SecretBox } from '../../domain/ports/secrets';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Bytes encrypted under one key. */
interface SealedBytes {
  /** Names the key. */
  keyId: string;
  /** IV (12 bytes), ciphertext and tag (16 bytes). */
  bytes: Buffer;
}

/** Secrets of the database, and payloads of the workflow engine, under the same keys. */
export interface Keyring extends SecretBox {
  /** The first: what is sealed from now on is sealed under it. */
  readonly sealingKeyId: string;
  /** Every key that opens, the sealing one first. */
  readonly keyIds: readonly string[];
  /**
   * @param purpose - is bound to the bytes: what was sealed for one purpose is not opened for another, so that who may read
   *   payloads cannot have secrets opened as if they were some.
   */
  sealBytes(plain: Uint8Array, purpose: string): SealedBytes;
  /** @throws Error when the key is not in the keyring, the bytes were tampered with, or sealed for another purpose. */
  openBytes(sealed: { keyId: string; bytes: Uint8Array }, purpose: string): Buffer;
}

/**
 * A keyring of AES-256-GCM keys. The first key seals; every key opens, so keys are rotated by putting a new one in front.
 * A box is base64 of IV (12 bytes), ciphertext and tag (16 bytes); the key's id is bound to it as additional data.
 *
 * @param encryptionKeys - `<keyId>:<base64 of 32 bytes>`, several separated by commas.
 * @throws Error when an entry is malformed or an id comes twice. No message holds a key or a secret.
 */
export function createKeyring(encryptionKeys: string): Keyring {
  const keys = parseKeys(encryptionKeys);
  const [sealingKeyId, sealingKey] = [...keys][0]!;

  const additionalData = (keyId: string, purpose: string): Buffer =>
    Buffer.from(purpose === '' ? keyId : `${keyId}\n${purpose}`);

  function sealBytes(plain: Uint8Array, purpose: string): SealedBytes {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, sealingKey, iv).setAAD(additionalData(sealingKeyId, purpose));
    const ciphertext = [cipher.update(plain), cipher.final()];
    return { keyId: sealingKeyId, bytes: Buffer.concat([iv, ...ciphertext, cipher.getAuthTag()]) };
  }

  function openBytes({ keyId, bytes }: { keyId: string; bytes: Uint8Array }, purpose: string): Buffer {
    const key = keys.get(keyId);
    if (!key) throw new Error(`The keyring has no key '${keyId}': put it back into ENCRYPTION_KEYS`);
    try {
      const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(additionalData(keyId, purpose))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      const plain = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
      return Buffer.concat([plain, decipher.final()]);
    } catch {
      throw new Error(
        `What was sealed with key '${keyId}' cannot be opened: it was changed, or the key is another one`
      );
    }
  }

  return {
    sealingKeyId,
    keyIds: [...keys.keys()],
    sealBytes,
    openBytes,

    seal(plain) {
      const { keyId, bytes } = sealBytes(Buffer.from(plain), '');
      return { keyId, box: bytes.toString('base64') };
    },

    open({ keyId, box }) {
      return openBytes({ keyId, bytes: Buffer.from(box, 'base64') }, '').toString('utf8');
    },
  };
}

function parseKeys(encryptionKeys: string): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  encryptionKeys.split(',').forEach((entry, index) => {
    const [, id, encoded] = /^([A-Za-z0-9_-]+):([A-Za-z0-9+/]+={0,2})$/.exec(entry.trim()) ?? [];
    const bytes = Buffer.from(encoded ?? '', 'base64');
    if (!id || bytes.length !== KEY_BYTES)
      throw new Error(`Entry ${index + 1} of ENCRYPTION_KEYS is not <keyId>:<base64 of ${KEY_BYTES} bytes>`);
    if (keys.has(id)) throw new Error(`ENCRYPTION_KEYS holds the key id '${id}' twice`);
    keys.set(id, createSecretKey(bytes));
  });
  return keys;
}
