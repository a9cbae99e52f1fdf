import type { z } from 'zod';
import { CODEC_LIMIT_BYTES, codecPayloads, DECODED_EXAMPLE } from '../contracts/codec-payloads';
import { endpoint } from '../endpoint';

const path = '/codec/decode';

export const postCodecDecode = endpoint<z.ZodObject, z.infer<typeof codecPayloads>>({
  method: 'post',
  path,
  tag: 'Operations',
  summary: "Decrypt payloads for Temporal's pages and command line",
  description:
    "Temporal's remote codec protocol. What was not encrypted with one of our keys comes back as it was. Call it as {address}/codec.",
  role: 'admin',
  body: { schema: codecPayloads, limitBytes: CODEC_LIMIT_BYTES, example: DECODED_EXAMPLE },
  answers: { 200: { description: 'As many payloads, in the same order', schema: codecPayloads } },
  requestHeaders: { 'X-Namespace': 'The namespace that the payloads are of; refused unless it is ours' },
  problems: ['not_found'],
  handle: async (services, { body: { payloads } }) => ({
    status: 200,
    body: { payloads: await services.codec.decode(payloads) },
  }),
});
