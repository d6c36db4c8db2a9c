import { explain } from './explanation.ts';
import type { TenantState } from './fold/tenant-state.ts';
import type { RankedItem } from './ranking.ts';

/** A ranked item as `palate.recommendation.v1.RecommendedItem` has it. */
export function answerItem(tenant: TenantState, ranked: RankedItem) {
  return {
    itemId: tenant.catalogue.idOf(ranked.item),
    score: ranked.score,
    strategy: ranked.strategy as string,
    reasons: explain(tenant, ranked.evidence),
  };
}

export type AnswerItem = ReturnType<typeof answerItem>;
