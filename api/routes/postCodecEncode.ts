import type { z } from 'zod';
import { CODEC_LIMIT_BYTES, codecPayloads, DECODED_EXAMPLE } from '../contracts/codec-payloads';
import { endpoint } from '../endpoint';

const path = '/codec/encode';

export const postCodecEncode = endpoint<z.ZodObject, z.infer<typeof codecPayloads>>({
  method: 'post',
  path,
  tag: 'Operations',
  summary: "Encrypt payloads for Temporal's command line",
  description:
    "Temporal's remote codec protocol: for inputs of workflows and signals that are sent by hand. Call it as {address}/codec.",
  role: 'admin',
  body: { schema: codecPayloads, limitBytes: CODEC_LIMIT_BYTES, example: DECODED_EXAMPLE },
  answers: { 200: { description: 'As many payloads, in the same order', schema: codecPayloads } },
  requestHeaders: { 'X-Namespace': 'The namespace that the payloads are of; refused unless it is ours' },
  problems: ['not_found'],
  handle: async (services, { body: { payloads } }) => ({
    status: 200,
    body: { payloads: await services.codec.encode(payloads) },
  }),
});
