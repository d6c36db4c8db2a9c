import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { EventSchema } from '../../gen/palate/event/v1/event_pb.ts';
import { SubscribeResponseSchema } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { microsOf } from '../../src/events/timestamp.ts';
import { encodeAnswer } from '../../src/ingest/subscribe-answer.ts';
import { eventBytes } from '../events/event-samples.ts';
import { anyRecord } from '../journal/any-record.ts';

const sequence = fc.nat({ max: Number.MAX_SAFE_INTEGER });

test('what a protobuf decoder reads is what was written', () => {
  const head = fc.record(
    {
      throughSequence: sequence,
      lastSequence: sequence,
      journalId: fc.stringMatching(/^[0-9a-f]{16}$/),
      generation: fc.nat(),
      masked: fc.array(fc.record({ tenant: fc.string(), userId: fc.string() }, { noNullPrototype: true }), {
        maxLength: 3,
      }),
    },
    { noNullPrototype: true },
  );
  const event = fc.stringMatching(/^\w{1,300}$/).map((itemId) => eventBytes({ case: 'itemViewed', value: { itemId } }));
  const records = fc.array(anyRecord(event), { maxLength: 20 });
  fc.assert(
    fc.property(records, fc.boolean(), head, (given, withTenants, told) => {
      const answer = fromBinary(SubscribeResponseSchema, encodeAnswer(given, withTenants, told));
      const { throughSequence, lastSequence, journalId, generation } = answer;
      const masked = answer.masked.map(({ tenant, userId }) => ({ tenant, userId }));
      assert.deepEqual(
        {
          throughSequence: Number(throughSequence),
          lastSequence: Number(lastSequence),
          journalId,
          generation: Number(generation),
          masked,
        },
        told,
      );
      assert.deepEqual(
        answer.records.map((record) => ({
          sequence: Number(record.sequence),
          appendedAtMicros: microsOf(record.appendedAt!),
          tenant: record.tenant,
          event: record.event === undefined ? undefined : Buffer.from(toBinary(EventSchema, record.event)),
        })),
        given.map(({ sequence: place, appendedAtMicros, tenant, kind, event: bytes }) => ({
          sequence: place,
          appendedAtMicros,
          tenant: withTenants ? tenant : '',
          event: kind === 'tombstone' ? undefined : Buffer.from(bytes),
        })),
      );
      assert.equal(answer.$unknown, undefined);
    }),
  );
});
