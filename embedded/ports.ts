import net from 'node:net';
import type { Log } from './embedded-error';

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

/** Ports given out by this process lately, so that two parts coming up side by side never get the same one. */
const givenOut = new Set<number>();

/** True when nothing listens on the port and it can be bound. */
export async function isFree(port: number): Promise<boolean> {
  return !(await isAnswering(port)) && (await canBind(port)) !== undefined;
}

/**
 * Gives the wished port, or a free one with a line that says so.
 * @param wished 1–65535, or 0 for any free port, which is not worth a line
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
  for (;;) {
    const port = await canBind(0);
    if (port !== undefined && !givenOut.has(port)) {
      givenOut.add(port);
      return port;
    }
  }
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
