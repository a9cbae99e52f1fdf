/** A catalogue file that was uploaded for a connector, whole. */
export interface UploadedFile {
  /** Another upload has another id, also of the same content. */
  id: string;
  /** As it was called when it was uploaded, without `.gz`: `products.csv`. */
  name: string;
  /** In bytes, unpacked. */
  size: number;
  /** Of the unpacked bytes, in hex. */
  sha256: string;
  uploadedAt: Date;
  /** The name of the API key. */
  by: string;
}

/** The uploads of one connector. A file never changes; a newer one stands in its place once that is complete. */
export interface UploadedCatalogue {
  connectorId: string;
  /** What is still there, the newest first: that one counts; the others are kept for readings that began with them. */
  kept(): Promise<UploadedFile[]>;
  /** A file's bytes from its beginning to `end`, which is not included. */
  bytes(id: string, signal: AbortSignal, end?: number): AsyncIterable<Buffer>;
  /** Lets go of every file that is older than this one. */
  letGoBefore(id: string): Promise<void>;
}
