/** What panels are made of, and the queries that most of them ask. */

export interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  /** What to look for. */
  readonly about: string;
  readonly queries: readonly Query[];
  readonly kind?: 'timeseries' | 'stat';
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Of the processes that are chosen above. */
const chosen = 'job="$job",instance=~"$instance"';
const window = '$__rate_interval';

export const of = (metric: string, labels = '') =>
  `${metric}{${[chosen, labels].filter((text) => text !== '').join(',')}}`;
export const rate = (metric: string, labels?: string) => `rate(${of(metric, labels)}[${window}])`;
export const sum = (expr: string, by = '') => (by === '' ? `sum(${expr})` : `sum by (${by}) (${expr})`);
export const quantile = (share: number, metric: string, by = '', labels?: string) =>
  `histogram_quantile(${share}, ${sum(rate(`${metric}_bucket`, labels), by === '' ? 'le' : `le, ${by}`)})`;
export const q = (expr: string, legend = ''): Query => ({ expr, legend });

export const calls = 'rpc_server_call_duration_seconds';
/** Calls from outside; those within the process are parts of them. */
export const outside = 'rpc_system_name!="in_process"';
export const methodOf = (name: string) => `rpc_method=~"palate.+/${name}",${outside}`;
