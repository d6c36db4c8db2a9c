import { of, q, quantile, type Row, rate, sum } from './queries.ts';

export const runtime: Row = {
  title: 'Runtime',
  panels: [
    {
      title: 'Processor',
      unit: 'percentunit',
      about: 'Cores in use, by all threads; and the share of time for which the event loop is busy.',
      queries: [
        q(rate('process_cpu_seconds_total'), 'cores {{instance}}'),
        q(rate('nodejs_eventloop_time_seconds_total', 'nodejs_eventloop_state="active"'), 'event loop {{instance}}'),
      ],
    },
    {
      title: 'Event-loop delay',
      unit: 's',
      about: 'What something that happens at any moment waits for.',
      queries: [
        q(quantile(0.5, 'nodejs_eventloop_delay_seconds', 'instance'), 'p50 {{instance}}'),
        q(quantile(0.99, 'nodejs_eventloop_delay_seconds', 'instance'), 'p99 {{instance}}'),
      ],
    },
    {
      title: 'Garbage collection',
      unit: 'percentunit',
      about: 'Share of the main thread’s time, by kind.',
      queries: [q(rate('v8js_gc_duration_seconds_sum'), '{{v8js_gc_type}} {{instance}}')],
    },
    {
      title: 'Garbage collection, longest stops',
      unit: 's',
      about: 'p99 by kind.',
      queries: [q(quantile(0.99, 'v8js_gc_duration_seconds', 'v8js_gc_type'), '{{v8js_gc_type}}')],
    },
    {
      title: 'Memory',
      unit: 'bytes',
      about: 'Of the process, and of its typed arrays, in which the state lies.',
      queries: [
        q(of('process_resident_memory_bytes'), 'resident {{instance}}'),
        q(of('nodejs_memory_array_buffers_bytes'), 'typed arrays {{instance}}'),
        q(of('nodejs_memory_external_bytes'), 'outside the heap {{instance}}'),
      ],
    },
    {
      title: 'Heap',
      unit: 'bytes',
      about: 'By space: in use, and taken.',
      queries: [
        q(sum(of('v8js_memory_heap_used_bytes'), 'v8js_heap_space_name'), '{{v8js_heap_space_name}}'),
        q(sum(of('v8js_memory_heap_limit_bytes')), 'taken, in all'),
      ],
    },
    {
      title: 'Files and uptime',
      unit: 'short',
      about: 'Open files and connections; hours since the start; days until the certificate expires.',
      queries: [
        q(of('process_open_fds'), 'files {{instance}}'),
        q(`(time() - ${of('process_start_time_seconds')}) / 3600`, 'hours {{instance}}'),
        q(
          `(${of('palate_certificate_expiry_timestamp_seconds')} - time()) / 86400`,
          'days of the certificate {{instance}}',
        ),
      ],
    },
    {
      title: 'Log',
      unit: 'short',
      about: 'Lines a second by level, and those left out because the same message came too often.',
      queries: [
        q(sum(rate('palate_log_lines_total'), 'level'), '{{level}}'),
        q(sum(rate('palate_log_left_out_lines_total')), 'left out'),
        q(sum(of('palate_scrape_unreadable_groups')), 'metrics not read'),
      ],
    },
  ],
};
