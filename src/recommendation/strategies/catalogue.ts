import type { Candidate, Strategy } from './strategy.ts';

/**
 * The newest items: the last resort, so that a placement is not empty while there is anything to show. The n-th item's
 * score is 1/n. It has no opinion on a list that the caller gives.
 */
export const newestItems: Strategy = (tenant, query, limit, accept) => {
  if (query.only !== undefined) return [];
  const evidence = query.explain ? ({ kind: 'new' } as const) : undefined;
  const items = tenant.catalogue.newest(limit, accept);
  return items.map((item, at): Candidate => ({ item, score: 1 / (at + 1), evidence }));
};
