import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { serverTimes } from '../../../bench/inference/server-times.ts';
import { isSteady } from '../../../bench/inference/stability.ts';
import { ModelStatisticsResponseSchema } from '../../../gen/grpc_service_pb.ts';

const window = (answers: number, millis: number) => ({ latencies: Array(answers).fill(millis), seconds: 1 });

describe('windows', () => {
  it('are steady when the last three agree', () => {
    assert.ok(!isSteady([window(100, 5), window(100, 5)], 0.1));
    assert.ok(isSteady([window(10, 50), window(95, 5), window(100, 5.2), window(105, 4.9)], 0.1));
    assert.ok(!isSteady([window(80, 5), window(100, 5), window(100, 5)], 0.1));
    assert.ok(!isSteady([window(100, 7), window(100, 5), window(100, 5)], 0.1));
    assert.ok(!isSteady([window(0, 0), window(0, 0), window(0, 0)], 0.1));
  });
});

describe('the server’s times', () => {
  it('are means between two answers, over all versions', () => {
    const stats = (count: bigint, ns: bigint) => {
      const duration = { count, ns };
      return create(ModelStatisticsResponseSchema, {
        modelStats: [1n, 2n].map((version) => ({
          version: String(version),
          inferenceCount: count * 3n,
          executionCount: count,
          inferenceStats: {
            success: duration,
            queue: duration,
            computeInput: duration,
            computeInfer: duration,
            computeOutput: duration,
          },
        })),
      });
    };
    const times = serverTimes(stats(10n, 10_000_000n), stats(30n, 70_000_000n));
    assert.equal(times.requests, 40);
    assert.equal(times.inferMillis, 3);
    assert.equal(times.batch, 3);
    assert.ok(Number.isNaN(serverTimes(stats(1n, 1n), stats(1n, 1n)).queueMillis));
  });
});
