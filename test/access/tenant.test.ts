import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTenant } from '../../src/access/tenant.ts';

test('absent and empty are the default tenant', () => {
  assert.equal(parseTenant(undefined), '');
  assert.equal(parseTenant(''), '');
});

test('labels are tenants', () => {
  for (const name of ['a', '0', 'acme', 'acme-eu-1', 'a-', 'x'.repeat(63)]) assert.equal(parseTenant(name), name);
});

test('anything else is refused with its reason', () => {
  for (const name of ['-a', 'Acme', 'a b', 'a/b', '..', 'ä', 'a\n', 'x'.repeat(64)]) {
    assert.throws(() => parseTenant(name), { reason: 'INVALID_TENANT', code: 'INVALID_ARGUMENT' });
  }
});

test('what passes holds no character that a path could mistake', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      try {
        assert.match(parseTenant(name), /^[a-z0-9-]{0,63}$/);
      } catch (error) {
        assert.equal((error as { reason?: string }).reason, 'INVALID_TENANT');
        assert.ok((error as Error).message.length < 1_000);
      }
    }),
  );
});
