import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePatterns } from '../../src/access/pattern.ts';

test('without a star a pattern means itself', () => {
  const fits = compilePatterns(['a.B/C', '/metrics']);
  assert.ok(fits('a.B/C') && fits('/metrics'));
  for (const name of ['a.B/CD', 'xa.B/C', 'aXB/C', '', '/metrics/']) assert.ok(!fits(name), name);
});

test('a star stands for any characters, none included', () => {
  const fits = compilePatterns(['a.*/Get*', 'z*z']);
  for (const name of ['a./Get', 'a.b.c/GetIt', 'zz', 'zaz']) assert.ok(fits(name), name);
  for (const name of ['a/Get', 'a.b/Set', 'z', 'Xa./Get']) assert.ok(!fits(name), name);
});

test('no pattern fits nothing, and one star everything', () => {
  assert.ok(!compilePatterns([])(''));
  assert.ok(compilePatterns(['x', '*'])('anything'));
});

test('it says what the plain regular expression says', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/'), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '*'), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 3 }), text, (patterns, name) => {
      const naive = patterns.some((each) =>
        new RegExp(`^${each.replaceAll(/[.]/g, '\\.').replaceAll('*', '[^]*')}$`).test(name),
      );
      assert.equal(compilePatterns(patterns)(name), naive);
    }),
    { numRuns: 2_000 },
  );
});

test('many stars over a long name take no time', () => {
  const fits = compilePatterns([`${'a*'.repeat(50)}b`]);
  const startedAt = performance.now();
  assert.ok(!fits('a'.repeat(10_000)));
  assert.ok(performance.now() - startedAt < 100);
});
