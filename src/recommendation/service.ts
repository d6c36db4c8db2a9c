/** `palate.recommendation.v1.RecommendationService`: the handlers, in terms of the generated types. */

import { RecommendationService, type RecommendRequest } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { defaultPlacements } from '../config/placements.ts';
import type { OnHidden } from '../rpc/answer-by-id.ts';
import type { Call } from '../rpc/call.ts';
import { type BoundService, bindService, onWire } from '../rpc/handlers.ts';
import { encodeAnswer } from './encode-answer.ts';
import { inTime, type Past, recommendInTime } from './past.ts';
import { type ReadCall, whenThere } from './reading.ts';
import { createReads, type ReadsOptions } from './reads.ts';
import { recommendStream } from './recommend-stream.ts';
import { defaultSessionKnnSettings } from './strategies/neighbours.ts';
import { defaultSessionStanSettings } from './strategies/session-stan.ts';

type UnaryRecommend = (request: RecommendRequest, call: ReadCall) => Uint8Array | Promise<Uint8Array>;
type WithDefaults = 'placements' | 'sessionKnn' | 'sessionStan';

export interface RecommendationServiceOptions
  extends Omit<ReadsOptions, WithDefaults>,
    Partial<Pick<ReadsOptions, WithDefaults>> {
  /** Answers requests with `as_of`. Absent: they are AS_OF_UNAVAILABLE. */
  readonly past?: Past | undefined;
  /** Told of the causes that a stream's answers hide. */
  readonly onHidden: OnHidden;
}

/**
 * The service over a state that a feed keeps up to date. One instance serves one thread.
 * @throws PalateError CONFIG_INVALID where an expression of a configured placement does not compile.
 */
export function createRecommendationService(
  options: RecommendationServiceOptions,
): BoundService<typeof RecommendationService> {
  const reads = createReads({
    ...options,
    placements: options.placements ?? defaultPlacements,
    sessionKnn: options.sessionKnn ?? defaultSessionKnnSettings,
    sessionStan: options.sessionStan ?? defaultSessionStanSettings,
  });
  const { past, onHidden } = options;
  const encoded: UnaryRecommend = (request, call) => whenThere(reads.recommend(request, call), encodeAnswer);
  const recommendAtAnyTime = recommendInTime(reads.recommend, past);
  return bindService(RecommendationService, {
    recommend: inTime('recommend', encoded, past),
    recommendStream: onWire((requests: AsyncIterable<Uint8Array>, call: Call) =>
      recommendStream(recommendAtAnyTime, requests, call, onHidden),
    ),
    listSimilarItems: inTime('listSimilarItems', reads.listSimilarItems, past),
    listTrendingItems: inTime('listTrendingItems', reads.listTrendingItems, past),
    rescore: inTime('rescore', reads.rescore, past),
    getProfile: inTime('getProfile', reads.getProfile, past),
    getStateStatus: inTime('getStateStatus', reads.getStateStatus, past),
  });
}
