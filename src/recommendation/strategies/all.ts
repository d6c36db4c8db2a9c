import type { Strategies } from '../ranking.ts';
import { newestItems } from './catalogue.ts';
import { chained } from './chained.ts';
import { createCoOccurrence } from './co-occurrence.ts';
import type { SessionKnnSettings } from './neighbours.ts';
import { recentItems } from './recent.ts';
import { createSessionKnn } from './session-knn.ts';
import { createSessionStan, type SessionStanSettings } from './session-stan.ts';
import { createSimilarityLists } from './similarity-list.ts';
import { createTrending } from './trending.ts';
import { createVisual } from './visual.ts';

/** One set of strategies for one thread: each keeps arrays of its own between queries. */
export function createStrategies(sessionKnn: SessionKnnSettings, sessionStan: SessionStanSettings): Strategies {
  return {
    session: createSessionKnn(sessionKnn),
    'session-stan': createSessionStan(sessionStan),
    similar: chained(createCoOccurrence(), createSimilarityLists()),
    visual: createVisual(),
    trending: createTrending((tenant) => tenant.trending),
    popular: createTrending((tenant) => tenant.popularity),
    recent: recentItems,
    catalogue: newestItems,
  };
}
