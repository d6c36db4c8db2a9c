import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type DescMessage } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import fc from 'fast-check';
import { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { ScoringService } from '../../../gen/palate/scoring/v1/scoring_pb.ts';
import { validationOf } from '../../../src/rpc/interceptors/validation.ts';
import { messageOf } from '../../events/any-message.ts';

const validator = createValidator({ failFast: true });
const services = [IngestService, RecommendationService, ScoringService];
const requests = new Set<DescMessage>(services.flatMap(({ methods }) => methods.map(({ input }) => input)));

for (const schema of requests) {
  const check = validationOf(schema);
  if (check === undefined) continue;
  test(`a ${schema.name} passes where protovalidate finds it valid, and nowhere else`, () => {
    fc.assert(
      fc.property(messageOf(schema), (init) => {
        const message = create(schema, init);
        const isValid = validator.validate(schema, message).kind === 'valid';
        if (isValid) check(message);
        else assert.throws(() => check(message), { reason: 'INVALID_REQUEST' });
      }),
      { numRuns: 100 },
    );
  });
}
