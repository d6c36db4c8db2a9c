/** What a process tells of those that it passes calls on to. */
import type { Peer } from '../../rpc/mesh/peer.ts';
import type { RetryBudget } from '../../rpc/mesh/retry-budget.ts';
import { counter, gauge, type Labelled, type Metric } from '../../telemetry/metrics/metric.ts';

export interface MeshReadings {
  /** Those that are named now: there is a bound to them. */
  readonly peers: readonly Peer[];
  /** Services that are passed on. */
  readonly services: readonly string[];
  readonly unserved: ReadonlyMap<string, number>;
  readonly budget: Pick<RetryBudget, 'attempts'>;
}

export const meshMetrics: readonly Metric<MeshReadings>[] = [
  gauge(
    'palate_mesh_peer_up',
    '',
    '1: the process is heard of; 0: it is away. This process may be among them.',
    ({ peers }) => eachPeer(peers, ({ isThere }) => Number(isThere)),
    ['peer'],
  ),
  gauge(
    'palate_mesh_peer_serving',
    '',
    '1: the process runs the service itself, and takes calls for it.',
    ({ peers, services }) =>
      peers.flatMap((peer) =>
        services.map((service) => ({ labels: [peer.address.target, service], value: Number(peer.serves(service)) })),
      ),
    ['peer', 'service'],
  ),
  gauge(
    'palate_mesh_calls',
    'calls',
    'Calls under way at each other process, streams among them.',
    ({ peers }) => eachPeer(peers, ({ calls }) => calls.underWay),
    ['peer'],
  ),
  counter(
    'palate_mesh_calls_total',
    'calls',
    'Calls that were passed on and have ended, by status; each attempt is one, and a stream counts when it ends.',
    ({ peers }) => peers.flatMap(endedCalls),
    ['peer', 'rpc_status_code'],
  ),
  counter(
    'palate_mesh_second_attempts_total',
    'attempts',
    'Calls that were tried once more, with another process where there was one.',
    ({ budget }) => budget.attempts.granted,
  ),
  counter(
    'palate_mesh_denied_attempts_total',
    'attempts',
    'Calls that were not tried once more since too many before had failed: the budget of second attempts was used up.',
    ({ budget }) => budget.attempts.denied,
  ),
  counter(
    'palate_mesh_unserved_calls_total',
    'calls',
    'Calls for a service that nobody served for a second; they failed with UNREACHABLE.',
    ({ unserved }) => [...unserved].map(([service, value]) => ({ labels: [service], value })),
    ['service'],
  ),
];

function eachPeer(peers: readonly Peer[], value: (peer: Peer) => number): Labelled[] {
  return peers.map((peer) => ({ labels: [peer.address.target], value: value(peer) }));
}

function endedCalls({ address, calls }: Peer): Labelled[] {
  return [...calls.ended].map(([code, value]) => ({ labels: [address.target, code], value }));
}
