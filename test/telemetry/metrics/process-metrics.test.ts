import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Collections } from '../../../src/telemetry/metrics/collections.ts';
import { EventLoopDelay } from '../../../src/telemetry/metrics/event-loop.ts';
import { MetricRegistry } from '../../../src/telemetry/metrics/metric-registry.ts';
import { processMetrics, readProcess } from '../../../src/telemetry/metrics/process-metrics.ts';
import { eventually } from '../../servers/palate-process.ts';
import { readExposition } from './exposition.ts';

test('a process tells of its processor, memory, event loop and collections', async (t) => {
  const parts = { loop: new EventLoopDelay(), collections: new Collections() };
  parts.collections.start();
  t.after(() => parts.collections.stop());
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const registry = new MetricRegistry({ onUnreadable: (error) => assert.fail(String(error)) });
  registry.add(processMetrics, () => readProcess(parts));
  const value = async (name: string, label = '') => {
    const [family, ...rest] = [...readExposition(await registry.text()).values()].filter((each) =>
      name.startsWith(each.name),
    );
    assert.equal(rest.length, 0);
    const samples = family?.samples.filter(
      (sample) => sample.name === name && Object.values(sample.labels).join() === label,
    );
    return samples?.[0]?.value ?? Number.NaN;
  };
  await eventually('a collection is told', async () => (await value('v8js_gc_duration_seconds_count', 'major')) >= 1);
  assert.ok((await value('v8js_gc_duration_seconds_sum', 'major')) > 0);
  assert.ok((await value('process_cpu_seconds_total')) > 0);
  assert.ok((await value('process_resident_memory_bytes')) > 10e6);
  assert.ok(Math.abs((await value('process_start_time_seconds')) - Date.now() / 1e3) < 600);
  assert.ok((await value('v8js_memory_heap_used_bytes', 'old_space')) > 1e5);
  assert.ok((await value('nodejs_eventloop_time_seconds_total', 'active')) > 0);
});
