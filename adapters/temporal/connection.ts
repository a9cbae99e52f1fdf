import { readFileSync } from 'node:fs';

/** Where Temporal is and how it is spoken to. */
export interface TemporalAddress {
  /** host:port of the Temporal frontend. */
  address: string;
  /** Files in PEM; an empty object is TLS with the authorities that the machine knows. Absent for none. */
  tls?: { ca?: string; cert?: string; key?: string };
  apiKey?: string;
}

/**
 * What clients and workers connect with.
 *
 * @throws Error that names the setting whose file cannot be read.
 */
export function connectionOptions({ address, tls, apiKey }: TemporalAddress) {
  return { address, ...(apiKey !== undefined && { apiKey }), ...(tls && { tls: tlsOptions(tls) }) };
}

function tlsOptions({ ca, cert, key }: NonNullable<TemporalAddress['tls']>) {
  return {
    ...(ca !== undefined && { serverRootCACertificate: contentOf('TEMPORAL_TLS_CA', ca) }),
    ...(cert !== undefined &&
      key !== undefined && {
        clientCertPair: { crt: contentOf('TEMPORAL_TLS_CERT', cert), key: contentOf('TEMPORAL_TLS_KEY', key) },
      }),
  };
}

function contentOf(setting: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Error(`${setting} names ${file}, which cannot be read: ${reason}`);
  }
}
