import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PalateError } from '../../../../src/errors.ts';
import { errorFromStatus } from '../../../../src/rpc/status.ts';
import { failureOf, pauseMillis, verdictOf } from '../../../../src/scoring/providers/remote/failure.ts';

test('what a failure says of the server', () => {
  const said = (code: number, message: string) => verdictOf(errorFromStatus(code, message, undefined));
  assert.equal(said(14, 'Connection dropped'), 'lost');
  assert.equal(said(14, "in ensemble 'm', Exceeds maximum queue size"), 'busy');
  assert.equal(said(8, 'queue is full'), 'busy');
  assert.equal(said(8, 'Received message larger than max (5 vs. 4)'), 'faulty');
  assert.equal(said(4, 'Request timeout expired'), 'late');
  assert.equal(verdictOf(new PalateError('MODEL_UNKNOWN', "'m' is not found")), 'leaving');
  assert.equal(said(3, 'unexpected shape'), 'leaving');
  assert.equal(said(13, 'CUDA error'), 'faulty');
  assert.equal(said(2, ''), 'faulty');
  assert.equal(verdictOf(new PalateError('SHUTTING_DOWN', '')), 'leaving');
  assert.equal(verdictOf(new PalateError('WORKER_LOST', '')), 'faulty');
});

test('a server that is full is left alone for as long as it says, within bounds', () => {
  const full = (retryAfterMillis: number) => new PalateError('OVERLOADED', 'full', { retryAfterMillis });
  assert.deepEqual([pauseMillis(full(1)), pauseMillis(full(70)), pauseMillis(full(60_000))], [20, 70, 1_000]);
  const failure = failureOf('busy', 'food-1@a:1', full(70));
  assert.deepEqual([failure.reason, failure.message, failure.retryAfterMillis], ['OVERLOADED', 'food-1@a:1: full', 70]);
});
