/** A payload of the workflow engine as its remote codec protocol writes it: protobuf's JSON, bytes in base64. */
export interface JsonPayload {
  metadata?: Record<string, string>;
  data?: string;
}

/** Encrypts and decrypts payloads for the pages and the command line of the workflow engine. */
export interface RemoteCodec {
  encode(payloads: readonly JsonPayload[]): Promise<JsonPayload[]>;
  /** What was not encrypted with one of our keys is answered as it came: a history may hold that of others too. */
  decode(payloads: readonly JsonPayload[]): Promise<JsonPayload[]>;
}
