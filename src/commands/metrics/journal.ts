/** What the journal tells: how far it is, how large, and how long the disk takes. */
import type { JournalStatus, JournalWatch } from '../../journal/journal.ts';
import { Histogram, secondsBounds, sizeBounds } from '../../telemetry/metrics/histogram.ts';
import { counter, gauge, histogram, type Metric } from '../../telemetry/metrics/metric.ts';

/** Counts the work of the disk. */
export class JournalWork implements JournalWatch {
  readonly commitSeconds = new Histogram(secondsBounds);
  readonly syncSeconds = new Histogram(secondsBounds);
  readonly groupEvents = new Histogram(sizeBounds);
  bytes = 0;

  committed({ events, bytes, millis }: Parameters<JournalWatch['committed']>[0]): void {
    this.commitSeconds.observe(millis / 1e3);
    this.groupEvents.observe(events);
    this.bytes += bytes;
  }

  synced(millis: number): void {
    this.syncSeconds.observe(millis / 1e3);
  }
}

export interface JournalReadings {
  readonly status: JournalStatus;
  readonly maxPendingBytes: number;
  readonly work: JournalWork;
}

const states = ['open', 'full', 'failed', 'closed'] as const;

export const journalMetrics: readonly Metric<JournalReadings>[] = [
  gauge(
    'palate_journal_state',
    '',
    '1 for the state that the journal is in. full: the last write found no room; failed: only a restart helps.',
    ({ status }) => states.map((state) => ({ labels: [state], value: Number(status.state === state) })),
    ['state'],
  ),
  gauge(
    'palate_journal_durability_info',
    '',
    'Always 1; disk: what is acknowledged is on the disk; os: a power cut may lose the last moments.',
    ({ status }) => [{ labels: [status.durability], value: 1 }],
    ['durability'],
  ),
  gauge(
    'palate_journal_first_sequence',
    'records',
    'Sequence of the first record that is kept.',
    ({ status }) => status.firstSequence,
  ),
  gauge(
    'palate_journal_last_sequence',
    'records',
    'Sequence that was given out last.',
    ({ status }) => status.lastSequence,
  ),
  gauge(
    'palate_journal_durable_sequence',
    'records',
    'Sequence up to which everything is durable.',
    ({ status }) => status.durableSequence,
  ),
  gauge('palate_journal_bytes', 'bytes', 'Size of all segments.', ({ status }) => status.bytes),
  gauge('palate_journal_segments', 'segments', 'Segment files.', ({ status }) => status.segments),
  gauge(
    'palate_journal_pending_bytes',
    'bytes',
    'Events that wait to become durable.',
    ({ status }) => status.pendingBytes,
  ),
  gauge(
    'palate_journal_pending_limit_bytes',
    'bytes',
    'As much may wait; then batches are OVERLOADED.',
    ({ maxPendingBytes }) => maxPendingBytes,
  ),
  gauge(
    'palate_journal_generation',
    'rewrites',
    'Rises by one with each erasure from the journal.',
    ({ status }) => status.generation,
  ),
  counter(
    'palate_journal_written_bytes_total',
    'bytes',
    'Bytes of the groups that became durable.',
    ({ work }) => work.bytes,
  ),
  histogram(
    'palate_journal_commit_duration_seconds',
    'seconds',
    'Groups, and how long each took from the beginning of its writing until it was durable.',
    ({ work }) => work.commitSeconds,
  ),
  histogram(
    'palate_journal_sync_duration_seconds',
    'seconds',
    'Calls of fdatasync, and how long they took.',
    ({ work }) => work.syncSeconds,
  ),
  histogram(
    'palate_journal_group_events',
    'events',
    'Events that became durable together.',
    ({ work }) => work.groupEvents,
  ),
];
