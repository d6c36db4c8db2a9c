/** What this process does not run itself it passes on to the processes that do. */
import type { DescService } from '@bufbuild/protobuf';
import { GRPCInferenceService } from '../../gen/grpc_service_pb.ts';
import { IngestService } from '../../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { ScoringService } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import type { Config } from '../config.ts';
import type { Part } from '../lifecycle.ts';
import { authorizationOf, channelCredentials, channelOptions } from '../rpc/client/connection.ts';
import type { BoundService } from '../rpc/handlers.ts';
import type { HealthBoard } from '../rpc/health-board.ts';
import { forwardService } from '../rpc/mesh/forward.ts';
import { Peers } from '../rpc/mesh/peers.ts';
import { RetryBudget } from '../rpc/mesh/retry-budget.ts';
import type { Log } from '../telemetry/log.ts';
import { type Meters, measureMesh } from './assemble-metrics.ts';

export interface MeshParts {
  readonly services: readonly BoundService[];
  readonly parts: readonly Part[];
}

/** What callers find on every process. */
const publicServices: readonly DescService[] = [
  IngestService,
  RecommendationService,
  ScoringService,
  GRPCInferenceService,
];

/** The services of others. Where nobody else is known there are none. */
export function meshParts(
  config: Config,
  own: readonly BoundService[],
  health: HealthBoard,
  meters: Meters,
  log: Log,
): MeshParts {
  const elsewhere = publicServices.filter((service) => !own.some((bound) => bound.service === service));
  const addresses = addressesOf(config);
  if (addresses.length === 0 || elsewhere.length === 0) return { services: [], parts: [] };
  const names = elsewhere.map(({ typeName }) => typeName);
  const peers = new Peers({
    addresses,
    services: names,
    credentials: () => channelCredentials(config.peers),
    channelOptions: channelOptions(config.peers),
    log: log.child({ part: 'mesh' }),
  });
  const show = () => {
    for (const name of names) health.setElsewhere(name, peers.serves(name) ? 'SERVING' : 'NOT_SERVING');
  };
  show();
  peers.onChange(show);
  const budget = new RetryBudget();
  measureMesh(meters, () => ({ peers: peers.all, services: names, unserved: peers.unserved, budget }));
  const options = { peers, budget, ownAuthorization: authorizationOf(config.peers) };
  return { services: elsewhere.map((service) => forwardService(service, options)), parts: [peers] };
}

/** A process that follows another knows one at least. */
function addressesOf({ peers, journal: { follow } }: Config): readonly string[] {
  if (peers.addresses.length > 0) return peers.addresses;
  return follow === '' ? [] : [follow];
}
