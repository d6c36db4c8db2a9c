/** The loop: what was recommended, seen and clicked. */
import type {
  RecommendationClicked,
  RecommendationSeen,
  RecommendationServed,
} from '../../../../gen/palate/event/v1/loop_pb.ts';
import { signalWeights } from '../signal-weights.ts';
import type { TenantState } from '../tenant-state.ts';
import type { Occasion } from './occasion.ts';
import { enterSession, visit } from './visit.ts';

export const loopAppliers = {
  recommendationServed(tenant: TenantState, occasion: Occasion, value: RecommendationServed): void {
    enterSession(tenant, occasion, false);
    const items = Int32Array.from(value.items, (served) => tenant.catalogue.intern(served.itemId));
    const positions = Int32Array.from(value.items, (served, i) => served.position ?? i + 1);
    const strategies = value.items.map((served) => served.strategy);
    tenant.loop.serve(value.recommendationId, value.placement, items, positions, strategies);
  },

  recommendationSeen(tenant: TenantState, occasion: Occasion, value: RecommendationSeen): void {
    enterSession(tenant, occasion, false);
    tenant.loop.see(value.recommendationId, value.positions);
  },

  recommendationClicked(tenant: TenantState, occasion: Occasion, value: RecommendationClicked): void {
    const item = tenant.catalogue.intern(value.itemId);
    visit(tenant, occasion, item, signalWeights.click);
    tenant.loop.click(value.recommendationId, item);
  },
};
