import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { downloadSchema } from './amazon/definitions';
import { spApiFault } from './amazon/errors';
import { RateLimits } from './amazon/rate-limits';
import { mountAmazon } from './amazon/sp-api';
import { json, plain } from './answer';
import { CallLog } from './calls';
import { SandboxClock } from './clock';
import { mountControl } from './control/control-api';
import { send } from './exchange';
import { Faults } from './faults';
import { Journal } from './journal';
import { SalesLayerAccounts } from './saleslayer/accounts';
import { mountSalesLayer } from './saleslayer/saleslayer-api';
import { mountVtex } from './vtex/vtex-api';
import { Worlds } from './worlds';

const BODY_LIMIT = '50mb';

export interface SandboxOptions {
  /** 0, the default, takes a free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Multiplies every rate and burst, and the rate in x-amzn-RateLimit-Limit; default 1. */
  rateFactor?: number;
  /** Milliseconds every answer but the control API's takes longer; default 0. */
  latencyMs?: number;
  /** Milliseconds from ACCEPTED to live or refused; default 300. */
  visibleAfterMs?: number;
  /** Where worlds and books are kept over a restart; absent: in memory only. */
  dataDir?: string;
  log?: (line: string) => void;
}

export interface Sandbox {
  /** `http://host:port`, without a slash at the end. */
  url: string;
  port: number;
  /** Writes what is not written yet, ends every connection and frees the port. */
  close(): Promise<void>;
}

/** Starts stand-ins of LWA, Amazon SP-API, VTEX and Sales Layer on one port, with a control API under /__sandbox. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, host = '127.0.0.1', rateFactor = 1, latencyMs = 0, visibleAfterMs = 300, dataDir } = options;
  const journal = await Journal.open(dataDir);
  const clock = new SandboxClock(Number(journal.get('clock') ?? 0));
  const worlds = new Worlds(journal, clock, { visibleAfterMs, dataDir });
  worlds.restore();
  const parts = {
    journal,
    clock,
    worlds,
    salesLayer: new SalesLayerAccounts(worlds, journal),
    calls: new CallLog(),
    faults: new Faults(clock),
    rateLimits: new RateLimits(clock, rateFactor),
    latencyMs,
    log: options.log ?? (() => undefined),
  };
  const server = createServer(buildApp(parts));
  server.keepAliveTimeout = 60_000;
  await listen(server, port, host);
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    port: address.port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await journal.close();
    },
  };
}

interface Parts {
  journal: Journal;
  clock: SandboxClock;
  worlds: Worlds;
  salesLayer: SalesLayerAccounts;
  calls: CallLog;
  faults: Faults;
  rateLimits: RateLimits;
  latencyMs: number;
  log: (line: string) => void;
}

function buildApp(parts: Parts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.enable('case sensitive routing');
  app.use(express.raw({ type: () => true, limit: BODY_LIMIT }));
  mountControl(app, parts);
  mountAmazon(app, { worlds: parts.worlds, rateLimits: parts.rateLimits, context: parts });
  mountVtex(app, parts.worlds, parts);
  mountSalesLayer(app, parts.salesLayer, parts);
  app.get('/__definitions/{*path}', (request, response) => send(response, downloadSchema(request, parts.clock)));
  app.use((request, response) => {
    send(response, /^\/(?:vtex|saleslayer)/.test(request.path) ? plain(404, 'Not Found') : spApiFault(404));
  });
  app.use(brokenRequest(parts.log));
  return app;
}

/** What express itself refuses: a body that is too large, a path that does not decode. */
function brokenRequest(log: (line: string) => void): ErrorRequestHandler {
  return (error: Error & { status?: number }, request, response, _next) => {
    const status = error.status ?? 500;
    if (status >= 500) log(`sandbox: ${request.method} ${request.path} failed: ${error.stack ?? error.message}`);
    if (request.path.startsWith('/__sandbox')) send(response, json(status, { error: error.message }));
    else if (request.path.startsWith('/vtex')) send(response, plain(status, error.message));
    else send(response, spApiFault(status));
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
