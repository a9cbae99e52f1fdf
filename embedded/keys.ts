import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { places } from './places';

/** Secrets of one embedded stack. Never printed: people are told the file they are in. */
export type Keys = {
  adminApiKey: string;
  /** `<keyId>:<base64 of 32 bytes>` */
  encryptionKeys: string;
};

/** Reads the keys of a data directory, making them at the first start; only this user may read the file. */
export function keysOf(dataDir: string): Keys {
  const file = places.keys(dataDir);
  if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, 'utf8')) as Keys;
  const keys: Keys = {
    adminApiKey: `ls_${randomBytes(24).toString('base64url')}`,
    encryptionKeys: `k1:${randomBytes(32).toString('base64')}`,
  };
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify(keys, undefined, 2), { mode: 0o600, flag: 'wx' });
  return keys;
}
