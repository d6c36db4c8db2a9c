import { nowMicros } from '../events/timestamp.ts';
import { createConditionCache } from '../expressions/condition-cache.ts';
import { listSimilarItems, listTrendingItems } from './lists.ts';
import { createPlacements, type PlacementSettings, type Placements } from './placements.ts';
import { getProfile } from './profile.ts';
import type { Reading } from './reading.ts';
import { recommend } from './recommend.ts';
import { rescore } from './rescore.ts';
import type { StateFeed } from './state-feed.ts';
import { createStateStatus, type FindDigest } from './state-status.ts';
import { createStrategies } from './strategies/all.ts';
import type { SessionKnnSettings } from './strategies/neighbours.ts';
import type { SessionStanSettings } from './strategies/session-stan.ts';

export interface ReadsOptions {
  readonly feed: StateFeed;
  readonly placements: Placements;
  /** Reads a placement from the JSON of a `ConfigChanged` event; throws where it is not valid. */
  readonly parsePlacement: (name: string, bodyJson: string) => PlacementSettings;
  /** Told of an event whose placement is not valid. */
  readonly onInvalidPlacement?: (name: string, error: unknown) => void;
  readonly sessionKnn: SessionKnnSettings;
  readonly sessionStan: SessionStanSettings;
  /** Microseconds since 1970. Default: the wall clock. */
  readonly now?: (() => number) | undefined;
  /** Finds a state's digest elsewhere. Default: this thread computes it. */
  readonly findDigest?: FindDigest | undefined;
}

/** The unary reads over one state, by the local names of their methods. */
export type Reads = ReturnType<typeof createReads>;
export type ReadMethod = keyof Reads;

/**
 * The handlers, for the present state or for a past one.
 * @throws PalateError CONFIG_INVALID where an expression of a configured placement does not compile.
 */
export function createReads(options: ReadsOptions) {
  const reading = readingOf(options);
  return {
    recommend: bound(recommend, reading),
    listSimilarItems: bound(listSimilarItems, reading),
    listTrendingItems: bound(listTrendingItems, reading),
    rescore: bound(rescore, reading),
    getProfile: bound(getProfile, reading),
    getStateStatus: createStateStatus(reading, options.findDigest),
  };
}

function bound<Request, Call, Answer>(
  read: (reading: Reading, request: Request, call: Call) => Answer,
  reading: Reading,
) {
  return (request: Request, call: Call) => read(reading, request, call);
}

function readingOf({
  feed,
  placements,
  parsePlacement,
  onInvalidPlacement,
  now,
  ...strategies
}: ReadsOptions): Reading {
  const compile = createConditionCache();
  const findPlacement = createPlacements({
    configured: placements,
    compile,
    parse: parsePlacement,
    ...(onInvalidPlacement === undefined ? {} : { onInvalid: onInvalidPlacement }),
  });
  return {
    feed,
    placements: findPlacement,
    strategies: createStrategies(strategies.sessionKnn, strategies.sessionStan),
    compile,
    now: now ?? nowMicros,
  };
}
