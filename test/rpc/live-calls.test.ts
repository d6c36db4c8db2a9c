import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { LiveCall } from '../../src/rpc/live-call.ts';
import { LiveCalls } from '../../src/rpc/live-calls.ts';

test('the calls under way are a set: whatever comes and goes, each is there once', () => {
  const step = fc.record({ adds: fc.boolean(), which: fc.nat({ max: 9 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const all = Array.from({ length: 10 }, newCall);
      const calls = new LiveCalls();
      const expected = new Set<LiveCall>();
      for (const { adds, which } of steps) {
        const call = all[which]!;
        if (adds && !expected.has(call)) {
          calls.add(call);
          expected.add(call);
        } else if (!adds) {
          calls.delete(call);
          expected.delete(call);
        }
        assert.equal(calls.size, expected.size);
        assert.deepEqual(new Set([...calls]), expected);
      }
    }),
  );
});

function newCall(): LiveCall {
  return new LiveCall({
    method: IngestService.method.publish,
    metadata: { get: () => undefined, getBinary: () => undefined },
    tenant: '',
    deadlineMillis: Number.POSITIVE_INFINITY,
    draining: new AbortController().signal,
    peer: () => 'memory',
  });
}
