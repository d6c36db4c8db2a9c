import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { HealthCheckRequestSchema } from '../../../gen/grpc/health/v1/health_pb.ts';
import { GetJournalStatusRequestSchema, SubscribeRequestSchema } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import {
  GetProfileRequestSchema,
  RecommendRequestSchema,
} from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { PalateError } from '../../../src/errors.ts';
import { validationOf } from '../../../src/rpc/interceptors/validation.ts';

test('a type without rules needs no check', () => {
  assert.equal(validationOf(HealthCheckRequestSchema), undefined);
  assert.equal(validationOf(GetJournalStatusRequestSchema), undefined);
  assert.notEqual(validationOf(SubscribeRequestSchema), undefined);
});

test('what is valid passes; what is not names each field by its path, and the first in the message', () => {
  const check = validationOf(RecommendRequestSchema)!;
  check(create(RecommendRequestSchema, { placement: 'home', recentItemIds: ['a'] }));
  const bad = create(RecommendRequestSchema, { recentItemIds: ['a', ''], limit: 0, minSequence: -1n });
  assert.throws(
    () => check(bad),
    (error: PalateError) => {
      assert.equal(error.reason, 'INVALID_REQUEST');
      const fields = error.violations.map(({ field }) => field);
      assert.deepEqual(fields.sort(), ['limit', 'min_sequence', 'placement', 'recent_item_ids[1]']);
      assert.match(error.message, /^RecommendRequest is not valid: placement: .+ and 1 more$/);
      return true;
    },
  );
});

test('a rule of a whole message has no field', () => {
  const check = validationOf(GetProfileRequestSchema)!;
  assert.throws(() => check(create(GetProfileRequestSchema)), { reason: 'INVALID_REQUEST', message: /exactly one of/ });
});
