import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { SubscribeResponseSchema } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { encodeAnswer } from '../../../src/ingest/subscribe-answer.ts';
import { decodeAnswer } from '../../../src/journal/follower/answer.ts';
import { anyRecord } from '../any-record.ts';

/** `readVarint` is exact up to 49 bits. */
const sequence = fc.nat({ max: 2 ** 49 - 1 });
const head = fc.record(
  {
    throughSequence: sequence,
    lastSequence: sequence,
    journalId: fc.stringMatching(/^[0-9a-f]{16}$/),
    generation: fc.nat(),
    masked: fc.constant([]),
  },
  { noNullPrototype: true },
);
const traces = fc
  .constantFrom('', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\nshop=42')
  .map((text) => new Uint8Array(Buffer.from(text)));
const records = fc
  .array(fc.tuple(anyRecord(fc.uint8Array({ maxLength: 300 })), sequence, traces), { maxLength: 20 })
  .map((pairs) => pairs.map(([record, place, trace]) => ({ ...record, sequence: place, trace })));

describe('an answer', () => {
  it('is read as the server wrote it', () => {
    fc.assert(
      fc.property(records, head, (given, told) => {
        const { block, ...rest } = decodeAnswer(encodeAnswer(given, true, told));
        assert.deepEqual(rest, told);
        assert.deepEqual(
          block.records().map((record) => ({ ...record, event: [...record.event], trace: [...record.trace] })),
          given.map((record) => ({ ...record, event: [...record.event], trace: [...record.trace] })),
        );
      }),
    );
  });

  it('has the traces that are sampled, and where all tenants are read only', () => {
    const [sampled, other] = ['01', '00'].map((flags) =>
      Buffer.from(`00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${flags}`),
    );
    const told = { throughSequence: 2, lastSequence: 2, journalId: 'a'.repeat(16), generation: 1, masked: [] };
    const base = { appendedAtMicros: 1, tenant: '', kind: 'event', event: new Uint8Array(0) } as const;
    const two = [
      { ...base, sequence: 1, trace: sampled! },
      { ...base, sequence: 2, trace: other! },
    ];
    const lengths = (withAll: boolean) => {
      const { block } = decodeAnswer(encodeAnswer(two, withAll, told));
      return block.records().map(({ trace }) => trace.length);
    };
    assert.deepEqual(lengths(true), [55, 0]);
    assert.deepEqual(lengths(false), [0, 0]);
  });

  it('of a server that writes its fields otherwise is read the same', () => {
    const appendedAt = { seconds: 1_700_000_000n, nanos: 5_000 };
    const message = create(SubscribeResponseSchema, {
      generation: 2n,
      masked: [{ userId: 'anna' }, { tenant: 'one', userId: 'bert' }],
      journalId: 'a'.repeat(16),
      records: [
        { tenant: 'one', event: {}, appendedAt, sequence: 7n },
        { sequence: 8n, appendedAt },
      ],
    });
    const { block, generation, journalId, masked } = decodeAnswer(toBinary(SubscribeResponseSchema, message));
    assert.deepEqual([generation, journalId], [2, 'a'.repeat(16)]);
    assert.deepEqual(
      masked.map(({ tenant, userId }) => [tenant, userId]),
      [
        ['', 'anna'],
        ['one', 'bert'],
      ],
    );
    assert.deepEqual(
      block.records().map(({ kind, tenant, appendedAtMicros }) => [kind, tenant, appendedAtMicros]),
      [
        ['event', 'one', 1_700_000_000_000_005],
        ['tombstone', '', 1_700_000_000_000_005],
      ],
    );
  });

  it('that is cut off is refused, and no bytes crash it', () => {
    const whole = encodeAnswer([], true, {
      throughSequence: 1,
      lastSequence: 1,
      journalId: 'a'.repeat(16),
      generation: 1,
      masked: [],
    });
    assert.throws(() => decodeAnswer(whole.subarray(0, -1)), { reason: 'MALFORMED_MESSAGE' });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeAnswer(bytes);
        } catch (error) {
          assert.equal((error as { reason?: string }).reason, 'MALFORMED_MESSAGE');
        }
      }),
    );
  });
});
