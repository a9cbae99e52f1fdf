import { withoutSecrets } from '../../../adapters/http/redact';

describe('text of another system', () => {
  it.each([
    ['token Atza|IwEBIabc-_.123 refused', 'token [secret] refused'],
    ['"Atzr|IwEBI" is wrong', '"[secret]" is wrong'],
    ['restricted Atz.sprdt|AYAB, gone', 'restricted [secret], gone'],
    ['secret=amzn1.oa2-cs.v1.0a1b2c', 'secret=[secret]'],
    ['see https://api.amazon.com/auth?code=1&x=2 now', 'see https://api.amazon.com/auth now'],
    ['two\n  lines\t', 'two lines'],
  ])('loses everything shaped like a secret: %s', (text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });

  it('loses secrets that are known, also when they are percent-encoded', () => {
    expect(withoutSecrets('a=pa+ss/word b=pa%2Bss%2Fword', ['pa+ss/word'])).toBe('a=[secret] b=[secret]');
  });

  it('loses them also as a form and base64 write them', () => {
    const secret = 'pa ss+word';
    const text = `${new URLSearchParams({ secret }).toString()} ${Buffer.from(`${secret}`).toString('base64')}`;
    expect(withoutSecrets(text, [secret])).not.toMatch(/pa\+ss|cGEg/);
  });

  it('is cut to a length that fits an error message', () => {
    expect(withoutSecrets('x'.repeat(5000))).toHaveLength(400);
  });
});
