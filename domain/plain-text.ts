/**
 * HTML as merchants write it, to the plain text that Amazon takes. Never fails: unclosed tags, unknown entities and plain
 * text are all welcome, and nothing that looks like a tag comes out. Every pass is linear in the length of the text.
 */

/** Starts the line of a list item in what {@link toPlainText} returns. */
const BULLET = '•';

/** Tags that end the line they stand in. The rest (`b`, `span`, `a` …) are dropped without a trace. */
const LINE_TAGS = new Set(
  `address article aside blockquote br dd div dl dt figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section
  table tbody td tfoot th thead tr ul`.split(/\s+/)
);

/** Tags whose content is not text. */
const SILENT_TAGS = new Set(['script', 'style', 'noscript', 'template', 'head', 'svg', 'iframe', 'object']);

/** HTML → plain text: one line per block or list item, list items marked with `• `, white space folded, entities read. */
export function toPlainText(html: string): string {
  const decoded = decodeEntities(withoutTags(html));
  // Some sources escape their HTML once too often: `&lt;p&gt;`.
  const text = /<\/?[a-z]/i.test(decoded) ? withoutTags(decoded) : decoded;
  return text
    .replace(UNPRINTABLE, '')
    .replace(/<(?=[a-z/!?])/gi, '< ')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '' && line !== BULLET)
    .join('\n');
}

/** As {@link toPlainText}, on one line: for titles, brands and single values. */
export function toPlainLine(html: string): string {
  return toPlainText(html).replaceAll('\n', ' ');
}

/** The list items of a description, in their order: `<li>` and lines that begin with a bullet sign. */
export function bulletsOf(html: string): string[] {
  return toPlainText(html)
    .split('\n')
    .filter((line) => BULLET_LINE.test(line))
    .map((line) => line.replace(BULLET_LINE, '').trim())
    .filter((line) => line !== '');
}

const BULLET_LINE = /^[•‣◦▪●·]\s*/;

/** Length in bytes of UTF-8, in which Amazon's limits are given. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) bytes += utf8LengthOf(character.codePointAt(0)!);
  return bytes;
}

function utf8LengthOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** Cuts a text to a number of UTF-8 bytes, at the end of a word where it has one. */
export function cutToBytes(text: string, limit: number): string {
  let bytes = 0;
  let end = 0;
  let wordEnd = 0;
  for (const character of text) {
    if (/\s/.test(character)) wordEnd = end;
    bytes += utf8LengthOf(character.codePointAt(0)!);
    if (bytes > limit) return text.slice(0, wordEnd || end).trimEnd();
    end += character.length;
  }
  return text;
}

/** Control characters, except those that are white space, byte order marks, and halves of surrogate pairs. */
const UNPRINTABLE = /(?![\t\n\r])\p{Cc}|\uFEFF|\p{Surrogate}/gu;

function withoutTags(html: string): string {
  // In HTML a line break is only white space; in plain text it is what the merchant meant.
  const source = /<\/?[a-z]/i.test(html) ? html.replace(/[\r\n]+/g, ' ') : html.replace(/\r\n?/g, '\n');
  const out: string[] = [];
  /** True right after `<li>`: a block that opens there stays on the line of the bullet. */
  let atItemStart = false;
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf('<', at);
    const text = source.slice(at, open === -1 ? source.length : open);
    if (text.trim() !== '') atItemStart = false;
    out.push(text);
    if (open === -1) break;
    const tag = tagAt(source, open);
    if (!tag) {
      out.push('<');
      atItemStart = false;
      at = open + 1;
      continue;
    }
    at = SILENT_TAGS.has(tag.name) && !tag.closing ? endOfSilence(source, tag) : tag.end;
    if (tag.name === 'li') {
      out.push(tag.closing ? '\n' : `\n${BULLET} `);
      atItemStart = !tag.closing;
    } else if (LINE_TAGS.has(tag.name) && (!atItemStart || tag.closing)) {
      out.push('\n');
    }
  }
  return out.join('');
}

interface Tag {
  /** Lower case; empty for comments and declarations. */
  name: string;
  closing: boolean;
  /** Index after the tag. */
  end: number;
}

/** Reads the tag that begins at `open`; undefined when the `<` there begins none. */
function tagAt(source: string, open: number): Tag | undefined {
  if (source.startsWith('<!--', open)) {
    const close = source.indexOf('-->', open + 4);
    return { name: '', closing: false, end: close === -1 ? source.length : close + 3 };
  }
  TAG_NAME.lastIndex = open;
  const start = TAG_NAME.exec(source);
  if (!start) return undefined;
  const end = endOfTag(source, TAG_NAME.lastIndex);
  if (end === undefined) return undefined;
  return { name: (start[2] ?? '').toLowerCase(), closing: start[1] === '/', end };
}

const TAG_NAME = /<(?:(\/?)([a-z][a-z0-9:-]*)|[!?])/iy;

/** The index after the tag's `>`. A `>` in quotes does not count, unless the quotes never end; a `<` ends the search. */
function endOfTag(source: string, from: number): number | undefined {
  let quote = '';
  let firstClose: number | undefined;
  for (let at = from; at < source.length; at++) {
    const character = source[at]!;
    if (character === '<') break;
    if (character === '>') {
      if (!quote) return at + 1;
      firstClose ??= at + 1;
    } else if (quote) {
      if (character === quote) quote = '';
    } else if ((character === '"' || character === "'") && source[at - 1] === '=') {
      quote = character;
    }
  }
  return firstClose;
}

/** The index after the closing tag of a script or the like; the end of the text when it is never closed. */
function endOfSilence(source: string, tag: Tag): number {
  const closing = new RegExp(`</${tag.name}[^<>]*>?`, 'gi');
  closing.lastIndex = tag.end;
  return closing.exec(source) ? closing.lastIndex : source.length;
}

const NAMED = new Map(
  `amp & lt < gt > quot " apos ' bull • middot · hellip … ndash – mdash — minus − lsquo ‘ rsquo ’ sbquo ‚ ldquo “ rdquo ”
  bdquo „ laquo « raquo » lsaquo ‹ rsaquo › prime ′ Prime ″ copy © reg ® trade ™ deg ° ordf ª ordm º sect § para ¶
  dagger † permil ‰ frac12 ½ frac14 ¼ frac34 ¾ times × divide ÷ plusmn ± le ≤ ge ≥ ne ≠ micro µ sup1 ¹ sup2 ² sup3 ³
  iexcl ¡ iquest ¿ euro € pound £ cent ¢ yen ¥ curren ¤ szlig ß oslash ø Oslash Ø aelig æ AElig Æ oelig œ OElig Œ eth ð
  ETH Ð thorn þ THORN Þ larr ← rarr → uarr ↑ darr ↓ check ✓ star ☆ starf ★ hearts ♥ infin ∞`
    .match(/\S+ \S/g)!
    .map((entry) => entry.split(' ') as [string, string])
);
for (const space of ['nbsp', 'ensp', 'emsp', 'thinsp']) NAMED.set(space, ' ');
for (const nothing of ['shy', 'zwj', 'zwnj']) NAMED.set(nothing, '');

/** `&eacute;`, `&Ntilde;` and the like are a letter and one of these. */
const ACCENTS = new Map([
  ['acute', '\u0301'],
  ['grave', '\u0300'],
  ['circ', '\u0302'],
  ['tilde', '\u0303'],
  ['uml', '\u0308'],
  ['cedil', '\u0327'],
  ['ring', '\u030A'],
  ['caron', '\u030C'],
]);

/** What `&#128;` to `&#159;` mean in HTML: the characters of Windows-1252. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Reads entities once; an unknown one stays as it is. */
function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,8});?|#x([0-9a-f]{1,6});?|([a-z][a-z0-9]{1,9});)/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name === undefined) return characterOf(decimal === undefined ? parseInt(hex!, 16) : Number(decimal));
      return NAMED.get(name) ?? accented(name) ?? whole;
    }
  );
}

function accented(name: string): string | undefined {
  const accent = ACCENTS.get(name.slice(1));
  if (accent === undefined) return undefined;
  const letter = `${name[0]}${accent}`.normalize('NFC');
  return letter.length === 1 ? letter : undefined;
}

function characterOf(codePoint: number): string {
  if (codePoint >= 0x80 && codePoint <= 0x9f) return WINDOWS_1252[codePoint - 0x80]!;
  if (codePoint === 0 || codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) return '';
  return String.fromCodePoint(codePoint);
}
