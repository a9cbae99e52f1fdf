import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedError, reasonOf, type Log } from './embedded-error';
import { failedLately, rememberFailure } from './failed-downloads';
import { places } from './places';
import type { Processes, Service } from './processes';

/** A download ends when nothing arrived for this long, in milliseconds: a blocked one costs seconds, a slow one goes on. */
const STALL_MS = 8_000;
/** … and in any case after this long. */
const DOWNLOAD_BOUND_MS = 15 * 60_000;

export type Download = {
  /** Names the download in messages, logs and the memory of failures. */
  name: string;
  /** What is downloaded, in words. */
  what: string;
  /** The script that downloads into the folder given as its only argument; it prints why it failed as its last line. */
  script: string;
  /** Where the downloaded folder is put when complete. */
  target: string;
  /** @returns the finished program in a folder, or undefined while there is none */
  find: (folder: string) => string | undefined;
};

export type DownloadContext = {
  cacheDir: string;
  env: NodeJS.ProcessEnv;
  processes: Processes;
  log: Log;
  /** Defaults to {@link STALL_MS}. */
  stallMs?: number;
};

/**
 * Gives a program that was downloaded before, or downloads it. A download runs as its own process in a folder of its own, so
 * that it can be ended at any moment and leaves nothing half done.
 * @returns the program's path, or undefined, with one line that says why, when it cannot be had; that is remembered for a day
 */
export async function downloaded(download: Download, context: DownloadContext): Promise<string | undefined> {
  const earlier = download.find(download.target);
  if (earlier) return earlier;
  const { cacheDir, log } = context;
  const failure = failedLately(cacheDir, download.name);
  if (failure) {
    const when = `not tried again before ${failure.until.toISOString()} unless ${places.failedDownloads(cacheDir)} is removed`;
    log(`${download.what} failed lately (${failure.reason}); ${when}`);
    return undefined;
  }
  try {
    return await fetchInto(download, context);
  } catch (error) {
    if (context.processes.isStopping) throw error;
    const reason = reasonOf(error);
    rememberFailure(cacheDir, download.name, reason);
    log(`${download.what} failed: ${reason}`);
    return undefined;
  }
}

async function fetchInto(download: Download, context: DownloadContext): Promise<string> {
  const folder = `${download.target}.${process.pid}`;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  try {
    const fetching = await context.processes.start({
      name: `download-${download.name}`,
      command: process.execPath,
      args: ['--import', 'tsx', download.script, folder],
      env: context.env,
      stopBoundMs: 0,
    });
    try {
      await whileItGrows(download, fetching, folder, context.stallMs ?? STALL_MS);
    } finally {
      await context.processes.stop(fetching);
    }
    fs.rmSync(download.target, { recursive: true, force: true });
    fs.renameSync(folder, download.target);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  const program = download.find(download.target);
  if (!program) throw new EmbeddedError('nothing usable was downloaded');
  return program;
}

/** Waits for the finished program for as long as bytes keep arriving. */
async function whileItGrows(download: Download, fetching: Service, folder: string, stallMs: number): Promise<void> {
  const started = Date.now();
  let lastGrowth = started;
  let size = 0;
  for (;;) {
    const exit = fetching.exit();
    if (download.find(folder)) return;
    if (exit)
      throw new EmbeddedError(fetching.output().trim().split('\n').pop() || 'the download ended without a word');
    const now = sizeOf(folder);
    if (now > size) [size, lastGrowth] = [now, Date.now()];
    if (Date.now() - lastGrowth > stallMs) throw new EmbeddedError(`nothing arrived for ${stallMs / 1000} s`);
    if (Date.now() - started > DOWNLOAD_BOUND_MS)
      throw new EmbeddedError(`not done after ${DOWNLOAD_BOUND_MS / 60_000} min`);
    await sleep(100);
  }
}

/** Bytes in all files below a folder. */
function sizeOf(folder: string): number {
  let bytes = 0;
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    bytes += fs.statSync(path.join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
