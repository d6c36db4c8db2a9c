import { calls, methodOf, of, q, quantile, type Row, rate } from './queries.ts';

export const recommend: Row = {
  title: 'Recommend',
  panels: [
    {
      title: 'Recommend, duration',
      unit: 's',
      about: 'Aim: p99 below 5 ms.',
      queries: [0.5, 0.9, 0.99].map((share) => q(quantile(share, calls, '', methodOf('Recommend')), `p${share * 100}`)),
    },
    {
      title: 'Behind the journal',
      unit: 's',
      about: 'How long ago the state had all of the journal.',
      queries: [q(of('palate_state_lag_seconds'), '{{instance}}')],
    },
    {
      title: 'Records behind',
      unit: 'short',
      about: 'Durable, and not folded yet.',
      queries: [
        q(of('palate_state_lag_records'), '{{instance}}'),
        q(of('palate_state_current'), 'current {{instance}}'),
      ],
    },
    {
      title: 'Folded a second',
      unit: 'short',
      about: 'Records; what could not be read is passed over and told in the log.',
      queries: [
        q(rate('palate_state_folded_records_total'), '{{instance}}'),
        q(rate('palate_state_unreadable_records_total'), 'unreadable {{instance}}'),
      ],
    },
    {
      title: 'What the state holds',
      unit: 'short',
      about: 'Over all tenants.',
      queries: [
        q(of('palate_state_items'), 'items {{instance}}'),
        q(of('palate_state_people'), 'people {{instance}}'),
        q(of('palate_state_sessions'), 'sessions {{instance}}'),
        q(of('palate_state_tenants'), 'tenants {{instance}}'),
        q(of('palate_state_events'), 'events {{instance}}'),
        q(of('palate_state_categories'), 'categories {{instance}}'),
      ],
    },
    {
      title: 'Memory of the state',
      unit: 'bytes',
      about:
        'Typed arrays by part, over all tenants. Descriptions, carts, orders and meals are in the heap, with everything else.',
      queries: [q(of('palate_state_bytes'), '{{part}} {{instance}}')],
    },
    {
      title: 'Left for others',
      unit: 'short',
      about:
        'A second: items and people that the bounds of the state pushed out, and categories for which there was no room.',
      queries: [
        q(rate('palate_state_evicted_items_total'), 'items {{instance}}'),
        q(rate('palate_state_evicted_people_total'), 'people {{instance}}'),
        q(rate('palate_state_refused_categories_total'), 'categories {{instance}}'),
      ],
    },
    {
      title: 'Snapshots',
      unit: 's',
      about: 'Age of the last one that the process wrote, and how long its last replay took.',
      queries: [
        q(`time() - (${of('palate_snapshot_written_timestamp_seconds')} > 0)`, 'age {{instance}}'),
        q(of('palate_state_replay_seconds'), 'replay {{instance}}'),
      ],
    },
    {
      title: 'Since the last snapshot',
      unit: 'short',
      about: 'Records that the next start folds again; requests that wait for the shadow fold.',
      queries: [
        q(of('palate_snapshot_missed_records'), 'records {{instance}}'),
        q(of('palate_shadow_requests'), 'shadow {{instance}}'),
        q(`${of('palate_state_sequence')} - ${of('palate_snapshot_sequence')}`, 'folded since {{instance}}'),
      ],
    },
    {
      title: 'Snapshot size',
      unit: 'bytes',
      about: 'What the state held then.',
      queries: [q(of('palate_snapshot_bytes'), '{{instance}}')],
    },
  ],
};
