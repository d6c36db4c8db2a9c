import type { RecommendRequest } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { newUuid } from '../events/uuid.ts';
import { answerItem } from './answer.ts';
import type { Placement } from './placements.ts';
import { type Ranking, rank } from './ranking.ts';
import { emptyRanking, type ReadCall, type Reading, type Snapshot, stateFor, whenThere } from './reading.ts';
import { fewestJudged } from './selection.ts';
import { resolveSubject } from './subject.ts';

/** What `Recommend` and `RecommendStream` ask alike. */
export type RecommendQuestion = Omit<RecommendRequest, '$typeName' | '$unknown'>;

/**
 * Answers `Recommend`.
 * @throws PalateError UNKNOWN_PLACEMENT, INVALID_FILTER, AS_OF_UNAVAILABLE, STATE_BEHIND.
 */
export function recommend(reading: Reading, request: RecommendQuestion, call: ReadCall) {
  return whenThere(stateFor(reading.feed, request, call), (snapshot) => {
    const { tenant, sequence } = snapshot;
    const placement = reading.placements(tenant, request.placement);
    const { items, incomplete } = ranking(reading, request, placement, snapshot);
    return {
      recommendationId: newUuid(Math.floor(reading.now() / 1e3)),
      items: tenant === undefined ? [] : items.map((item) => answerItem(tenant, item)),
      sequence,
      incomplete,
    };
  });
}

function ranking(reading: Reading, request: RecommendQuestion, placement: Placement, { tenant }: Snapshot): Ranking {
  const conditions = [...placement.conditions];
  if (request.filter !== '') conditions.push(reading.compile(request.filter));
  if (tenant === undefined) return emptyRanking;
  const { settings, chain, boosts } = placement;
  return rank(tenant, reading.strategies, {
    chain,
    boosts,
    conditions,
    subject: resolveSubject(tenant, request),
    limit: request.limit ?? settings.limit,
    excludeCurrent: request.excludeCurrent ?? settings.excludeCurrent,
    excludeSeen: settings.excludeSeen,
    explain: request.explain,
    only: undefined,
    skip: 0,
    fewestJudged,
    nowMicros: reading.now(),
  });
}
