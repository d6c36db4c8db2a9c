/** The loop: what was recommended, seen and clicked. */
import type {
  RecommendationClicked,
  RecommendationSeen,
  RecommendationServed,
} from '../../../../gen/palate/event/v1/loop_pb.ts';
import { ServedItems } from '../served-items.ts';
import { signalWeights } from '../signal-weights.ts';
import type { TenantState } from '../tenant-state.ts';
import { Utf8 } from '../utf8.ts';
import type { Occasion } from './occasion.ts';
import { enterSession, visit } from './visit.ts';

const utf8 = new Utf8();
const served = new ServedItems();

export const loopAppliers = {
  recommendationServed(tenant: TenantState, occasion: Occasion, value: RecommendationServed): void {
    enterSession(tenant, occasion, false);
    served.clear();
    for (const [i, { itemId, position, strategy }] of value.items.entries()) {
      served.add(tenant.catalogue.intern(itemId), position ?? i + 1, strategy);
    }
    const to = utf8.encode(value.recommendationId);
    tenant.loop.serve(utf8.bytes, 0, to, value.placement, served);
  },

  recommendationSeen(tenant: TenantState, occasion: Occasion, value: RecommendationSeen): void {
    enterSession(tenant, occasion, false);
    const to = utf8.encode(value.recommendationId);
    tenant.loop.see(utf8.bytes, 0, to, value.positions);
  },

  recommendationClicked(tenant: TenantState, occasion: Occasion, value: RecommendationClicked): void {
    const item = tenant.catalogue.intern(value.itemId);
    visit(tenant, occasion, item, signalWeights.click);
    const to = utf8.encode(value.recommendationId);
    tenant.loop.click(utf8.bytes, 0, to, item);
  },
};
