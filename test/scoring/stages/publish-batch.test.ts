import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { EventSchema } from '../../../gen/palate/event/v1/event_pb.ts';
import { PublishRequestSchema, PublishResponseSchema } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { isPalateError } from '../../../src/errors.ts';
import { newUuid } from '../../../src/events/uuid.ts';
import { encodeMealEvent, outcomesOf, requestOf } from '../../../src/scoring/stages/publish-batch.ts';
import { mealScored } from '../meal-samples.ts';

const outcomes = (events: number, answer: MessageInitShape<typeof PublishResponseSchema>) =>
  outcomesOf(create(PublishResponseSchema, answer), events).map((outcome) =>
    isPalateError(outcome) ? outcome.reason : outcome,
  );

describe('a batch', () => {
  test('is a PublishRequest, each event with its id and a time', () => {
    const given = timestampFromMs(1_700_000_000_000);
    const events = [mealScored({ imageId: newUuid() }), { ...mealScored({ imageId: newUuid() }), occurredAt: given }];
    const { events: sent } = fromBinary(PublishRequestSchema, requestOf(events.map(encodeMealEvent)));
    assert.deepEqual(
      sent.map(({ payload }) => payload),
      events.map(({ payload }) => payload),
    );
    assert.ok(sent.every(({ eventId }) => /^[0-9a-f-]{36}$/.test(eventId)));
    assert.ok(Math.abs(timestampMs(sent[0]!.occurredAt!) - Date.now()) < 60_000);
    assert.deepEqual(sent[1]!.occurredAt, given);
    assert.equal(events[0]!.eventId, '', 'what was given stays as it is');
    assert.equal(fromBinary(EventSchema, encodeMealEvent(events[1]!)).eventId, sent[1]!.eventId);
  });
});

describe('the outcomes of a batch', () => {
  test('are the sequences, where they can be told', () => {
    assert.deepEqual(outcomes(3, { firstSequence: 7n, lastSequence: 9n, accepted: 3 }), [7n, 8n, 9n]);
    const rejected = [{ index: 1, reason: 'USER_ERASED', message: 'gone' }];
    assert.deepEqual(outcomes(3, { firstSequence: 7n, lastSequence: 8n, accepted: 2, rejected }), [
      7n,
      'USER_ERASED',
      8n,
    ]);
  });

  test('are the last sequence, where there are gaps or duplicates', () => {
    assert.deepEqual(outcomes(2, { firstSequence: 7n, lastSequence: 9n, accepted: 2 }), [9n, 9n]);
    assert.deepEqual(outcomes(3, { firstSequence: 7n, lastSequence: 8n, accepted: 2, duplicates: 1 }), [8n, 8n, 8n]);
    assert.deepEqual(outcomes(2, { duplicates: 2 }), [0n, 0n]);
  });

  test('are an INTERNAL error for a reason that is not known here', () => {
    assert.deepEqual(outcomes(1, { rejected: [{ index: 0, reason: 'NEWER', message: '' }] }), ['INTERNAL']);
  });
});
