/** What a server tells of itself: what it is, what serves, what is open. */
import type { ServerCertificate } from '../../access/server-certificate.ts';
import type { HealthBoard } from '../../rpc/health-board.ts';
import type { RpcCounts } from '../../rpc/server/rpc-server.ts';
import type { LogCounts } from '../../telemetry/log-rate.ts';
import { counter, gauge, type Metric } from '../../telemetry/metrics/metric.ts';

export interface ServerReadings {
  readonly version: string;
  readonly roles: readonly string[];
  readonly health: Pick<HealthBoard, 'list'>;
  readonly open: RpcCounts;
  readonly log: LogCounts | undefined;
  /** Undefined: there is no TLS. */
  readonly certificate: Pick<ServerCertificate, 'expiresAtMillis'> | undefined;
}

export const serverMetrics: readonly Metric<ServerReadings>[] = [
  gauge(
    'palate_build_info',
    '',
    'Always 1; the version of Palate and of Node, and the roles of the process.',
    ({ version, roles }) => [{ labels: [version, process.version, roles.join(',')], value: 1 }],
    ['version', 'node_version', 'roles'],
  ),
  gauge(
    'palate_service_serving',
    '',
    '1: the service answers; 0: it does not, or the process is going.',
    ({ health }) =>
      [...health.list()]
        .filter(([service]) => service !== '')
        .map(([service, status]) => ({ labels: [service], value: Number(status === 'SERVING') })),
    ['service'],
  ),
  gauge('palate_rpc_calls', 'calls', 'Calls under way, streams among them.', ({ open }) => open.calls),
  gauge(
    'palate_rpc_connections',
    'connections',
    'Open connections by port.',
    ({ open }) => [
      { labels: ['grpc'], value: open.grpcConnections },
      { labels: ['http'], value: open.httpConnections },
    ],
    ['port'],
  ),
  gauge(
    'palate_certificate_expiry_timestamp_seconds',
    'seconds',
    'When the certificate that both ports show expires, since 1970; absent without TLS.',
    ({ certificate }) => certificate && certificate.expiresAtMillis / 1e3,
  ),
  counter(
    'palate_log_lines_total',
    'lines',
    'Lines of the log by level.',
    ({ log }) => log && Object.entries(log.written).map(([level, value]) => ({ labels: [level], value })),
    ['level'],
  ),
  counter(
    'palate_log_left_out_lines_total',
    'lines',
    'Lines that were left out because the same message came too often; how many is in the log.',
    ({ log }) => log?.leftOut,
  ),
];
