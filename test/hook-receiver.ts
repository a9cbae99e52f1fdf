import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A request as it arrived. */
export interface ArrivedHook {
  path: string;
  headers: IncomingHttpHeaders;
  raw: string;
  body: {
    type: string;
    timestamp: string;
    data: { id: string; alerts: { id: string; change: string; endedAt: string | null; url: string }[] };
  };
}

/** A real receiver of webhooks on a port of its own, as an integrator would write one. */
export class HookReceiver {
  readonly hooks: ArrivedHook[] = [];
  /** What it answers; a redirect or a refusal where a test wants one. */
  answer: (hook: ArrivedHook) => { status: number; headers?: Record<string, string>; body?: string } = () => ({
    status: 204,
  });

  private constructor(
    private readonly server: Server,
    readonly port: number
  ) {}

  static async start(port = 0): Promise<HookReceiver> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => void chunks.push(chunk));
      request.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8');
        const body = JSON.parse(raw) as ArrivedHook['body'];
        const hook = { path: request.url ?? '', headers: request.headers, raw, body };
        receiver.hooks.push(hook);
        const { status, headers = {}, body: said = '' } = receiver.answer(hook);
        response.writeHead(status, headers).end(said);
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const receiver = new HookReceiver(server, (server.address() as AddressInfo).port);
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook?token=of-the-receiver`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** @throws WebhookVerificationError unless it was signed with the secret, and just now. */
export function verified(hook: ArrivedHook, secret: string): unknown {
  return new Webhook(secret).verify(hook.raw, hook.headers as Record<string, string>);
}
