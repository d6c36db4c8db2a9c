import { gauge, type Labelled, type Metric, type Reading } from './metric.ts';
import { familyText } from './text-format.ts';

interface Group {
  readonly metrics: readonly Metric<never>[];
  readonly source: () => unknown;
}

export interface MetricRegistryOptions {
  /** Told of what could not be read. It is left out of the scrape, and of no other. */
  readonly onUnreadable: (error: unknown) => void;
}

/** The registry's own. */
export const scrapeMetrics: readonly Metric<number>[] = [
  gauge('palate_scrape_unreadable_groups', 'groups', 'Groups of metrics that this scrape could not read.', (n) => n),
];

/** All that a process tells of itself. Parts are asked when somebody wants to know, and at no other time. */
export class MetricRegistry {
  readonly #options: MetricRegistryOptions;
  readonly #groups: Group[] = [];

  constructor(options: MetricRegistryOptions) {
    this.#options = options;
  }

  /** Metrics of one part; `source` is asked once a scrape. */
  add<Source>(metrics: readonly Metric<Source>[], source: () => Source | Promise<Source>): void {
    this.#groups.push({ metrics, source });
  }

  /** Everything, in Prometheus's text format. */
  async text(): Promise<string> {
    const texts = await Promise.all(this.#groups.map((group) => this.#read(group)));
    const unreadable = texts.filter((text) => text === undefined).length;
    return [...texts, ...scrapeMetrics.map((metric) => textOf(metric, unreadable))].join('');
  }

  async #read({ metrics, source }: Group): Promise<string | undefined> {
    try {
      const told = await source();
      return metrics.map((metric) => textOf(metric as Metric<unknown>, told)).join('');
    } catch (error) {
      this.#options.onUnreadable(error);
      return undefined;
    }
  }
}

function textOf<Source>(metric: Metric<Source>, source: Source): string {
  const reading = metric.read(source);
  if (reading === undefined) return '';
  return familyText(metric, isLabelled(reading) ? reading : [{ labels: [], value: reading }]);
}

function isLabelled(reading: Reading | Iterable<Labelled>): reading is Iterable<Labelled> {
  return typeof reading === 'object' && Symbol.iterator in reading;
}
