import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** The way to Amazon. Shut, connections through it break and new ones are refused, as nothing else is. */
export class Door {
  private readonly passing = new Set<Socket>();
  private server: Server | undefined;

  private constructor(private port: number) {}

  /** A door on a free port that leads nowhere yet. */
  static async make(): Promise<Door> {
    const door = new Door(0);
    await door.open();
    return door;
  }

  /** `http://host:port` */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Where it leads to; a URL. */
  leadsTo = '';

  async open(): Promise<void> {
    const server = createServer((caller) => this.letThrough(caller));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async shut(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve) ?? resolve(undefined));
    for (const socket of this.passing) socket.resetAndDestroy();
    await closed;
    this.server = undefined;
  }

  private letThrough(caller: Socket): void {
    const { hostname, port } = new URL(this.leadsTo);
    const inside = connect(Number(port), hostname);
    const ends = [caller, inside] as const;
    for (const [index, end] of ends.entries()) {
      this.passing.add(end);
      end.setNoDelay();
      end.on('error', () => undefined);
      end.once('close', () => {
        this.passing.delete(end);
        ends[1 - index]?.destroy();
      });
    }
    caller.pipe(inside).pipe(caller);
  }
}
