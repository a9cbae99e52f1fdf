import net from 'node:net';
import { choosePort, isFree } from '../../embedded/ports';

function listen(port: number, host: string): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

const portOf = (server: net.Server) => (server.address() as net.AddressInfo).port;

describe('ports', () => {
  it('moves from a taken port to a free one and says so', async () => {
    const taken = await listen(0, '127.0.0.1');
    const lines: string[] = [];
    const port = await choosePort('mongodb', portOf(taken), (line) => lines.push(line));
    expect(port).not.toBe(portOf(taken));
    expect(await isFree(port)).toBe(true);
    expect(lines).toEqual([`mongodb: port ${portOf(taken)} is taken, using ${port}`]);
    taken.close();
  });

  it('sees a port that is taken on all addresses', async () => {
    const taken = await listen(0, '0.0.0.0');
    expect(await isFree(portOf(taken))).toBe(false);
    taken.close();
  });

  it('gives the wished port without a word when it is free', async () => {
    const server = await listen(0, '127.0.0.1');
    const wished = portOf(server);
    await new Promise((resolve) => server.close(resolve));
    const lines: string[] = [];
    expect(await choosePort('api', wished, (line) => lines.push(line))).toBe(wished);
    expect(lines).toEqual([]);
  });

  it('never gives the same port to two parts that come up side by side', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, () => choosePort('sandbox', 0, () => {})));
    expect(new Set(ports).size).toBe(20);
    // Above, a connection of any process could have taken one before it is listened on.
    expect(ports.filter((port) => port < 10_000 || port >= 32_768)).toEqual([]);
  });
});
