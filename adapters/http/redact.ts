import { REDACTED, withoutShapes } from '../../domain/redaction';

const MAX_LENGTH = 400;
/** Shorter ones would be found in words. */
const SHORTEST_KNOWN = 4;

/**
 * Takes secrets out of texts: those that are known, also as a URL, a form, JSON and base64 write them, and whatever is shaped
 * like one.
 */
export function redactor(secrets: readonly (string | undefined)[]): (text: string) => string {
  const known = secrets
    .filter((each): each is string => each !== undefined && each.length >= SHORTEST_KNOWN)
    .flatMap(formsOf)
    // A longer one may hold a shorter one.
    .sort((a, b) => b.length - a.length);
  return (text) => withoutShapes(known.reduce((rest, each) => rest.replaceAll(each, REDACTED), text));
}

function formsOf(secret: string): string[] {
  const inForm = new URLSearchParams({ '': secret }).toString().slice(1);
  const inJson = JSON.stringify(secret).slice(1, -1);
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return [...new Set([secret, encodeURIComponent(secret), inForm, inJson, base64])];
}

/**
 * Text of another system made fit for an error message: known secrets and anything shaped like one are cut out, addresses
 * lose their query, and it is one short line.
 */
export function withoutSecrets(text: string, secrets: readonly (string | undefined)[] = []): string {
  return redactor(secrets)(text)
    .replace(/(https?:\/\/[^\s?"']+)\?[^\s"']*/gi, '$1')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_LENGTH);
}
