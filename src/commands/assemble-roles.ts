/** The services that an owner of a journal and a follower have alike. */

import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { parsePlacement } from '../config/placements.ts';
import type { Config } from '../config.ts';
import type { Part } from '../lifecycle.ts';
import { createRecommendationService } from '../recommendation/service.ts';
import type { StateFeed } from '../recommendation/state-feed.ts';
import { createMemoryClient } from '../rpc/client/memory-client.ts';
import type { BoundService } from '../rpc/handlers.ts';
import type { HealthBoard } from '../rpc/health-board.ts';
import type { Log } from '../telemetry/log.ts';
import type { Meters } from './assemble-metrics.ts';
import type { PastParts } from './assemble-past.ts';
import type { ScoringNeighbours, ScoringParts } from './assemble-scoring.ts';
import { sessionKnnSettings, sessionStanSettings } from './settings.ts';

/** The services of a process with the parts that carry them, in the order of their start. */
export interface Services {
  readonly services: readonly BoundService[];
  readonly parts: readonly Part[];
  readonly health: HealthBoard;
}

/** The scorer, which is loaded only where it runs: its libraries take their time. */
export async function scoringRole(
  config: Config,
  source: Pick<ScoringNeighbours, 'ingest' | 'journal'>,
  services: readonly BoundService[],
  log: Log,
  meters: Meters,
): Promise<ScoringParts> {
  const { scoringParts } = await import('./assemble-scoring.ts');
  const bound = services.find(({ service }) => service === RecommendationService) as
    | BoundService<typeof RecommendationService>
    | undefined;
  const recommendation = bound && createMemoryClient(bound);
  return scoringParts(config, { ...source, recommendation }, log, meters);
}

/** The recommender's service over a state, whoever folds it. */
export function recommendationService(
  config: Config,
  feed: StateFeed,
  log: Log,
  past?: Pick<PastParts, 'shadow'>,
): BoundService {
  const shadow = past?.shadow;
  return createRecommendationService({
    feed,
    past: config.recommendation.timeTravel === 'allow' ? shadow : undefined,
    // A follower's digest tells of the state that answers, and no other.
    findDigest: shadow && config.journal.follow === '' ? (sequence, call) => shadow.digest(sequence, call) : undefined,
    placements: config.recommendation.placements,
    parsePlacement,
    onInvalidPlacement: (name, error) => log.warn({ placement: name, error }, 'a placement from an event is not valid'),
    sessionKnn: sessionKnnSettings(config),
    sessionStan: sessionStanSettings(config),
    onHidden: (errorId, error) => log.error({ error, errorId }, 'a request on a stream failed'),
  });
}
