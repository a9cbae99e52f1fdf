import { createHash } from 'node:crypto';
import { fileFailure, type FoundFile } from './files';

/** What a file holds: SHA-256 of its bytes, in hex. */
export async function contentOf(file: FoundFile, signal: AbortSignal): Promise<string> {
  if (file.sha256 !== undefined) return file.sha256;
  const hash = createHash('sha256');
  for await (const chunk of file.bytes(signal)) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * A file that is held against its content whenever all of it is read: what was read is that content, or the reading fails.
 *
 * @param source - what the files are called, for people.
 */
export function whileUnchanged(file: FoundFile, content: string, source: string): FoundFile {
  return {
    ...file,
    async *bytes(signal, end) {
      if (end !== undefined) return yield* file.bytes(signal, end);
      const hash = createHash('sha256');
      for await (const chunk of file.bytes(signal)) {
        hash.update(chunk);
        yield chunk;
      }
      if (hash.digest('hex') !== content)
        throw fileFailure(
          'transient',
          `${source} was written to while it was read; it is read again from its beginning.`
        );
    },
  };
}
