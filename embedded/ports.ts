import { randomInt } from 'node:crypto';
import net from 'node:net';
import { EmbeddedError, type Log } from './embedded-error';

/** Everything the embedded stack starts listens here and nowhere else. */
export const LOOPBACK = '127.0.0.1';

/** The ports people expect; 0 asks for any free one. */
export const USUAL_PORTS = { temporal: 7233, temporalUi: 8233, mongodb: 27017, api: 3000, sandbox: 4010 } as const;

export type PortName = keyof typeof USUAL_PORTS;
export type Ports = Record<PortName, number>;

const LABELS: Record<PortName, string> = {
  temporal: 'temporal',
  temporalUi: 'temporal ui',
  mongodb: 'mongodb',
  api: 'api',
  sandbox: 'sandbox',
};

/**
 * Where any free port is looked for: below those that systems give to connections (from 32768 on Linux, from 49152 elsewhere;
 * RFC 6335, 6), one of which could take the port before the server that it is for has come up.
 */
const FREE_PORTS = { from: 10_000, below: 32_768 } as const;
const MOST_TRIES = 1_000;

/** Ports given out by this process lately, so that two parts coming up side by side never get the same one. */
const givenOut = new Set<number>();

/** True when nothing listens on the port and it can be bound. */
export async function isFree(port: number): Promise<boolean> {
  return !(await isAnswering(port)) && (await canBind(port)) !== undefined;
}

/**
 * Gives the wished port, or a free one with a line that says so.
 * @param wished 1–65535, or 0 for any free port, which is not worth a line
 * @throws EmbeddedError when none is free
 */
export async function choosePort(name: PortName, wished: number, log: Log): Promise<number> {
  if (wished !== 0 && !givenOut.has(wished) && (await isFree(wished))) {
    givenOut.add(wished);
    return wished;
  }
  const port = await anyFreePort();
  if (wished !== 0) log(`${LABELS[name]}: port ${wished} is taken, using ${port}`);
  return port;
}

async function anyFreePort(): Promise<number> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const port = randomInt(FREE_PORTS.from, FREE_PORTS.below);
    if (givenOut.has(port)) continue;
    givenOut.add(port);
    if (await isFree(port)) return port;
  }
  throw new EmbeddedError(`no port from ${FREE_PORTS.from} to ${FREE_PORTS.below - 1} is free; end what listens there`);
}

/** Binds and lets go again. @returns the port, or undefined when it is taken */
function canBind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, LOOPBACK, () => {
      const bound = (server.address() as net.AddressInfo).port;
      server.close(() => resolve(bound));
    });
  });
}

/**
 * True when something accepts connections on the port. Tells more than binding does: some systems let a second process bind
 * one address of a port that is taken on all of them.
 */
export function isAnswering(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: LOOPBACK });
    const done = (answering: boolean) => {
      socket.destroy();
      resolve(answering);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
