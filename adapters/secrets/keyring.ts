import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import type { SecretBox } from '../../domain/ports/secrets';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * A keyring of AES-256-GCM keys. The first key seals; every key opens, so keys are rotated by putting a new one in front.
 * A box is base64 of IV (12 bytes), ciphertext and tag (16 bytes); the key's id is bound to it as additional data.
 *
 * @param encryptionKeys - `<keyId>:<base64 of 32 bytes>`, several separated by commas.
 * @throws Error when an entry is malformed or an id comes twice. No message holds a key or a secret.
 */
export function createKeyring(encryptionKeys: string): SecretBox {
  const keys = parseKeys(encryptionKeys);
  const [sealingKeyId, sealingKey] = [...keys][0]!;

  return {
    seal(plain) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, sealingKey, iv).setAAD(Buffer.from(sealingKeyId));
      const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return { keyId: sealingKeyId, box: Buffer.concat([iv, ciphertext, cipher.getAuthTag()]).toString('base64') };
    },

    open({ keyId, box }) {
      const key = keys.get(keyId);
      if (!key) throw new Error(`The keyring has no key '${keyId}': put it back into ENCRYPTION_KEYS`);
      const bytes = Buffer.from(box, 'base64');
      try {
        const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(keyId))
          .setAuthTag(bytes.subarray(-TAG_BYTES));
        const plain = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
        return Buffer.concat([plain, decipher.final()]).toString('utf8');
      } catch {
        throw new Error(
          `What was sealed with key '${keyId}' cannot be opened: it was changed, or the key is another one`
        );
      }
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
