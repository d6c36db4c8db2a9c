import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IngestService } from '../../../gen/palate/ingest/v1/ingest_pb.ts';
import { effectiveDeadline } from '../../../src/rpc/interceptors/deadline.ts';
import { defaultRpcOptions } from '../../../src/rpc/options.ts';

const options = { ...defaultRpcOptions, defaultTimeoutMillis: 10, maxTimeoutMillis: 100 };

test('a unary call gets the default, keeps its own, and never passes the maximum', () => {
  const { publish } = IngestService.method;
  assert.equal(effectiveDeadline(publish, Infinity, 1_000, options), 1_010);
  assert.equal(effectiveDeadline(publish, 1_050, 1_000, options), 1_050);
  assert.equal(effectiveDeadline(publish, 9_000, 1_000, options), 1_100);
  assert.equal(effectiveDeadline(publish, 500, 1_000, options), 500);
});

test('a stream has its own deadline and no other', () => {
  for (const method of [IngestService.method.subscribe, IngestService.method.publishStream]) {
    assert.equal(effectiveDeadline(method, Infinity, 1_000, options), Infinity);
    assert.equal(effectiveDeadline(method, 9_000, 1_000, options), 9_000);
  }
});
