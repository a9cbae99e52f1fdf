import { randomUUID } from 'node:crypto';
import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem, type ProblemCode } from './errors';

/** How long and how large a request may be; milliseconds and bytes. */
interface ServerLimits {
  /** Until its headers are there. */
  headersMs: number;
  /** Until all of it is there: an upload of a catalogue may be slow. */
  requestMs: number;
  /** How long a connection stays open without a request: longer than usual load balancers keep theirs, or they meet a closed one. */
  idleMs: number;
  /** How often connections are looked at for all of that. */
  lookEveryMs: number;
  /** All headers with the request line. */
  headerBytes: number;
}

const LIMITS: ServerLimits = {
  headersMs: 15_000,
  requestMs: 600_000,
  idleMs: 75_000,
  lookEveryMs: 5_000,
  headerBytes: 16 * 1024,
};

/** What Node says of requests that never become one. */
const BROKEN: Record<string, [ProblemCode, string]> = {
  HPE_HEADER_OVERFLOW: ['headers_too_large', 'Address and headers together may have 16 KB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request did not arrive in time.'],
};

/** The HTTP server of the API: slow and oversized requests end, with an answer that is documented like any other. */
export function createApiServer(app: RequestListener, limits: Partial<ServerLimits> = {}): Server {
  const { headersMs, requestMs, idleMs, lookEveryMs, headerBytes } = { ...LIMITS, ...limits };
  const server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: lookEveryMs,
      maxHeaderSize: headerBytes,
    },
    app
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable || hasBegunToAnswer(socket)) return void socket.destroy();
    const [code, detail] = BROKEN[error.code ?? ''] ?? ['malformed_request', 'This is not an HTTP request.'];
    socket.end(rawAnswer(new Problem(code, detail)), () => socket.destroy());
  });
  return server;
}

/** Node keeps the answer that is being written on a socket there. */
function hasBegunToAnswer(socket: Duplex): boolean {
  return (socket as { _httpMessage?: { headersSent: boolean } })._httpMessage?.headersSent === true;
}

/** A problem as it goes over the line, where there is no request yet that could be answered. */
function rawAnswer(problem: Problem): string {
  const requestId = randomUUID();
  const body = JSON.stringify(problem.body(requestId));
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
