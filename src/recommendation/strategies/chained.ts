import type { Strategy } from './strategy.ts';

/** One strategy out of several: each fills the places that those before it left free. Its scores keep their own scale. */
export function chained(...strategies: readonly Strategy[]): Strategy {
  return (tenant, query, limit, accept) => {
    const found = [];
    for (const strategy of strategies) {
      if (found.length < limit) found.push(...strategy(tenant, query, limit - found.length, accept));
    }
    return found;
  };
}
