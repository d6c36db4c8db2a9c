/** Reads Prometheus's text format (0.0.4), more strictly than Prometheus does. */

import assert from 'node:assert/strict';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const suffixes: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
};

/** By name. Fails where the text is none, where a family or a series comes twice, where a histogram's buckets do not add up. */
export function readExposition(text: string): ReadonlyMap<string, Family> {
  assert.ok(text.endsWith('\n'));
  const families = new Map<string, Family & { samples: Sample[] }>();
  const seen = new Set<string>();
  let current: (Family & { samples: Sample[] }) | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line.startsWith('# HELP ')) {
      const [, name = '', help = ''] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
      assert.ok(name !== '' && !families.has(name), line);
      current = { name, help, type: '', samples: [] };
      families.set(name, current);
    } else if (line.startsWith('# TYPE ')) {
      const [, name, type = ''] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
      assert.ok(current !== undefined && current.name === name && current.samples.length === 0, line);
      families.set(current.name, Object.assign(current, { type }));
    } else {
      const sample = sampleOf(line);
      assert.ok(current !== undefined && belongs(sample.name, current), line);
      const series = line.slice(0, line.lastIndexOf(' '));
      assert.ok(!seen.has(series), `twice: ${series}`);
      seen.add(series);
      current.samples.push(sample);
    }
  }
  for (const family of families.values()) if (family.type === 'histogram') checkHistogram(family);
  return families;
}

function belongs(sample: string, { name, type }: Family): boolean {
  return (suffixes[type] ?? ['']).some((suffix) => sample === name + suffix);
}

function sampleOf(line: string): Sample {
  const [, name = '', pairs = '', number = ''] = sampleLine.exec(line) ?? [];
  assert.ok(name !== '', line);
  const labels: Record<string, string> = {};
  labelPair.lastIndex = 0;
  for (let end = 0; end < pairs.length; end = labelPair.lastIndex) {
    const [, label = '', value = ''] = labelPair.exec(pairs) ?? [];
    assert.ok(label !== '' && !(label in labels), line);
    labels[label] = value.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character));
  }
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number);
  assert.ok(!Number.isNaN(value), line);
  return { name, labels, value };
}

function checkHistogram({ name, samples }: Family): void {
  const totals = new Map<string, number>();
  for (const sample of samples) {
    const { le, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    if (sample.name === `${name}_bucket`) {
      assert.ok(le !== undefined && sample.value >= (totals.get(key) ?? 0), `${name} ${key} ${le}`);
      totals.set(key, sample.value);
    } else if (sample.name === `${name}_count`) assert.equal(sample.value, totals.get(key), name);
  }
}
