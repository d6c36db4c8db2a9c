import { of, q, quantile, type Row, rate, sum } from './queries.ts';

export const ingest: Row = {
  title: 'Ingest',
  panels: [
    {
      title: 'Events a second',
      unit: 'short',
      about: 'Taken in, and sent once more.',
      queries: [
        q(sum(rate('palate_ingest_accepted_events_total')), 'accepted'),
        q(sum(rate('palate_ingest_duplicate_events_total')), 'duplicates'),
      ],
    },
    {
      title: 'Rejected events a second',
      unit: 'short',
      about: 'By reason; docs/errors.md says what each asks for.',
      queries: [q(sum(rate('palate_ingest_rejected_events_total'), 'reason'), '{{reason}}')],
    },
    {
      title: 'Events in a batch and in a group',
      unit: 'short',
      about: 'As callers send them, and as they become durable together.',
      queries: [
        q(quantile(0.5, 'palate_ingest_batch_events'), 'batch, p50'),
        q(quantile(0.99, 'palate_ingest_batch_events'), 'batch, p99'),
        q(quantile(0.5, 'palate_journal_group_events'), 'group, p50'),
        q(quantile(0.99, 'palate_journal_group_events'), 'group, p99'),
      ],
    },
    {
      title: 'Disk',
      unit: 's',
      about: 'fdatasync, and a whole group with it.',
      queries: [
        q(quantile(0.5, 'palate_journal_sync_duration_seconds'), 'fdatasync, p50'),
        q(quantile(0.99, 'palate_journal_sync_duration_seconds'), 'fdatasync, p99'),
        q(quantile(0.99, 'palate_journal_commit_duration_seconds'), 'group, p99'),
      ],
    },
    {
      title: 'In flight, of what may be',
      unit: 'percentunit',
      about: 'At 1, callers are held back or told to come again.',
      queries: [
        q(
          `${of('palate_ingest_in_flight_bytes')} / ${of('palate_ingest_in_flight_limit_bytes')}`,
          'batches {{instance}}',
        ),
        q(
          `${of('palate_journal_pending_bytes')} / ${of('palate_journal_pending_limit_bytes')}`,
          'for the disk {{instance}}',
        ),
      ],
    },
    {
      title: 'Journal',
      unit: 'bytes',
      about: 'Its size, and what is written in a second.',
      queries: [
        q(of('palate_journal_bytes'), 'size {{instance}}'),
        q(rate('palate_journal_written_bytes_total'), 'a second {{instance}}'),
      ],
    },
    {
      title: 'Journal: segments and rewrites',
      unit: 'short',
      about: 'The generation rises with each erasure.',
      queries: [
        q(of('palate_journal_segments'), 'segments {{instance}}'),
        q(of('palate_journal_generation'), 'generation {{instance}}'),
        q(`${of('palate_journal_state')} == 1`, '{{state}} {{instance}}'),
        q(of('palate_journal_durability_info'), 'durability {{durability}} {{instance}}'),
      ],
    },
    {
      title: 'Sequences',
      unit: 'short',
      about: 'Given out and not durable yet; kept.',
      queries: [
        q(
          `${of('palate_journal_last_sequence')} - ${of('palate_journal_durable_sequence')}`,
          'not durable {{instance}}',
        ),
        q(`${of('palate_journal_durable_sequence')} - ${of('palate_journal_first_sequence')}`, 'kept {{instance}}'),
      ],
    },
    {
      title: 'Erasures',
      unit: 'short',
      about: 'Acknowledged and masked, and not finished.',
      queries: [q(of('palate_erasures_pending'), '{{instance}}')],
    },
  ],
};
