import type { Payload } from '@temporalio/common';
import type { JsonPayload, RemoteCodec } from '../../domain/ports/payload-codec';
import type { Keyring } from '../secrets/keyring';
import { createPayloadCodec } from './codec';

/** The payload codec in the words of Temporal's remote codec protocol. Source: docs.temporal.io, remote data encoding. */
export function createRemoteCodec(keyring: Keyring): RemoteCodec {
  const codec = createPayloadCodec(keyring);
  return {
    async encode(payloads) {
      return (await codec.encode(payloads.map(fromJson))).map(toJson);
    },

    async decode(payloads) {
      return Promise.all(
        payloads.map(async (payload) => {
          try {
            const [decoded] = await codec.decode([fromJson(payload)]);
            return toJson(decoded!);
          } catch {
            return payload;
          }
        })
      );
    },
  };
}

function fromJson({ metadata = {}, data = '' }: JsonPayload): Payload {
  const named = Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')] as const);
  return { metadata: Object.fromEntries(named), data: Buffer.from(data, 'base64') };
}

function toJson({ metadata, data }: Payload): JsonPayload {
  const named = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64Of(value)] as const);
  return { metadata: Object.fromEntries(named), ...(data?.length && { data: base64Of(data) }) };
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
