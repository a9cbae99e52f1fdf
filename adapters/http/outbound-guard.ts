import { lookup } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import axios, { type AxiosInstance } from 'axios';
import { anySignal } from '../../domain/any-signal';
import { outboundProblem } from '../../domain/outbound-url';

const MAX_REDIRECTS = 3;
const MAX_ANSWER_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;

/** What is not the public internet, by IANA's registries of special-purpose addresses. */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Azure's and Alibaba's services for their own machines.
  '168.63.129.16/32',
  '100.100.100.200/32',
];
/** Of IPv6 only 2000::/3 is public, less what is set aside in it or wraps an IPv4 address. */
const PUBLIC_V6 = '2000::/3';
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];

const special = listOf(SPECIAL_V4, 'ipv4');
const specialV6 = listOf(SPECIAL_V6, 'ipv6');
const publicV6 = listOf([PUBLIC_V6], 'ipv6');

function listOf(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address, prefix] = network.split('/');
    list.addSubnet(address!, Number(prefix), family);
  }
  return list;
}

/** Whether an IP address is one of the public internet's. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !special.check(address, 'ipv4');
  return publicV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6');
}

/** Raised instead of a request to where nobody outside may send the service. The message holds no address. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
  readonly code = 'ERR_OUTBOUND_REFUSED';
}

/** Resolves a name as usual, and fails when any of its addresses is not public: what is connected to is what was checked. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error) return callback(error, '', 4);
    const first = found[0];
    if (!first || !found.every(({ address }) => isPublicAddress(address)))
      return callback(new OutboundRefused('The host has an address that is not on the public internet.'), '', 4);
    return options.all ? callback(null, found) : callback(null, first.address, first.family);
  });
};

const guarded = {
  httpAgent: new HttpAgent({ keepAlive: true, lookup: guardedLookup }),
  httpsAgent: new HttpsAgent({ keepAlive: true, lookup: guardedLookup }),
};
const unguarded = { httpAgent: new HttpAgent({ keepAlive: true }), httpsAgent: new HttpsAgent({ keepAlive: true }) };

interface OutboundOptions {
  /** Lets http and private addresses through: in development and in tests. */
  allowPrivate: boolean;
  /** For the whole request with its redirects, in milliseconds; 10 s unless said. */
  timeoutMs?: number;
}

/**
 * An axios for addresses that people gave, each whole in `url`. With the code ERR_OUTBOUND_REFUSED it refuses whatever
 * `outboundProblem` refuses and every host with an address that is not public, at the moment it connects and after each of at
 * most three redirects. It goes through no proxy, which would resolve names for itself. Answers may have 1 MB. Every status is an
 * answer.
 */
export function outboundHttp({ allowPrivate, timeoutMs = TIMEOUT_MS }: OutboundOptions): AxiosInstance {
  const check = (address: string): void => {
    const problem = outboundProblem(address, { allowPrivate });
    if (problem) throw new OutboundRefused(problem);
  };
  const http = axios.create({
    ...(allowPrivate ? unguarded : guarded),
    adapter: 'http',
    proxy: false,
    maxRedirects: MAX_REDIRECTS,
    maxContentLength: MAX_ANSWER_BYTES,
    maxBodyLength: MAX_ANSWER_BYTES,
    validateStatus: () => true,
    beforeRedirect: (options) => check(String((options as { href?: unknown }).href)),
  });
  http.interceptors.request.use((request) => {
    check(request.url ?? '');
    const deadline = AbortSignal.timeout(timeoutMs);
    const given = request.signal as AbortSignal | undefined;
    return { ...request, signal: given ? anySignal([given, deadline]) : deadline };
  });
  return http;
}
