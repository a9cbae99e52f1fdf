import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';

/**
 * The site that the SDK downloads the CLI from, on this machine: a proxy that leads every host to an HTTPS server, with a
 * certificate from an authority that only `env` trusts. The archive it serves holds a real CLI.
 */
export async function temporalDownloadSite(cli: string, folder: string) {
  const { key, cert, authority } = certificateFor('temporal.download', folder);
  const archive = path.join(folder, 'temporal.tar.gz');
  execFileSync('tar', ['-I', 'gzip -1', '-chf', archive, '-C', path.dirname(cli), path.basename(cli)]);
  let requests = 0;
  const site = https.createServer({ key, cert }, (request, response) => {
    requests += 1;
    if (!request.url?.startsWith('/cli/')) return void fs.createReadStream(archive).pipe(response);
    const info = { archiveUrl: 'https://temporal.download/archive.tar.gz', fileToExtract: path.basename(cli) };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(info));
  });
  const proxy = http.createServer().on('connect', (_request, client: net.Socket) => {
    const upstream = net.connect(portOf(site), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) socket.on('error', () => {});
  });
  for (const server of [site, proxy]) await once(server.listen(0, '127.0.0.1'), 'listening');
  const proxyUrl = `http://127.0.0.1:${portOf(proxy)}`;
  return {
    env: { HTTPS_PROXY: proxyUrl, https_proxy: proxyUrl, NO_PROXY: '', no_proxy: '', SSL_CERT_FILE: authority },
    requests: () => requests,
    close: async () => {
      site.closeAllConnections();
      proxy.closeAllConnections();
      site.close();
      proxy.close();
    },
  };
}

const portOf = (server: net.Server) => (server.address() as net.AddressInfo).port;

function certificateFor(host: string, folder: string) {
  const at = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore', cwd: folder });
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=Longshore tests',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem'
  );
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${host}`, '-keyout', 'site.key', '-out', 'site.csr');
  fs.writeFileSync(
    at('site.ext'),
    `subjectAltName=DNS:${host}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'site.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    'site.ext',
    '-out',
    'site.pem'
  );
  return { key: fs.readFileSync(at('site.key')), cert: fs.readFileSync(at('site.pem')), authority: at('ca.pem') };
}
