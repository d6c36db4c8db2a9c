/** `palate.recommendation.v1.RecommendationService`: the handlers, in terms of the generated types. */

import { RecommendationService } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { defaultPlacements } from '../config/placements.ts';
import { nowMicros } from '../events/timestamp.ts';
import { createConditionCache } from '../expressions/condition-cache.ts';
import type { Call } from '../rpc/call.ts';
import { type BoundService, bindService, onWire } from '../rpc/handlers.ts';
import { listSimilarItems, listTrendingItems } from './lists.ts';
import { createPlacements, type PlacementSettings, type Placements } from './placements.ts';
import { getProfile } from './profile.ts';
import type { Reading } from './reading.ts';
import { recommend } from './recommend.ts';
import { type OnHidden, recommendStream } from './recommend-stream.ts';
import { rescore } from './rescore.ts';
import type { StateFeed } from './state-feed.ts';
import { createStateStatus } from './state-status.ts';
import { createStrategies } from './strategies/all.ts';
import { defaultSessionKnnSettings, type SessionKnnSettings } from './strategies/neighbours.ts';
import { defaultSessionStanSettings, type SessionStanSettings } from './strategies/session-stan.ts';

export interface RecommendationServiceOptions {
  readonly feed: StateFeed;
  /** From the configuration. Default: those that Palate ships. */
  readonly placements?: Placements;
  /** Reads a placement from the JSON of a `ConfigChanged` event; throws where it is not valid. */
  readonly parsePlacement: (name: string, bodyJson: string) => PlacementSettings;
  /** Told of an event whose placement is not valid. */
  readonly onInvalidPlacement?: (name: string, error: unknown) => void;
  readonly sessionKnn?: SessionKnnSettings;
  readonly sessionStan?: SessionStanSettings;
  /** Microseconds since 1970. Default: the wall clock. */
  readonly now?: () => number;
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
  const reading = readingOf(options);
  const stateStatus = createStateStatus(reading);
  return bindService(RecommendationService, {
    recommend: (request, call) => recommend(reading, request, call),
    recommendStream: onWire((requests: AsyncIterable<Uint8Array>, call: Call) =>
      recommendStream(reading, requests, call, options.onHidden),
    ),
    listSimilarItems: (request, call) => listSimilarItems(reading, request, call),
    listTrendingItems: (request, call) => listTrendingItems(reading, request, call),
    rescore: (request, call) => rescore(reading, request, call),
    getProfile: (request, call) => getProfile(reading, request, call),
    getStateStatus: (request, call) => stateStatus(request, call),
  });
}

function readingOf(options: RecommendationServiceOptions): Reading {
  const compile = createConditionCache();
  const { feed, now = nowMicros, parsePlacement, onInvalidPlacement } = options;
  const placements = createPlacements({
    configured: options.placements ?? defaultPlacements,
    compile,
    parse: parsePlacement,
    ...(onInvalidPlacement === undefined ? {} : { onInvalid: onInvalidPlacement }),
  });
  const strategies = createStrategies(
    options.sessionKnn ?? defaultSessionKnnSettings,
    options.sessionStan ?? defaultSessionStanSettings,
  );
  return { feed, placements, strategies, compile, now };
}
