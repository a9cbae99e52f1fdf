/** What stands where a secret was. */
export const REDACTED = '[secret]';

/**
 * What secrets look like wherever they stand. None of these takes a quote or a backslash: what is cut out of JSON leaves JSON.
 * Sales Layer's secrets and older ones of LWA have no shape of their own.
 */
const SHAPES = new RegExp(
  [
    // Tokens and client secrets of LWA, the former also percent-encoded; a sentence may end with how they begin.
    String.raw`At[a-z.]{1,12}(?:\||%7[Cc])[^\s"'\\,;)}\]]{2,}`,
    String.raw`amzn1\.oa2-cs\.[^\s"'\\,;)}\]]+`,
    // App tokens of VTEX.
    String.raw`\b(?=[A-Z0-9]*[A-Z])[A-Z0-9]{48,}\b`,
    // The value of a header; "Bearer realm=…" is a challenge.
    String.raw`(?<=\b[Bb]earer(?:\s|%20)+)[A-Za-z0-9._~+/|%-]{16,}=*`,
    // Our API keys, hook tokens and development keys; signing secrets of webhooks; JWT, as Temporal's API keys are.
    String.raw`\b(?:lsk|hook)_[A-Za-z0-9_-]+`,
    String.raw`\bls_[A-Za-z0-9_-]{32}`,
    String.raw`\bwhsec_[A-Za-z0-9+/_=-]+`,
    String.raw`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`,
    // A key of 32 bytes, as ENCRYPTION_KEYS holds them.
    String.raw`(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])`,
    // User and password in an address, as in SMTP_URL and MONGODB_URI.
    String.raw`(?<=\b[a-z][a-z0-9+.-]{1,20}://)[^\s"'\\/@]*:[^\s"'\\/@]+(?=@)`,
  ].join('|'),
  'g'
);

/** Text without anything that is shaped like a secret: of errors, log lines and answers, as the last of several guards. */
export function withoutShapes(text: string): string {
  return text.replace(SHAPES, REDACTED);
}

interface PlainError {
  type: string;
  message: string;
  stack?: string;
  cause?: unknown;
}

/** What of an error is for a log: those of libraries carry requests and configurations, with whatever is in them. */
export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause instanceof Error && { cause: plainError(error.cause) }),
  };
}
