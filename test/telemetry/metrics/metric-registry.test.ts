import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter, gauge } from '../../../src/telemetry/metrics/metric.ts';
import { MetricRegistry } from '../../../src/telemetry/metrics/metric-registry.ts';
import { readExposition } from './exposition.ts';

test('parts are asked once a scrape, and not before', async () => {
  let asked = 0;
  const registry = new MetricRegistry({ onUnreadable: (error) => assert.fail(String(error)) });
  registry.add(
    [gauge('a', '', 'A.', (n: number) => n), counter('b_total', '', 'B.', (n: number) => n * 2)],
    async () => ++asked,
  );
  assert.equal(asked, 0);
  await registry.text();
  const families = readExposition(await registry.text());
  assert.equal(asked, 2);
  assert.deepEqual([families.get('a')?.samples[0]?.value, families.get('b_total')?.samples[0]?.value], [2, 4]);
});

test('what there is nothing to tell of is left out', async () => {
  const registry = new MetricRegistry({ onUnreadable: (error) => assert.fail(String(error)) });
  registry.add([gauge('a', '', 'A.', () => undefined), gauge('b', '', 'B.', () => [])], () => 0);
  const families = readExposition(await registry.text());
  assert.equal(families.has('a'), false);
  assert.deepEqual(families.get('b')?.samples, []);
});

test('a part that cannot be read costs its own metrics, is told, and counted', async () => {
  const told: unknown[] = [];
  const registry = new MetricRegistry({ onUnreadable: (error) => told.push(error) });
  const broken = new Error('broken');
  registry.add([gauge('a', '', 'A.', () => 1)], () => Promise.reject(broken));
  registry.add(
    [
      gauge('b', '', 'B.', () => {
        throw broken;
      }),
    ],
    () => 0,
  );
  registry.add([gauge('c', '', 'C.', () => 1)], () => 0);
  const families = readExposition(await registry.text());
  assert.deepEqual([...families.keys()], ['c', 'palate_scrape_unreadable_groups']);
  assert.equal(families.get('palate_scrape_unreadable_groups')?.samples[0]?.value, 2);
  assert.deepEqual(told, [broken, broken]);
});
