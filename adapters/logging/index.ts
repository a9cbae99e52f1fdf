import pino, { type DestinationStream, type Logger } from 'pino';
import { SECRET_FIELDS } from '../../domain/connector-contract';
import { plainError } from '../../domain/redaction';
import { redactor } from '../http/redact';

/** Names of fields whose values are secrets, in our own words and in those of the systems we talk to. */
const SECRET_NAMES = [
  ...SECRET_FIELDS.map((path) => path.split('.')[1]!),
  ...['authorization', 'cookie', 'password', 'pass', 'secret', 'token'],
  ...['accessToken', 'access_token', 'refresh_token', 'client_secret', 'x-amz-access-token', 'X-VTEX-API-AppToken'],
];

/** Names that are no identifiers need brackets. */
const asPath = (name: string): string => (/^\w+$/.test(name) ? name : `["${name}"]`);
const below = (parent: string, name: string): string => `${parent}${/^\w+$/.test(name) ? '.' : ''}${asPath(name)}`;

/** Paths whose values never reach a log, wherever a careless line might put them. */
const REDACTED_PATHS = [
  ...SECRET_NAMES.flatMap((name) => [asPath(name), below('*', name), below('*.*', name)]),
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
];

export interface LoggerOptions {
  level: string;
  /** Which process writes; absent for the API. */
  name?: string;
  /** Secrets that this process knows from its environment. */
  secrets?: readonly (string | undefined)[];
  /** Standard output unless given. */
  destination?: DestinationStream;
}

/** The logger of a process: JSON lines. Secrets are taken out by the names of fields, and then out of every line as it is written. */
export function createLogger({ level, name, secrets = [], destination }: LoggerOptions): Logger {
  const redacted = redactor(secrets);
  const options = {
    ...(name !== undefined && { name }),
    level,
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
    serializers: { err: plainError },
    hooks: { streamWrite: redacted },
  };
  return destination ? pino(options, destination) : pino(options);
}
