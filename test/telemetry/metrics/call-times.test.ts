import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallTimes } from '../../../src/telemetry/metrics/call-times.ts';
import type { Histogram } from '../../../src/telemetry/metrics/histogram.ts';

test('calls are kept apart by port, method and code, named as the conventions name them', () => {
  const times = new CallTimes();
  times.observe('/p.S/M', 'OK', 3, 'grpc');
  times.observe('/p.S/M', 'OK', 5, 'grpc');
  times.observe('/p.S/M', 'DEADLINE_EXCEEDED', 1_000, 'grpc');
  times.observe('/p.S/M', 'INVALID_ARGUMENT', 1, 'grpc');
  times.observe('/p.S/M', 'OK', 1, 'http');
  times.observe('/_OTHER', 'UNIMPLEMENTED', 1, 'http');
  times.observe('/p.S/M', 'OK', 1, 'memory');
  const told = [...times.labelled()].map(({ labels, value }) => {
    const { counts, sum } = value as Histogram;
    return [labels.join(' '), counts.reduce((all, count) => all + count), sum];
  });
  assert.deepEqual(told, [
    ['grpc p.S/M OK ', 2, 0.008],
    ['grpc p.S/M DEADLINE_EXCEEDED DEADLINE_EXCEEDED', 1, 1],
    ['grpc p.S/M INVALID_ARGUMENT ', 1, 0.001],
    ['connectrpc p.S/M  ', 1, 0.001],
    ['connectrpc _OTHER unimplemented unimplemented', 1, 0.001],
    ['in_process p.S/M OK ', 1, 0.001],
  ]);
});
