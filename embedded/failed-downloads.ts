import fs from 'node:fs';
import path from 'node:path';
import { places } from './places';

/** How long a download that failed is not tried again, in hours. */
const REMEMBERED_HOURS = 24;

type Failure = { reason: string; at: string };

/** @returns why this download failed lately and until when it is not tried again, or undefined when it may be tried */
export function failedLately(cacheDir: string, name: string): { reason: string; until: Date } | undefined {
  const failure = read(cacheDir)[name];
  if (!failure) return undefined;
  const until = new Date(Date.parse(failure.at) + REMEMBERED_HOURS * 3_600_000);
  return until.getTime() > Date.now() ? { reason: failure.reason, until } : undefined;
}

/** Remembers that a download failed. */
export function rememberFailure(cacheDir: string, name: string, reason: string): void {
  fs.mkdirSync(cacheDir, { recursive: true });
  const file = places.failedDownloads(cacheDir);
  const ready = path.join(cacheDir, `downloads.json.${process.pid}`);
  fs.writeFileSync(ready, JSON.stringify({ ...read(cacheDir), [name]: { reason, at: new Date().toISOString() } }));
  fs.renameSync(ready, file);
}

function read(cacheDir: string): Record<string, Failure | undefined> {
  try {
    return JSON.parse(fs.readFileSync(places.failedDownloads(cacheDir), 'utf8')) as Record<string, Failure | undefined>;
  } catch {
    return {};
  }
}
