import type { Popularity } from '../fold/popularity.ts';
import type { TenantState } from '../fold/tenant-state.ts';
import type { Accept, Candidate, Evidence, Query, Strategy } from './strategy.ts';

/** What people do most, of late: by signals whose weight halves with time, in all or in a category. */
export function createTrending(popularityOf: (tenant: TenantState) => Popularity): Strategy {
  return (tenant, query, limit, accept) => {
    const popularity = popularityOf(tenant);
    const { category, only } = query;
    const items =
      only === undefined ? popularity.top(category, limit, accept) : topOf(popularity, category, only, limit, accept);
    const evidence: Evidence | undefined = query.explain ? { kind: 'popular', category } : undefined;
    return items.map((item): Candidate => ({ item, score: popularity.scoreOf(item, category), evidence }));
  };
}

/** The same of a few items, without a walk over all. */
function topOf(popularity: Popularity, category: string, only: Query['only'], limit: number, accept: Accept): number[] {
  const scored = (only ?? []).map((item) => ({ item, score: popularity.scoreOf(item, category) }));
  const inOrder = scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score || a.item - b.item);
  const found: number[] = [];
  for (const { item } of inOrder) {
    if (accept(item)) found.push(item);
    if (found.length === limit) break;
  }
  return found;
}
