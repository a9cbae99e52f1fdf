import path from 'node:path';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { Keyring } from '../secrets/keyring';

/** As Temporal's own samples and pages name it, so that other tools know an encrypted payload when they see one. */
const ENCRYPTED = 'binary/encrypted';
/** Names the key in a payload's metadata. */
export const KEY_ID_METADATA = 'encryption-key-id';
const PURPOSE = 'temporal payload';

const { Payload: PayloadProto } = temporal.api.common.v1;
const textOf = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('utf8');
const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');

/** Whether a payload was made by {@link createPayloadCodec}, with whatever key. */
export function isEncrypted({ metadata }: Payload): boolean {
  return textOf(metadata?.encoding) === ENCRYPTED;
}

/**
 * Encrypts what workflows and activities are given and answer (design §7). The whole payload, its metadata included, becomes
 * the data of another one; the key's id stands in that one's metadata. What is not encrypted passes on its way back, so that
 * histories from before, and payloads of other tools, stay readable.
 *
 * `decode` rejects when the keyring lacks a payload's key: the worker then fails the task, and tries again until the key is back.
 */
export function createPayloadCodec(keyring: Keyring): PayloadCodec {
  return {
    async encode(payloads) {
      return payloads.map((payload) => {
        const { keyId, bytes } = keyring.sealBytes(PayloadProto.encode(payload).finish(), PURPOSE);
        return { metadata: { encoding: bytesOf(ENCRYPTED), [KEY_ID_METADATA]: bytesOf(keyId) }, data: bytes };
      });
    },

    async decode(payloads) {
      return payloads.map((payload) => {
        if (!isEncrypted(payload)) return payload;
        const keyId = textOf(payload.metadata?.[KEY_ID_METADATA]);
        return PayloadProto.decode(keyring.openBytes({ keyId, bytes: payload.data ?? new Uint8Array() }, PURPOSE));
      });
    },
  };
}

/** Where the bundle of the workflows finds the failure converter as well. */
export const FAILURE_CONVERTER = path.join(__dirname, 'failure-converter.ts');

/** What every client and every worker reads and writes payloads and failures with. */
export function createDataConverter(keyring: Keyring): DataConverter {
  return { failureConverterPath: FAILURE_CONVERTER, payloadCodecs: [createPayloadCodec(keyring)] };
}
