import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import { PalateError, type Reason, reasons } from '../../src/errors.ts';
import { toStatus } from '../../src/rpc/status.ts';
import { statusDetailsBytes } from '../../src/rpc/status-bytes.ts';

test('an error written by hand is, byte for byte, what protobuf-es makes of it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(reasons) as Reason[])),
      fc.string({ unit: 'binary', maxLength: 1_200 }),
      fc.oneof(fc.constant(0), fc.constant(1_000), fc.double({ min: -5, max: 1e12, noNaN: true })),
      fc.constantFrom({}, { limit: '7' }),
      fc.constantFrom([], [{ field: 'events', description: 'too many' }]),
      (reason, message, retryAfterMillis, metadata, violations) => {
        const error = new PalateError(reason, message, { retryAfterMillis, metadata, violations });
        assert.deepEqual(Buffer.from(statusDetailsBytes(error)), Buffer.from(toBinary(StatusSchema, toStatus(error))));
      },
    ),
    { numRuns: 500 },
  );
});
