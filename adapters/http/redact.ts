const MAX_LENGTH = 400;

/** What LWA tokens (Atza|, Atzr|, Atc|, Atz.sprdt|) and LWA client secrets look like. */
const SECRET_SHAPES = /At[a-z.]{1,12}\|[^\s"',;)}\]]+|amzn1\.oa2-cs\.[^\s"',;)}\]]+/gi;

/**
 * Text of another system made fit for an error message: known secrets and anything shaped like one are cut out, addresses
 * lose their query, and it is one short line.
 */
export function withoutSecrets(text: string, secrets: readonly (string | undefined)[] = []): string {
  const known = secrets.filter((each): each is string => each !== undefined && each.length >= 4);
  const cut = known
    .flatMap((each) => [each, encodeURIComponent(each)])
    .reduce((rest, each) => rest.replaceAll(each, '[secret]'), text);
  return cut
    .replace(SECRET_SHAPES, '[secret]')
    .replace(/(https?:\/\/[^\s?"']+)\?[^\s"']*/gi, '$1')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_LENGTH);
}
