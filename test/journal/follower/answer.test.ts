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
const records = fc
  .array(fc.tuple(anyRecord(fc.uint8Array({ maxLength: 300 })), sequence), { maxLength: 20 })
  .map((pairs) => pairs.map(([record, place]) => ({ ...record, sequence: place })));

describe('an answer', () => {
  it('is read as the server wrote it', () => {
    fc.assert(
      fc.property(records, head, (given, told) => {
        const { block, ...rest } = decodeAnswer(encodeAnswer(given, true, told));
        assert.deepEqual(rest, told);
        assert.deepEqual(
          block.records().map((record) => ({ ...record, event: [...record.event] })),
          given.map((record) => ({ ...record, event: [...record.event] })),
        );
      }),
    );
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
