import { of, q, type Row, rate, sum } from './queries.ts';

export const mesh: Row = {
  title: 'Mesh',
  panels: [
    {
      title: 'Other processes',
      unit: 'short',
      about: '1: it is heard of; and how many run each service, as each process sees it.',
      queries: [
        q(`min by (peer) (${of('palate_mesh_peer_up')})`, 'up {{peer}}'),
        q(sum(of('palate_mesh_peer_serving'), 'instance, service'), '{{service}} seen by {{instance}}'),
      ],
    },
    {
      title: 'Calls passed on, a second',
      unit: 'reqps',
      about: 'By where they went and how they ended; streams count when they end.',
      queries: [
        q(sum(rate('palate_mesh_calls_total'), 'peer, rpc_status_code'), '{{peer}} {{rpc_status_code}}'),
        q(sum(of('palate_mesh_calls'), 'peer'), 'under way {{peer}}'),
      ],
    },
    {
      title: 'Second attempts a second',
      unit: 'reqps',
      about: 'Calls tried once more; those that were not since the budget was used up; and calls that nobody serves.',
      queries: [
        q(sum(rate('palate_mesh_second_attempts_total')), 'tried again'),
        q(sum(rate('palate_mesh_denied_attempts_total')), 'denied'),
        q(sum(rate('palate_mesh_unserved_calls_total'), 'service'), 'unserved {{service}}'),
      ],
    },
  ],
};
