import fc from 'fast-check';
import { bulletsOf, cutToBytes, toPlainLine, toPlainText, utf8Length } from '../../domain/plain-text';

describe('HTML to plain text', () => {
  test.each([
    ['paragraphs are lines', '<p>One</p>\n<p>Two</p>', 'One\nTwo'],
    ['inline tags leave no trace', 'a<b>b</b>c <a href="x>y">link</a>', 'abc link'],
    ['line breaks of the source are white space in HTML', '<p>One\n  two</p>', 'One two'],
    ['line breaks of plain text stay', 'One\r\ntwo\n\n\nthree', 'One\ntwo\nthree'],
    ['br, in each spelling', 'a<br>b<br/>c<BR />d</br>e', 'a\nb\nc\nd\ne'],
    ['list items', '<ul><li>One</li><li>Two</li></ul>', '• One\n• Two'],
    ['list items that are never closed', '<ul>\n<li> One\n<li> Two\n</ul>', '• One\n• Two'],
    ['blocks in list items', '<ul><li>\n<p>One</p></li><li><div><p>Two</p></div></li></ul>', '• One\n• Two'],
    ['empty list items', '<ul><li></li><li>&nbsp;</li></ul>After', 'After'],
    ['scripts and styles', 'a<script>if (a < b) x("<p>")</script>b<STYLE>p{}</STYLE>c', 'abc'],
    ['scripts that are never closed', 'a<script>alert(1)', 'a'],
    ['comments', 'a<!-- <p>x</p> -->b<!doctype html>c', 'abc'],
    [
      'named entities',
      'HeatTec&reg; &amp; CoolTech&trade; &frac14;&rdquo; &ndash; &bull;',
      'HeatTec® & CoolTech™ ¼” – •',
    ],
    ['letters with accents', '&Aacute;gua a&ccedil;&atilde;o &ntilde; &uuml;', 'Água ação ñ ü'],
    ['numeric entities', '&#233;&#xE9;&#x1F600;&#146;&#39', "éé😀’'"],
    ['white space as entities', 'a&#13;&#10;b&#9;c&#8195;d', 'a\nb c d'],
    ['numbers that are no character', 'a&#0;&#xD800;&#1114112;b', 'ab'],
    ['unknown entities', 'R&D; &nosuch; Q&A', 'R&D; &nosuch; Q&A'],
    ['entities are read once', '&amp;reg;', '&reg;'],
    ['HTML that was escaped once too often', '&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;', 'One\nTwo'],
    ['signs that are no tags', '3 < 4 and 5 > 4', '3 < 4 and 5 > 4'],
    ['a tag that never ends', 'before <b after', 'before < b after'],
    ['quotes that never end', '<a href="x>text</a>', 'text'],
    ['tags that appear when tags go', '<<b>b>One', 'One'],
    ['nothing', '', ''],
  ])('%s', (_case, html, text) => {
    expect(toPlainText(html)).toBe(text);
  });

  const markup = fc
    .array(
      fc.oneof(
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('<', '>', '&', '</', '<!--', '-->', '<script', '"', '=', "'", '\n', '•', '&lt;', '&#60;', 'p'),
        fc.constantFrom('<p>', '</p>', '<li>', '<br/>', '<b', '<ul>', '<style>', '&amp;', '&nbsp;', '<a href="')
      ),
      { maxLength: 20 }
    )
    .map((parts) => parts.join(''));

  test('never returns a tag, a control character, or white space to fold', () => {
    fc.assert(
      fc.property(markup, (html) => {
        const text = toPlainText(html);
        expect(text).not.toMatch(/<[a-z/!?]/i);
        expect(text).not.toMatch(/(?!\n)\p{Cc}|\p{Surrogate}/u);
        expect(text).not.toMatch(/^\s|\s$|\s\s/);
      }),
      { numRuns: 2000 }
    );
  });

  test('leaves plain text without < and & as it is, once its white space is folded', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' })), (text) => {
        fc.pre(!/[<&]/.test(text));
        const once = toPlainText(text);
        expect(toPlainText(once)).toBe(once);
        // JavaScript's own white space, and nothing else, may go: printable text keeps every sign.
        if (!/•/.test(text)) expect(once.replace(/\s/g, '')).toBe(text.replace(/[\s\p{Cc}]/gu, ''));
      }),
      { numRuns: 1000 }
    );
  });

  test.each(['<<b>', '<a ="', '&lt;', '<li><p>', '<!--', '</', '<script>', '<b title=\'"', '&#60;b'])(
    'takes a long run of %s without growing slow',
    (part) => {
      const started = performance.now();
      toPlainText(part.repeat(40_000));
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  );
});

test('a title stands on one line', () => {
  expect(toPlainLine('Gobi<br>HeatTec&reg;\n Tee')).toBe('Gobi HeatTec® Tee');
});

describe('bullets', () => {
  test.each([
    ['list items', '<p>Text</p><ul><li>One</li><li>Two <b>bold</b></li></ul>', ['One', 'Two bold']],
    ['lines with a bullet sign', '<p>&bull; One.<br />&bull; Two.</p>', ['One.', 'Two.']],
    ['no list', '<p>Text - with a dash</p>', []],
  ])('%s', (_case, html, bullets) => {
    expect(bulletsOf(html)).toEqual(bullets);
  });
});

describe('cutting to bytes', () => {
  test.each([
    ['what fits stays whole', 'one two', 7, 'one two'],
    ['at the end of a word', 'one two three', 9, 'one two'],
    ['a word that ends at the limit stays', 'one two three', 7, 'one two'],
    ['one long word is cut inside', 'abcdefgh', 5, 'abcde'],
    ['never inside a character', 'éééé', 5, 'éé'],
    ['never inside a surrogate pair', '😀😀', 5, '😀'],
    ['nothing fits', '😀', 3, ''],
  ])('%s', (_case, text, limit, cut) => {
    expect(cutToBytes(text, limit)).toBe(cut);
  });

  test('keeps to the limit and keeps the beginning', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.nat(80), (text, limit) => {
        const cut = cutToBytes(text, limit);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
        expect(text.startsWith(cut)).toBe(true);
        if (Buffer.byteLength(text) <= limit) expect(cut).toBe(text);
      })
    );
  });

  test('counts bytes as UTF-8 does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(utf8Length(text)).toBe(Buffer.byteLength(text));
      })
    );
  });
});
