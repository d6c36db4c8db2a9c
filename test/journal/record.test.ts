import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { checksum, checksumOfView } from '../../src/journal/checksum.ts';
import { byteTarget, decodeRecord, encodeRecord, recordHeaderBytes, recordLength } from '../../src/journal/record.ts';

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

test('the checksum is that of zlib, whole or in parts', () => {
  fc.assert(
    fc.property(bytesUpTo(400), fc.nat({ max: 400 }), (bytes, split) => {
      const middle = Math.min(split, bytes.length);
      assert.equal(checksum(bytes, 0, bytes.length, 0), crc32(bytes));
      assert.equal(checksumOfView(bytes.subarray(middle), checksum(bytes, 0, middle, 0)), crc32(bytes));
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
      assert.deepEqual(decodeRecord(target, at, end - at, 7), {
        ...head,
        sequence: 7 + delta,
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
      assert.equal(decodeRecord(target, 0, length, 1), undefined);
    }),
  );
});
