import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Digester } from '../../../src/ingest/erasure/digester.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const tenant = fc.stringMatching(/^[a-z0-9-]{0,10}$/);
const kind = fc.constantFrom('user' as const, 'visitor' as const, 'session' as const);

describe('a keyed digest', () => {
  test('is the HMAC-SHA-256 of tenant, kind and id', () => {
    fc.assert(
      fc.property(key, tenant, kind, fc.uint8Array({ maxLength: 300 }), (secret, of, what, id) => {
        const expected = createHmac('sha256', secret).update(`${of}\0${what}\0`).update(id).digest('hex');
        assert.equal(new Digester(secret).digest(of, what, id), expected);
      }),
    );
  });

  test('is another for each key, and its quick number too', () => {
    const id = Buffer.from('ann');
    const of = (byte: number) => new Digester(new Uint8Array(32).fill(byte));
    const digests = Array.from({ length: 50 }, (_, byte) => of(byte).digest('', 'user', id));
    const numbers = Array.from({ length: 50 }, (_, byte) => of(byte).quick(id, 0, id.length));
    assert.equal(new Set(digests).size, 50);
    assert.equal(new Set(numbers).size, 50);
    assert.notEqual(of(1).check, of(2).check);
  });

  test('has a quick number that goes by the bytes alone, and seldom twice', () => {
    const digester = new Digester(new Uint8Array(32).fill(3));
    const ids = Array.from({ length: 20_000 }, (_, at) => Buffer.from(`user-${at}`));
    const numbers = new Set(ids.map((id) => digester.quick(id, 0, id.length)));
    assert.ok(numbers.size > ids.length - 5);
    const inside = Buffer.from('xxuser-7yy');
    assert.equal(digester.quick(inside, 2, 8), digester.quick(ids[7]!, 0, 6));
  });
});
