import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { byteTarget } from '../../src/journal/byte-target.ts';
import { checksum } from '../../src/journal/checksum.ts';
import {
  encodeRecord,
  isRecord,
  readDelta,
  readRecord,
  recordHeaderBytes,
  recordLength,
} from '../../src/journal/record.ts';

const bytesUpTo = (maxLength: number) => fc.uint8Array({ maxLength });
const recordParts = fc.record({
  delta: fc.nat(),
  appendedAtMicros: fc.maxSafeNat(),
  tenant: bytesUpTo(255).map((bytes) => bytes.map((byte) => byte & 0x7f)),
  trace: bytesUpTo(300),
  event: bytesUpTo(2_000),
  kind: fc.constantFrom('event' as const, 'tombstone' as const),
  at: fc.nat({ max: 50 }),
});

test('the checksum is that of zlib, of any part', () => {
  fc.assert(
    fc.property(bytesUpTo(1_000), fc.nat({ max: 400 }), fc.nat({ max: 400 }), (bytes, first, second) => {
      const from = Math.min(first, second, bytes.length);
      const to = Math.min(Math.max(first, second), bytes.length);
      assert.equal(checksum(byteTarget(bytes), from, to), crc32(bytes.subarray(from, to)));
      assert.equal(checksum(byteTarget(bytes), 0, bytes.length), crc32(bytes));
    }),
  );
});

test('a record comes back as it was written', () => {
  fc.assert(
    fc.property(recordParts, ({ delta, tenant, event, at, ...head }) => {
      const target = byteTarget(
        new Uint8Array(at + recordHeaderBytes + tenant.length + head.trace.length + event.length),
      );
      const end = encodeRecord(target, at, delta, { ...head, tenant }, event);
      assert.equal(end, target.bytes.length);
      assert.equal(recordLength(target, at), end - at);
      assert.ok(isRecord(target, at, end - at));
      assert.equal(readDelta(target, at), delta);
      assert.deepEqual(readRecord(target, at, end, 7), {
        ...head,
        sequence: 7,
        tenant: String.fromCharCode(...tenant),
        event,
      });
    }),
  );
});

test('a flipped bit anywhere behind the length is found', () => {
  fc.assert(
    fc.property(recordParts, fc.nat(), ({ delta, tenant, event, ...head }, place) => {
      const target = byteTarget(new Uint8Array(recordHeaderBytes + tenant.length + head.trace.length + event.length));
      const length = encodeRecord(target, 0, delta, { ...head, tenant }, event);
      const bit = 32 + (place % ((length - 4) * 8));
      target.bytes[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(isRecord(target, 0, length), false);
    }),
  );
});
