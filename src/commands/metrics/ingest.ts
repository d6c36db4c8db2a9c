/** What came in, and what became of it. */
import type { Acknowledgement } from '../../ingest/publish.ts';
import { Histogram, sizeBounds } from '../../telemetry/metrics/histogram.ts';
import { counter, gauge, histogram, type Metric } from '../../telemetry/metrics/metric.ts';

/** Counts acknowledged batches. */
export class IngestCounts {
  readonly batchEvents = new Histogram(sizeBounds);
  accepted = 0;
  duplicates = 0;
  /** By reason, of which there is a closed list. */
  readonly rejected = new Map<string, number>();

  readonly acknowledged = ({ accepted, duplicates, rejected }: Acknowledgement): void => {
    this.batchEvents.observe(accepted + duplicates + rejected.length);
    this.accepted += accepted;
    this.duplicates += duplicates;
    for (const { reason } of rejected) this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
  };
}

export interface IngestReadings {
  readonly counts: IngestCounts;
  /** Batches that are not acknowledged yet. */
  readonly inFlightBytes: number;
  readonly maxInFlightBytes: number;
  readonly pendingErasures: number;
}

export const ingestMetrics: readonly Metric<IngestReadings>[] = [
  histogram(
    'palate_ingest_batch_events',
    'events',
    'Batches that were acknowledged, by how many events they brought, good or bad.',
    ({ counts }) => counts.batchEvents,
  ),
  counter(
    'palate_ingest_accepted_events_total',
    'events',
    'Events that were taken into the journal.',
    ({ counts }) => counts.accepted,
  ),
  counter(
    'palate_ingest_duplicate_events_total',
    'events',
    'Events that had come before.',
    ({ counts }) => counts.duplicates,
  ),
  counter(
    'palate_ingest_rejected_events_total',
    'events',
    'Events that were not taken, by reason; see docs/errors.md.',
    ({ counts }) => [...counts.rejected].map(([reason, value]) => ({ labels: [reason], value })),
    ['reason'],
  ),
  gauge(
    'palate_ingest_in_flight_bytes',
    'bytes',
    'Batches that are not acknowledged yet, of all callers.',
    ({ inFlightBytes }) => inFlightBytes,
  ),
  gauge(
    'palate_ingest_in_flight_limit_bytes',
    'bytes',
    'As much may be under way; then streams are not read, and Publish is OVERLOADED.',
    ({ maxInFlightBytes }) => maxInFlightBytes,
  ),
  gauge(
    'palate_erasures_pending',
    'erasures',
    'People whose erasure was acknowledged and is not finished; they are masked.',
    ({ pendingErasures }) => pendingErasures,
  ),
];
