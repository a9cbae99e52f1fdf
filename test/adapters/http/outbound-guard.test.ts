import dns from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isPublicAddress, outboundHttp } from '../../../adapters/http/outbound-guard';
import { outboundProblem } from '../../../domain/outbound-url';

const servers: Server[] = [];
afterEach(() => {
  jest.restoreAllMocks();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('addresses that people give', () => {
  it.each([
    'https://hooks.example.com/services/T0/B0/x?y=1',
    'https://hooks.example.com:8443/',
    'https://münchen.example/',
    'https://10.example.com/',
  ])('%s may be called', (text) => {
    expect(outboundProblem(text, { allowPrivate: false })).toBeUndefined();
  });

  it.each([
    ['http://hooks.example.com/', 'The address must begin with https://.'],
    ['ftp://hooks.example.com/', 'The address must begin with https://.'],
    ['file:///etc/passwd', 'The address must begin with https://.'],
    ['javascript:alert(1)', 'The address must begin with https://.'],
    ['https://me:secret@hooks.example.com/', 'A web address may not hold a user name or a password.'],
    ['https://hooks.example.com@127.0.0.1/', 'A web address may not hold a user name or a password.'],
    ['https://127.0.0.1/', 'Write the name of the host, not its IP address.'],
    ['https://2130706433/', 'Write the name of the host, not its IP address.'],
    ['https://0x7f.1/', 'Write the name of the host, not its IP address.'],
    ['https://0177.0.0.1/', 'Write the name of the host, not its IP address.'],
    ['https://169.254.169.254/latest/meta-data/', 'Write the name of the host, not its IP address.'],
    ['https://93.184.216.34/', 'Write the name of the host, not its IP address.'],
    ['https://[::1]/', 'Write the name of the host, not its IP address.'],
    ['https://[::ffff:127.0.0.1]/', 'Write the name of the host, not its IP address.'],
    ['https://１２７.０.０.１/', 'Write the name of the host, not its IP address.'],
    ['https://localhost/', 'This host is not on the public internet.'],
    ['https://LOCALHOST./', 'This host is not on the public internet.'],
    ['https://api.localhost/', 'This host is not on the public internet.'],
    ['https://mongodb:27017/', 'This host is not on the public internet.'],
    ['https://metadata.google.internal/', 'This host is not on the public internet.'],
    ['https://printer.local/', 'This host is not on the public internet.'],
    ['//hooks.example.com/', 'This is not a web address.'],
    ['hooks.example.com', 'This is not a web address.'],
    ['', 'This is not a web address.'],
    [`https://hooks.example.com/${'x'.repeat(2048)}`, 'A web address may have 2048 characters at most.'],
  ])('%s may not', (text, problem) => {
    expect(outboundProblem(text, { allowPrivate: false })).toBe(problem);
  });

  it.each([
    ['http://127.0.0.1:4000/', undefined],
    ['https://localhost/', undefined],
    ['http://me:secret@127.0.0.1/', 'A web address may not hold a user name or a password.'],
    ['file:///etc/passwd', 'The address must begin with https:// or http://.'],
  ])('in development %s: %s', (text, problem) => {
    expect(outboundProblem(text, { allowPrivate: true })).toBe(problem);
  });
});

// prettier-ignore
const ADDRESSES: [string, boolean][] = [
  ['8.8.8.8', true], ['93.184.216.34', true], ['172.15.255.255', true], ['172.32.0.0', true], ['2606:4700:4700::1111', true],
  ['0.0.0.0', false], ['10.1.2.3', false], ['100.64.0.1', false], ['100.100.100.200', false], ['127.0.0.1', false], ['127.255.255.255', false],
  ['169.254.169.254', false], ['172.16.0.1', false], ['172.31.255.255', false], ['192.0.0.192', false], ['192.168.0.1', false], ['198.18.0.1', false],
  ['168.63.129.16', false], ['224.0.0.1', false], ['255.255.255.255', false],
  ['::', false], ['::1', false], ['::ffff:8.8.8.8', false], ['::ffff:127.0.0.1', false], ['64:ff9b::7f00:1', false], ['2002:7f00:1::', false],
  ['2001:db8::1', false], ['2001::1', false], ['fc00::1', false], ['fd00:ec2::254', false], ['fe80::1', false], ['fe80::1%eth0', false], ['ff02::1', false],
  ['not an address', false],
];

describe('addresses of the public internet', () => {
  it.each(ADDRESSES)('%s: %s', (address, isPublic) => expect(isPublicAddress(address)).toBe(isPublic));
});

describe('a request to an address that somebody gave', () => {
  /** What the resolver answers for any name. */
  function resolveTo(...addresses: string[]): void {
    jest.spyOn(dns, 'lookup').mockImplementation(((
      _name: string,
      _options: unknown,
      callback: (...got: unknown[]) => void
    ) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
      )) as never);
  }

  it.each([[['127.0.0.1']], [['93.184.216.34', '10.0.0.1']], [['::ffff:127.0.0.1']], [[]]])(
    'is not made when the name leads to %j',
    async (addresses) => {
      resolveTo(...addresses);
      await expect(outboundHttp({ allowPrivate: false }).post('https://hooks.example.com/', {})).rejects.toMatchObject({
        code: 'ERR_OUTBOUND_REFUSED',
      });
    }
  );

  it.each(['http://hooks.example.com/', 'https://127.0.0.1/', 'https://me:secret@hooks.example.com/', '/relative'])(
    'is not made to %s, and no name is looked up',
    async (address) => {
      const lookup = jest.spyOn(dns, 'lookup');
      await expect(outboundHttp({ allowPrivate: false }).get(address)).rejects.toMatchObject({
        name: 'OutboundRefused',
        code: 'ERR_OUTBOUND_REFUSED',
      });
      expect(lookup).not.toHaveBeenCalled();
    }
  );

  it('is made in development, and takes every status as an answer', async () => {
    const url = await serve((_request, response) => response.writeHead(500).end('no'));
    expect(await outboundHttp({ allowPrivate: true }).get(url)).toMatchObject({ status: 500, data: 'no' });
  });

  it.each(['http://me:secret@127.0.0.1/', 'file:///etc/passwd', 'gopher://127.0.0.1/'])(
    'does not follow a redirect to %s',
    async (location) => {
      const url = await serve((_request, response) => response.writeHead(302, { location }).end());
      await expect(outboundHttp({ allowPrivate: true }).get(url)).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_(OUTBOUND_REFUSED|FR_REDIRECTION_FAILURE)$/) as unknown,
      });
    }
  );

  it('follows three redirects, and no more', async () => {
    let asked = 0;
    const url = await serve((request, response) => {
      asked += 1;
      const left = Number(request.url!.slice(1));
      if (left === 0) return response.end('there');
      return response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    const http = outboundHttp({ allowPrivate: true });
    expect((await http.get(`${url}/3`)).data).toBe('there');
    asked = 0;
    await expect(http.get(`${url}/9`)).rejects.toMatchObject({ code: 'ERR_FR_TOO_MANY_REDIRECTS' });
    expect(asked).toBe(4);
  });

  it('ends when its time is over, also when the answer only trickles', async () => {
    const url = await serve((_request, response) => {
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
    });
    const begun = Date.now();
    await expect(outboundHttp({ allowPrivate: true, timeoutMs: 200 }).get(url)).rejects.toMatchObject({
      code: 'ERR_CANCELED',
    });
    expect(Date.now() - begun).toBeLessThan(5_000);
  });

  it('takes no more than 1 MB of an answer', async () => {
    const url = await serve((_request, response) => response.end(Buffer.alloc(1024 * 1024 + 1)));
    await expect(outboundHttp({ allowPrivate: true }).get(url)).rejects.toMatchObject({ code: 'ERR_BAD_RESPONSE' });
  });

  it('goes through no proxy of the environment', async () => {
    let asked = 0;
    const proxy = await serve((_request, response) => {
      asked += 1;
      response.end('proxied');
    });
    const url = await serve((_request, response) => response.end('direct'));
    process.env.http_proxy = proxy;
    try {
      expect((await outboundHttp({ allowPrivate: true }).get(url)).data).toBe('direct');
    } finally {
      delete process.env.http_proxy;
    }
    expect(asked).toBe(0);
  });
});
