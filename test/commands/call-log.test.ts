import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { callLog } from '../../src/commands/call-log.ts';
import { bindService } from '../../src/rpc/handlers.ts';
import { createLog } from '../../src/telemetry/log.ts';

const services = [bindService(RecommendationService, {})];
const recommend = '/palate.recommendation.v1.RecommendationService/Recommend';
const stream = '/palate.recommendation.v1.RecommendationService/RecommendStream';

function logOf(level: 'info' | 'debug') {
  const lines: string[] = [];
  const log = createLog({ level, format: 'json' }, { write: (line) => lines.push(line) });
  const told = () => lines.map((line) => JSON.parse(line)).map(({ time: _, ...rest }) => rest);
  return { log, told };
}

test('a slow call is a warning with its method, its code and its time; a stream that lasts is none', () => {
  const { log, told } = logOf('info');
  const observe = callLog(100, services, log)!;
  observe(recommend, 'OK', 100, 'grpc');
  observe(recommend, 'DEADLINE_EXCEEDED', 100.26, 'grpc');
  observe(stream, 'OK', 1e6, 'grpc');
  const method = recommend.slice(1);
  const line = {
    level: 'warn',
    method,
    code: 'DEADLINE_EXCEEDED',
    millis: 100.3,
    port: 'grpc',
    message: 'a slow call',
  };
  assert.deepEqual(told(), [line]);
});

test('each call is a line where the log says everything', () => {
  const { log, told } = logOf('debug');
  const observe = callLog(undefined, services, log)!;
  observe(recommend, 'OK', 1, 'http');
  observe(stream, 'CANCELLED', 5, 'grpc');
  assert.deepEqual(
    told().map(({ level, code, message }) => [level, code, message]),
    [
      ['debug', 'OK', 'a call'],
      ['debug', 'CANCELLED', 'a call'],
    ],
  );
});

test('where neither is wanted, nothing is observed', () => {
  assert.equal(callLog(undefined, services, logOf('info').log), undefined);
});
