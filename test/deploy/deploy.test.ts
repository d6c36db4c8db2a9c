import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { dashboard } from '../../scripts/dashboard.ts';
import { metricsPage } from '../../scripts/metrics-table.ts';
import { metricGroups } from '../../src/commands/metrics/groups.ts';
import type { Family } from '../telemetry/metrics/exposition.ts';
import { selectorsOf } from './promql.ts';
import { scrapes } from './scrapes.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly action: string };
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const rules: readonly Rule[] = parse(read('deploy/prometheus/alerts.yml')).groups.flatMap(
  (group: { readonly rules: readonly Rule[] }) => group.rules,
);
const { panels, templating } = JSON.parse(read('deploy/grafana/palate.json'));
const queries: readonly { readonly place: string; readonly expr: string; readonly legend: string }[] = (
  panels as readonly Panel[]
).flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => ({ place: title, expr, legend: legendFormat })),
);
const documented = metricGroups.flatMap(({ metrics }) => metrics);
/** Those that Prometheus adds. */
const targetLabels = ['job', 'instance'];

let shown: ReadonlyMap<string, readonly Family[]>;

before(async () => {
  const families = (await scrapes({ after })).flatMap((scrape) => [...scrape.values()]);
  shown = Map.groupBy(families, ({ name }) => name);
});

/** Labels of the samples of that name. A histogram's are those of its buckets. */
function labelsOf(sample: string): Set<string> | undefined {
  const family = [sample, sample.replace(/_(bucket|sum|count)$/, '')].flatMap((name) => shown.get(name) ?? []);
  const samples = family.flatMap(({ samples: all }) => all).filter(({ name }) => name === sample);
  return samples.length === 0 ? undefined : new Set(samples.flatMap(({ labels }) => Object.keys(labels)));
}

/** What an expression asks for and no server shows. */
function missingIn(expression: string): string[] {
  return selectorsOf(expression).flatMap(({ metric, labels }) => {
    const known = labelsOf(metric);
    if (known === undefined) return [metric];
    const unknown = labels.filter((label) => !known.has(label) && !targetLabels.includes(label));
    return unknown.map((label) => `${metric}{${label}}`);
  });
}

/** As Grafana would. */
const filledIn = (expression: string) => expression.replaceAll('$__rate_interval', '5m');

describe('what a server shows', () => {
  test('is what docs/metrics.md lists, in name, type, help and labels', () => {
    assert.deepEqual([...shown.keys()].sort(), documented.map(({ name }) => name).sort());
    for (const { name, type, help, labels } of documented) {
      for (const family of shown.get(name)!) {
        assert.deepEqual([family.type, family.help], [type, help], name);
        for (const { labels: used } of family.samples) {
          const others = Object.keys(used).filter((label) => label !== 'le' && !labels.includes(label));
          assert.deepEqual(others, [], name);
        }
      }
      const used = new Set(
        shown.get(name)!.flatMap(({ samples }) => samples.flatMap((each) => Object.keys(each.labels))),
      );
      for (const label of labels) assert.ok(used.has(label), `${name}{${label}} is never there`);
    }
  });

  test('is named by convention', () => {
    for (const { name, type, unit, help } of documented) {
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      for (const base of ['seconds', 'bytes']) assert.equal(name.includes(base), unit === base, name);
      assert.match(help, /^[A-Z1].+\.$/, name);
    }
  });

  test('counts what was done', () => {
    const value = (name: string, labels: Record<string, string> = {}) =>
      shown
        .get(name.replace(/_count$/, ''))!
        .flatMap(({ samples }) => samples)
        .filter((sample) => sample.name === name)
        .filter((sample) => Object.entries(labels).every(([label, text]) => sample.labels[label] === text))
        .reduce((sum, sample) => sum + sample.value, 0);
    assert.equal(value('palate_ingest_accepted_events_total') >= 1, true);
    assert.equal(value('palate_ingest_duplicate_events_total'), 1);
    assert.equal(value('palate_ingest_rejected_events_total', { reason: 'PAYLOAD_MISSING' }), 1);
    assert.equal(value('palate_scoring_photos_total', { outcome: 'scored' }), 1);
    assert.equal(value('palate_scoring_photos_total', { outcome: 'remembered' }), 1);
    assert.equal(value('palate_model_images_total'), 1);
    const calls = 'rpc_server_call_duration_seconds_count';
    const recommend = 'palate.recommendation.v1.RecommendationService/Recommend';
    assert.equal(value(calls, { rpc_method: recommend, rpc_status_code: 'invalid_argument' }), 1);
    assert.equal(value(calls, { rpc_method: '_OTHER', error_type: 'unimplemented' }), 1);
  });
});

test('docs/metrics.md is what the tables make', () => {
  assert.equal(read('docs/metrics.md'), metricsPage());
});

describe('the dashboard', () => {
  test('is what scripts/dashboard.ts makes', () => {
    assert.equal(read('deploy/grafana/palate.json'), dashboard());
  });

  test('asks for nothing that a server does not show', () => {
    for (const { place, expr } of queries) assert.deepEqual(missingIn(filledIn(expr)), [], `${place}: ${expr}`);
  });

  test('names only labels in a legend that its query leaves', () => {
    for (const { place, expr, legend } of queries) {
      const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
      const by = /^\w+ by \(([^)]*)\)/.exec(expr)?.[1]?.split(', ');
      const isAggregated = by !== undefined || /^(sum|count|histogram_quantile)\b/.test(expr);
      const grouped = by ?? /sum by \(([^)]*)\)/.exec(expr)?.[1]?.split(', ') ?? [];
      if (isAggregated) for (const label of named) assert.ok(grouped.includes(label), `${place}: ${label} in ${expr}`);
    }
  });

  test('has rows and panels that do not overlap, with ids of their own', () => {
    const ids = panels.map(({ id }: { id: number }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const taken = new Set<string>();
    for (const { gridPos } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(x < 24 && !taken.has(`${x},${y}`));
          taken.add(`${x},${y}`);
        }
      }
    }
    const variables = new Set(templating.list.map(({ name }: { name: string }) => name));
    for (const { expr } of queries) {
      for (const [, name] of expr.matchAll(/\$(\w+)/g)) assert.ok(name === '__rate_interval' || variables.has(name));
    }
  });
});

describe('the alert rules', () => {
  test('ask for nothing that a server does not show', () => {
    for (const { alert, expr } of rules) assert.deepEqual(missingIn(expr), [], alert);
  });

  test('say what is wrong and what to do', () => {
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
    for (const { alert, annotations, labels } of rules) {
      assert.match(alert, /^Palate[A-Z]/);
      assert.ok(['critical', 'warning', 'info'].includes(labels.severity), alert);
      assert.match(annotations.summary, /\.$/, alert);
      assert.match(annotations.action, /\.$/, alert);
    }
  });

  test('name only labels that the expression leaves', () => {
    for (const { alert, expr, annotations } of rules) {
      const named = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!);
      const known = new Set([...targetLabels, ...selectorsOf(expr).flatMap(({ metric }) => [...labelsOf(metric)!])]);
      for (const label of named) assert.ok(known.has(label), `${alert}: ${label}`);
    }
  });
});

test('everything that a server shows is looked at by a panel or a rule', () => {
  const expressions = [...queries.map(({ expr }) => filledIn(expr)), ...rules.map(({ expr }) => expr)];
  const asked = new Set(
    expressions.flatMap((expr) =>
      selectorsOf(expr).flatMap(({ metric }) => [metric, metric.replace(/_(bucket|sum|count)$/, '')]),
    ),
  );
  assert.deepEqual(
    documented.map(({ name }) => name).filter((name) => !asked.has(name)),
    [],
  );
});

test('PromQL that is none is told', () => {
  assert.throws(() => selectorsOf('sum by (x) (rate(y[5m])'), /no PromQL/);
  assert.deepEqual(selectorsOf('sum by (x) (rate(y{z="1"}[5m])) / w'), [
    { metric: 'y', labels: ['z', 'x'] },
    { metric: 'w', labels: [] },
  ]);
});
