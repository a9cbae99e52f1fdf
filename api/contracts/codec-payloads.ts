import { z } from 'zod';

const bytes = z.string().describe('Base64');

// Loose: Temporal may add to what a payload is.
const payload = z.looseObject({ metadata: z.record(z.string(), bytes).optional(), data: bytes.optional() });

export const codecPayloads = z
  .looseObject({ payloads: z.array(payload).max(10_000) })
  .meta({ id: 'CodecPayloads', description: "Payloads as Temporal's remote codec protocol writes them" });

/** A body may hold the payloads of a whole page of a history. Source: Temporal's limit of a message, with base64 around it. */
export const CODEC_LIMIT_BYTES = 16 * 1024 * 1024;

export const DECODED_EXAMPLE = {
  payloads: [{ metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'eyJjb25uZWN0b3JJZCI6ImNvbl8wMTIzIn0=' }],
};
