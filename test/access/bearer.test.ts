import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { digestOf, parseBearer } from '../../src/access/bearer.ts';
import { isPalateError } from '../../src/errors.ts';

const tokens = fc.string({ unit: fc.constantFrom(...'abzAZ019-._~+/'), minLength: 1, maxLength: 200 });

test('the token comes out as it went in, whatever the case of the scheme', () => {
  fc.assert(
    fc.property(
      tokens,
      fc.constantFrom('Bearer', 'bearer', 'BEARER'),
      fc.constantFrom(' ', '   '),
      (token, scheme, gap) => {
        assert.equal(parseBearer(`${scheme}${gap}${token}==`, 8_192), `${token}==`);
      },
    ),
  );
});

test('anything else is refused, and not repeated', () => {
  const header = fc.oneof(
    fc.string({ minLength: 3 }),
    fc.string({ unit: 'binary' }),
    tokens.map((token) => `Basic ${token}`),
  );
  fc.assert(
    fc.property(header, (given) => {
      if (/^bearer +[A-Za-z0-9._~+/-]+=* *$/i.test(given)) return;
      assert.throws(
        () => parseBearer(given, 8_192),
        (error) => {
          assert.ok(isPalateError(error) && error.reason === 'TOKEN_INVALID' && error.code === 'UNAUTHENTICATED');
          return given.trim().length < 8 || !error.message.includes(given);
        },
      );
    }),
  );
});

test('two tokens, a tab, an end of line are none', () => {
  for (const given of [
    'Bearer a b',
    'Bearer\ta',
    'Bearer a\n',
    'Bearer',
    'Bearer ',
    'Bearera',
    'Bearer a,b',
    'Bearer =',
  ]) {
    assert.throws(() => parseBearer(given, 8_192), { reason: 'TOKEN_INVALID' });
  }
});

test('a long header is refused before anything else is done with it', () => {
  const startedAt = performance.now();
  for (const given of [`Bearer ${'a'.repeat(1e6)}`, ' '.repeat(1e6), `Bearer${' '.repeat(1e6)}`]) {
    assert.throws(() => parseBearer(given, 8_192), { reason: 'TOKEN_INVALID' });
  }
  assert.ok(performance.now() - startedAt < 200);
});

test('a digest is the SHA-256 in hexadecimal', () => {
  assert.equal(digestOf('abc'), createHash('sha256').update('abc').digest('hex'));
});
