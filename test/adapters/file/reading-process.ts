import { createFileSource } from '../../../adapters/file';

/**
 * Reads a file through, page by page, in a process whose memory is its own: `reading-process.ts FILE WORKFOLDER`. Prints what it
 * read as JSON.
 */
async function main([path = '', workFolder = '']: string[]): Promise<void> {
  const source = createFileSource({ place: { path, root: '/' }, format: 'auto', currency: 'USD', workFolder });
  const never = new AbortController().signal;
  const read = { items: 0, longestPage: 0, reported: [] as string[] };
  let cursor: string | null = null;
  do {
    const page = await source.readPage(cursor, 200, never);
    read.items += page.items.length;
    read.reported.push(...page.unreadable.map(({ reason }) => reason));
    read.longestPage = Math.max(read.longestPage, page.items.length + page.unreadable.length);
    cursor = page.nextCursor;
  } while (cursor !== null);
  process.stdout.write(JSON.stringify({ ...read, peakMegabytes: process.resourceUsage().maxRSS / 1024 }));
}

void main(process.argv.slice(2));
