import fc from 'fast-check';
import { withoutShapes } from '../../domain/redaction';

describe('what is shaped like a secret', () => {
  it.each([
    ['an access token of LWA', 'token Atza|IwEBIabc-_.123 refused', 'token [secret] refused'],
    ['a refresh token', '"Atzr|IwEBI" is wrong', '"[secret]" is wrong'],
    ['a restricted data token', 'Atz.sprdt|AYAB, gone', '[secret], gone'],
    ['a token in an address', '/v1/connectors/Atzr%7CIwEBI', '/v1/connectors/[secret]'],
    ['a client secret', 'secret=amzn1.oa2-cs.v1.0a1b2c', 'secret=[secret]'],
    ['an app token of VTEX', `key ${'NGVBFHRR'.repeat(8)}.`, 'key [secret].'],
    ['an Authorization header', 'Authorization: Bearer abc.def-ghi_jkl~1234', 'Authorization: Bearer [secret]'],
    ['one of our API keys', 'the key lsk_AbC-123_x', 'the key [secret]'],
    ['a hook token', '/hooks/vtex/con_1/hook_AbC-123/api', '/hooks/vtex/con_1/[secret]/api'],
    ['the key of a development stack', `ls_${'a1B2'.repeat(8)}`, '[secret]'],
    ['a signing secret', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '[secret]'],
    ['a JWT', 'eyJhbGciOiJI.eyJzdWIiOiIx.dBjftJeZ4CVP', '[secret]'],
    ['an encryption key', `k1:${Buffer.alloc(32, 7).toString('base64')},`, 'k1:[secret],'],
    ['a password in an address', 'smtps://ops:p%40ss!@mail.example.com:465', 'smtps://[secret]@mail.example.com:465'],
  ])('is taken out: %s', (_, text, expected) => {
    expect(withoutShapes(text)).toBe(expected);
  });

  it.each([
    'Bearer realm="longshore", error="insufficient_scope"',
    'Bearer authentication is needed',
    'con_0123456789abcdef0123 and 3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    'https://example.com:443/a@b and ops@example.com',
    'amzn1.application-oa2-client.0123456789abcdef',
    'the attribute|separator and Attack on Titan | part 1',
    `${'0123456789'.repeat(6)}`,
    'SHIRT PAJAMAS NOT_VISIBLE LISTING_OFFER_ONLY',
    `sha256 ${'0123456789abcdef'.repeat(4)}`,
  ])('is not seen in %s', (text) => {
    expect(withoutShapes(text)).toBe(text);
  });

  it('leaves JSON that it is taken out of whole', () => {
    const secret = fc.constantFrom('Atzr|IwEBI', 'lsk_abc', 'Bearer abcdefghijklmnop', 'smtp://a:b@c');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), secret, fc.string())), (parts) => {
        const text = JSON.stringify({ text: parts.map((each) => each.join('')), again: JSON.stringify(parts) });
        expect(() => JSON.parse(withoutShapes(text)) as unknown).not.toThrow();
      })
    );
  });
});
