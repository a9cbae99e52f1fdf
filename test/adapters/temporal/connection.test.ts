import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createServer, type Server } from 'node:tls';
import { NativeConnection } from '@temporalio/worker';
import { connectionOptions, type TemporalAddress } from '../../../adapters/temporal/connection';
import { createOrchestrator } from '../../../adapters/temporal/orchestrator';

const namespace = process.env.TEST_TEMPORAL_NAMESPACE ?? 'default';
let folder: string;
let door: Server;
let address: string;
const file = (name: string): string => path.join(folder, name);

/** A certificate of an authority that only this test knows. */
function certify(name: string, ...options: string[]): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file(`${name}.key`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', file(`${name}.pem`), '-days', '2', ...subject, ...options], {
    stdio: 'ignore',
  });
}

/** Temporal behind TLS that asks for a certificate. */
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'longshore-tls-'));
  certify('ca');
  const byAuthority = [
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  certify('server', ...byAuthority);
  certify('client', ...byAuthority);
  const [host, port] = process.env.TEST_TEMPORAL_ADDRESS!.split(':');
  const read = (name: string): Buffer => fs.readFileSync(file(name));
  door = createServer(
    {
      ...{ cert: read('server.pem'), key: read('server.key'), ca: read('ca.pem') },
      ...{ requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] },
    },
    (inside) => {
      const outside = connect(Number(port), host);
      inside.pipe(outside).pipe(inside);
      for (const each of [inside, outside]) each.on('error', () => [inside, outside].forEach((one) => one.destroy()));
    }
  );
  door.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  address = `localhost:${(door.address() as AddressInfo).port}`;
});
afterAll(() => {
  door?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function ping(tls: TemporalAddress['tls']): Promise<string> {
  const orchestrator = createOrchestrator({ address, tls, namespace, taskQueue: 'nobody' });
  try {
    await orchestrator.ping();
    return 'answered';
  } catch {
    return 'refused';
  } finally {
    await orchestrator.close();
  }
}

describe('a connection to Temporal', () => {
  const right = () => ({ ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') });

  it('is made over TLS with certificates on both sides, by clients and by workers', async () => {
    expect(await ping(right())).toBe('answered');
    const native = await NativeConnection.connect(connectionOptions({ address, tls: right() }));
    await native.workflowService.describeNamespace({ namespace });
    await native.close();
  });

  it.each([
    ['without TLS', () => undefined],
    ['with an authority that did not sign', () => ({})],
    ['without a certificate of its own', () => ({ ca: file('ca.pem') })],
  ])('is refused %s', async (_, tls) => {
    expect(await ping(tls())).toBe('refused');
  });

  it('names the setting whose file cannot be read', () => {
    expect(() => connectionOptions({ address, tls: { ca: file('none.pem') } })).toThrow(
      /^TEMPORAL_TLS_CA names .*none\.pem, which cannot be read: ENOENT$/
    );
  });
});
