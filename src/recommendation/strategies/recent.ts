import { newestDifferent } from './co-occurrence.ts';
import type { Candidate, Strategy } from './strategy.ts';

/** What the session looked at, newest first: to go on where one left off. The n-th item's score is 1/n. */
export const recentItems: Strategy = (_tenant, query, limit, accept) => {
  const found: Candidate[] = [];
  for (const [at, item] of newestDifferent(query.session, query.session.length).entries()) {
    if (accept(item))
      found.push({ item, score: 1 / (at + 1), evidence: query.explain ? { kind: 'recent' } : undefined });
    if (found.length === limit) break;
  }
  return found;
};
