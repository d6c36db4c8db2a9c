import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteTarget } from '../../src/journal/byte-target.ts';
import { encodeRecord, encodeTenant, type JournalRecord, recordHeaderBytes } from '../../src/journal/record.ts';
import { BlockBuilder, type RecordBlock } from '../../src/journal/record-block.ts';

const anyRecord = fc.record({
  appendedAtMicros: fc.maxSafeNat(),
  tenant: fc.constantFrom('', 'shop', 'a-rather-long-name'),
  trace: fc.uint8Array({ maxLength: 40 }),
  kind: fc.constantFrom('event' as const, 'tombstone' as const),
  event: fc.uint8Array({ maxLength: 300 }),
});
const anyRecords = fc.array(anyRecord, { minLength: 1, maxLength: 30 }).map((all) => all.map(numbered));

function numbered(one: Omit<JournalRecord, 'sequence'>, at: number): JournalRecord {
  return { ...one, sequence: 10 + 2 * at, event: one.kind === 'event' ? one.event : new Uint8Array(0) };
}

const sizeOf = ({ tenant, trace, event }: JournalRecord) =>
  recordHeaderBytes + tenant.length + trace.length + event.length;

/** As many of the records as the builder takes. */
function blockOf(records: readonly JournalRecord[], builder: BlockBuilder): RecordBlock | undefined {
  const target = byteTarget(new Uint8Array(7 + records.reduce((bytes, record) => bytes + sizeOf(record), 0)));
  let at = 7;
  for (const record of records) {
    const { sequence, appendedAtMicros, kind, tenant, trace, event } = record;
    if (builder.isFull(sizeOf(record))) break;
    const head = { appendedAtMicros, kind, tenant: encodeTenant(tenant), trace };
    const end = encodeRecord(target, at, sequence, head, event);
    builder.add(target, at, end, sequence);
    at = end;
  }
  return builder.take();
}

test('a block gives its records one by one, all together, and up to a sequence', () => {
  fc.assert(
    fc.property(anyRecords, fc.integer({ min: 0, max: 80 }), (records, until) => {
      const block = blockOf(records, new BlockBuilder(1e6, 1_000))!;
      assert.deepEqual(block.records(), records);
      assert.deepEqual(
        block.until(until).records(),
        records.filter(({ sequence }) => sequence <= until),
      );
      for (const [at, record] of records.entries()) {
        assert.equal(block.sequence(at), record.sequence);
        assert.equal(block.appendedAtMicros(at), record.appendedAtMicros);
        assert.equal(block.tenant(at), record.tenant);
        assert.equal(block.isTombstone(at), record.kind === 'tombstone');
        assert.deepEqual(block.bytes.subarray(block.from(at), block.to(at)), record.event);
      }
    }),
  );
});

test('a block keeps to its limits, but for one record, and what comes after begins anew', () => {
  fc.assert(
    fc.property(
      anyRecords,
      fc.nat({ max: 2_000 }),
      fc.integer({ min: 1, max: 12 }),
      (records, maxBytes, maxRecords) => {
        const builder = new BlockBuilder(maxBytes, maxRecords);
        const seen: JournalRecord[] = [];
        while (seen.length < records.length) {
          const block = blockOf(records.slice(seen.length), builder)!;
          const taken = block.records();
          assert.ok(taken.length <= maxRecords);
          assert.ok(taken.length === 1 || taken.reduce((bytes, record) => bytes + sizeOf(record), 0) <= maxBytes);
          seen.push(...taken);
        }
        assert.deepEqual(seen, records);
        assert.equal(builder.take(), undefined);
      },
    ),
  );
});
