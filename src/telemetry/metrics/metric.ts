/** What a metric is: a row of a table, with the way to read it from the part that it tells of. */

/** As Prometheus names them. A summary has a sum and a count here, and no quantiles. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

/** How often something happened, and the sum of what was seen. */
export interface Tally {
  readonly count: number;
  readonly sum: number;
}

/** What was seen, by size: `counts` has one place a bound (at most that much), and one more for what lies above. */
export interface Distribution {
  readonly bounds: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
  readonly sum: number;
}

/** What is read: a number of counters and gauges, a distribution of histograms, a tally of summaries. */
export type Reading = number | Distribution | Tally;

/** A reading, with the values of the metric's labels in their order. '' is as good as no label. */
export interface Labelled {
  readonly labels: readonly string[];
  readonly value: Reading;
}

export interface MetricHead {
  /** By the conventions of Prometheus: what it is of first, the unit last, `_total` behind a counter's. */
  readonly name: string;
  readonly type: MetricType;
  /** `seconds`, `bytes`, or what is counted. */
  readonly unit: string;
  readonly labels: readonly string[];
  /** One sentence. */
  readonly help: string;
}

/** A metric of a part, of which `Source` is told at each scrape. */
export interface Metric<Source> extends MetricHead {
  /** Undefined: there is nothing to tell now. */
  readonly read: (source: Source) => Reading | Iterable<Labelled> | undefined;
}

/** What all rows say, in their order: name, unit, help, labels where there are any, and how to read it. */
type Row<Source> = readonly [name: string, unit: string, help: string, read: Metric<Source>['read'], labels?: string[]];

export function counter<Source>(...row: Row<Source>): Metric<Source> {
  return metricOf('counter', row);
}

export function gauge<Source>(...row: Row<Source>): Metric<Source> {
  return metricOf('gauge', row);
}

export function histogram<Source>(...row: Row<Source>): Metric<Source> {
  return metricOf('histogram', row);
}

export function summary<Source>(...row: Row<Source>): Metric<Source> {
  return metricOf('summary', row);
}

function metricOf<Source>(type: MetricType, [name, unit, help, read, labels = []]: Row<Source>): Metric<Source> {
  return { name, type, unit, labels, help, read };
}
