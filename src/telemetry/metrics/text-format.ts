/**
 * Prometheus's text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Of our own, since what is
 * counted lies in typed arrays and in the parts themselves: a library's metrics would hold every figure a second time.
 */
import type { Distribution, Labelled, MetricHead, Reading, Tally } from './metric.ts';

export const textFormat = 'text/plain; version=0.0.4; charset=utf-8';

/** A metric's lines: help, type, and one for each value. */
export function familyText(metric: MetricHead, readings: Iterable<Labelled>): string {
  const { name, type, help } = metric;
  let text = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
  for (const { labels, value } of readings) text += seriesText(metric, labels, value);
  return text;
}

function seriesText({ name, type, labels: names }: MetricHead, values: readonly string[], value: Reading): string {
  const labels = names.map((label, at) => labelText(label, values[at] ?? '')).filter((text) => text !== '');
  if (typeof value === 'number') return `${name}${braced(labels)} ${numberText(value)}\n`;
  if (type === 'histogram') return histogramText(name, labels, value as Distribution);
  const { sum, count } = value as Tally;
  return `${name}_sum${braced(labels)} ${numberText(sum)}\n${name}_count${braced(labels)} ${numberText(count)}\n`;
}

function histogramText(name: string, labels: readonly string[], { bounds, counts, sum }: Distribution): string {
  let text = '';
  let total = 0;
  for (let at = 0; at < counts.length; at++) {
    total += counts[at]!;
    const bound = at < bounds.length ? numberText(bounds[at]!) : '+Inf';
    text += `${name}_bucket${braced([...labels, `le="${bound}"`])} ${total}\n`;
  }
  return `${text}${name}_sum${braced(labels)} ${numberText(sum)}\n${name}_count${braced(labels)} ${total}\n`;
}

/** A label without a value is as good as none, and left out. */
function labelText(name: string, value: string): string {
  return value === '' ? '' : `${name}="${value.replace(/[\\"\n]/g, escaped)}"`;
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}

function escapeHelp(help: string): string {
  return help.replace(/[\\\n]/g, escaped);
}

function braced(labels: readonly string[]): string {
  return labels.length === 0 ? '' : `{${labels.join(',')}}`;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
