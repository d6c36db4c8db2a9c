import { calls, of, outside, q, quantile, type Row, rate, sum } from './queries.ts';

export const overview: Row = {
  title: 'Overview',
  panels: [
    {
      title: 'Services',
      unit: 'short',
      kind: 'stat',
      about: '1: it answers.',
      queries: [q(`min by (service) (${of('palate_service_serving')})`, '{{service}}')],
    },
    {
      title: 'Versions',
      unit: 'short',
      kind: 'stat',
      about: 'Processes by version and roles.',
      queries: [q(`count by (version, roles) (${of('palate_build_info')})`, '{{version}} {{roles}}')],
    },
    {
      title: 'Calls a second',
      unit: 'reqps',
      about: 'By method; streams count when they end.',
      queries: [q(sum(rate(`${calls}_count`, outside), 'rpc_method'), '{{rpc_method}}')],
    },
    {
      title: 'Failed calls a second',
      unit: 'reqps',
      about: 'error_type is there where the server failed; the other codes are the caller’s doing.',
      queries: [
        q(
          sum(rate(`${calls}_count`, `${outside},error_type!=""`), 'rpc_method, error_type'),
          '{{rpc_method}} {{error_type}}',
        ),
        q(
          sum(rate(`${calls}_count`, `${outside},rpc_status_code!~"OK|",error_type=""`), 'rpc_status_code'),
          'refused: {{rpc_status_code}}',
        ),
      ],
    },
    {
      title: 'Duration, p99',
      unit: 's',
      about: 'Of calls with one answer, by method.',
      queries: [
        q(
          quantile(0.99, calls, 'rpc_method', `${outside},rpc_method!~".+(Stream|Subscribe|Watch|Info)"`),
          '{{rpc_method}}',
        ),
      ],
    },
    {
      title: 'Open',
      unit: 'short',
      about: 'Calls under way, streams among them, and connections.',
      queries: [
        q(sum(of('palate_rpc_calls')), 'calls'),
        q(sum(of('palate_rpc_connections'), 'port'), 'connections {{port}}'),
      ],
    },
  ],
};
