import { once } from 'node:events';
import net from 'node:net';

/** A server on 127.0.0.1 that behaves like one kind of blocked network. */
export type Blocked = { url: string; close: () => Promise<void> };

/**
 * - `refuses`: nothing listens there
 * - `hangs up`: accepts, then closes the connection at the first byte
 * - `hangs`: accepts and never answers
 * - `forbids`: answers 403 to everything, as a filtering proxy does
 */
export type Blocking = 'refuses' | 'hangs up' | 'hangs' | 'forbids';

export async function blockedNetwork(blocking: Blocking): Promise<Blocked> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => {
      if (blocking === 'hangs up') socket.destroy();
      if (blocking === 'forbids')
        socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  if (blocking === 'refuses') await close();
  return { url, close };
}
