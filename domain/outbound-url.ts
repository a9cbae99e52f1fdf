const MOST_CHARACTERS = 2048;

/** Names that never lead outside: of the machine itself, of the local network, of what a cloud tells its machines. */
const INSIDE = /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|test|invalid|onion|arpa)$/;

/** WHATWG writes every form of an IPv4 address as four decimals, and an IPv6 address in brackets. */
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[.*\])$/;

interface Leave {
  /** Lets http and private addresses through: in development and in tests, where everything is on one machine. */
  allowPrivate: boolean;
}

/**
 * Why a web address that somebody gave may not be called by the service; undefined when it may. Where the name leads is found
 * out when it is called, not here.
 */
export function outboundProblem(text: string, { allowPrivate }: Leave): string | undefined {
  if (text.length > MOST_CHARACTERS) return `A web address may have ${MOST_CHARACTERS} characters at most.`;
  if (!URL.canParse(text)) return 'This is not a web address.';
  const { protocol, username, password, hostname } = new URL(text);
  if (username !== '' || password !== '') return 'A web address may not hold a user name or a password.';
  if (allowPrivate)
    return protocol === 'https:' || protocol === 'http:'
      ? undefined
      : 'The address must begin with https:// or http://.';
  if (protocol !== 'https:') return 'The address must begin with https://.';
  if (ADDRESS.test(hostname)) return 'Write the name of the host, not its IP address.';
  const name = hostname.replace(/\.$/, '').toLowerCase();
  if (!name.includes('.') || INSIDE.test(name)) return 'This host is not on the public internet.';
  return undefined;
}
