export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export const ENCODING_NAMES: Record<Encoding, string> = {
  'utf-8': 'UTF-8',
  'utf-16le': 'UTF-16',
  'utf-16be': 'UTF-16 (big-endian)',
  'windows-1252': 'Windows-1252',
};

/** Bytes looked at for the zeros that UTF-16 has between Latin letters. */
const ZEROS_LOOKED_AT = 2048;

/**
 * The encoding of a text without further word about it: by its byte order mark, else UTF-16 by its zeros, else UTF-8 unless
 * more of its bytes contradict that than bear it out, else Windows-1252.
 */
export async function encodingOf(chunks: AsyncIterable<Buffer>): Promise<Encoding> {
  const evidence = new Utf8Evidence();
  let isFirst = true;
  for await (const chunk of chunks) {
    const marked = isFirst ? (encodingOfMark(chunk) ?? utf16ByZeros(chunk)) : undefined;
    if (marked) return marked;
    isFirst = false;
    evidence.see(chunk);
  }
  return evidence.contradictions > evidence.letters ? 'windows-1252' : 'utf-8';
}

function encodingOfMark(head: Buffer): Encoding | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return undefined;
}

function utf16ByZeros(head: Buffer): Encoding | undefined {
  const looked = head.subarray(0, ZEROS_LOOKED_AT);
  const zeros = [0, 0];
  looked.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2]! += 1;
  });
  const many = looked.length * 0.2;
  if (zeros[1]! > many && zeros[0]! < many) return 'utf-16le';
  if (zeros[0]! > many && zeros[1]! < many) return 'utf-16be';
  return undefined;
}

/** Counts letters of several bytes that are well-formed UTF-8, and bytes that cannot be. */
class Utf8Evidence {
  letters = 0;
  contradictions = 0;
  private awaited = 0;

  see(chunk: Buffer): void {
    for (const byte of chunk) {
      if (this.awaited > 0) {
        if ((byte & 0xc0) === 0x80) {
          this.awaited -= 1;
          if (this.awaited === 0) this.letters += 1;
          continue;
        }
        this.contradictions += 1;
        this.awaited = 0;
      }
      if (byte < 0x80) continue;
      if (byte >= 0xc2 && byte < 0xe0) this.awaited = 1;
      else if (byte >= 0xe0 && byte < 0xf0) this.awaited = 2;
      else if (byte >= 0xf0 && byte < 0xf5) this.awaited = 3;
      else this.contradictions += 1;
    }
  }
}

/** The text as UTF-8 without a byte order mark, chunk by chunk. Bytes that mean nothing become U+FFFD when they are read. */
export async function* toUtf8(chunks: AsyncIterable<Buffer>, encoding: Encoding): AsyncGenerator<Buffer> {
  if (encoding === 'utf-8') {
    let isFirst = true;
    for await (const chunk of chunks) {
      yield isFirst && encodingOfMark(chunk) === 'utf-8' ? chunk.subarray(3) : chunk;
      isFirst = false;
    }
    return;
  }
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  const rest = decoder.decode();
  if (rest) yield Buffer.from(rest);
}
