import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { OutsideError } from '../../domain/errors';
import { createHttp, exchange } from '../http/exchange';

/** Amazon wants the upload to say the same as createFeedDocument. */
export const FEED_CONTENT_TYPE = 'application/json; charset=UTF-8';

/** What a report may have when it is unpacked: 25,000 messages with ten complaints each. */
const MAX_REPORT_BYTES = 64 * 1024 * 1024;
/** Documents have megabytes; a request has kilobytes. */
const TRANSFER_FACTOR = 4;

const UPLOAD = 'upload of a feed';
const DOWNLOAD = 'download of a feed report';

/** Amazon's store of documents, behind signed addresses: they carry their own proof, and refuse a second one. */
interface FeedStore {
  upload(url: string, document: Buffer, signal: AbortSignal): Promise<'done' | 'dead link'>;
  /** Unpacked while it comes, and never beyond the bound. */
  download(url: string, isGzip: boolean, signal: AbortSignal): Promise<{ content: string } | 'dead link'>;
}

export function createFeedStore({ timeoutMs, userAgent }: { timeoutMs: number; userAgent: string }): FeedStore {
  const links = createHttp();
  const transferMs = timeoutMs * TRANSFER_FACTOR;

  return {
    async upload(url, document, signal) {
      const headers = { 'content-type': FEED_CONTENT_TYPE, 'user-agent': userAgent };
      const got = await exchange(signal, transferMs, (own) => links.put(url, document, { signal: own, headers }));
      if (got.kind === 'silence') throw failed(UPLOAD, `Amazon's document store did not answer: ${got.reason}.`);
      if (got.status >= 200 && got.status < 300) return 'done';
      if (isDead(got.status)) return 'dead link';
      throw failed(UPLOAD, `Amazon's document store answered ${got.status}.`, got.status);
    },

    async download(url, isGzip, signal) {
      const got = await exchange(signal, transferMs, async (own) => {
        const headers = { 'user-agent': userAgent };
        // What the store says of the encoding is not what the document is: Amazon tells by compressionAlgorithm.
        const options = { signal: own, headers, responseType: 'stream' as const, decompress: false };
        const response = await links.get<Readable>(url, options);
        return { ...response, data: await unpacked(response.data, isGzip && response.status === 200) };
      });
      if (got.kind === 'silence') throw failed(DOWNLOAD, `Amazon's feed report cannot be read: ${got.reason}.`);
      if (isDead(got.status)) return 'dead link';
      if (got.status !== 200) throw failed(DOWNLOAD, `Amazon's document store answered ${got.status}.`, got.status);
      if (typeof got.data !== 'string')
        throw new OutsideError('bug', `Amazon's feed report has more than ${MAX_REPORT_BYTES} bytes.`, {
          system: 'amazon',
          operation: DOWNLOAD,
        });
      return { content: got.data };
    },
  };
}

/** @returns undefined when there is more than the bound. Rejects when the stream breaks off or is no gzip. */
async function unpacked(packed: Readable, isGzip: boolean): Promise<string | undefined> {
  const source: Readable = isGzip ? packed.pipe(createGunzip()) : packed;
  packed.on('error', (error) => source.destroy(error));
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_REPORT_BYTES) return undefined;
      chunks.push(chunk);
    }
  } finally {
    packed.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The link has died or was never good, and its document is there no more: another one is asked for. */
function isDead(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function failed(operation: string, message: string, status?: number): OutsideError {
  return new OutsideError('transient', message, { system: 'amazon', operation, status });
}
