import assert from 'node:assert/strict';
import { it } from 'node:test';
import { newUuid } from '../../src/events/uuid.ts';

it('is a UUID of version 7 with the time in front, and never the same', () => {
  const nowMillis = 0x0190_1234_5678;
  const ids = new Set(Array.from({ length: 2_000 }, () => newUuid(nowMillis)));
  assert.equal(ids.size, 2_000);
  for (const id of ids) assert.match(id, /^01901234-5678-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
