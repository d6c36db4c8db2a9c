import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MaskedUsers } from '../../src/ingest/masked-users.ts';

test('users are listed, as the same array while nothing changes, until no erasure is under way', () => {
  const masked = new MaskedUsers();
  const [anna, bert] = [
    { tenant: '', userId: 'anna' },
    { tenant: 'two', userId: 'bert' },
  ];
  assert.deepEqual(masked.list(0), []);
  masked.add(anna);
  const first = masked.list(1);
  assert.equal(masked.list(1), first);
  masked.add(bert);
  assert.notEqual(masked.list(2), first);
  assert.deepEqual(masked.list(2), [anna, bert]);
  assert.deepEqual(masked.list(0), []);
});
