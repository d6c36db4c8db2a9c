/** Browsing: what a person looked at. */
import type {
  ItemClicked,
  ItemViewed,
  ListViewed,
  MediaProgressed,
  PageViewed,
  SearchPerformed,
} from '../../../../gen/palate/event/v1/browse_pb.ts';
import { signalWeights } from '../signal-weights.ts';
import type { TenantState } from '../tenant-state.ts';
import type { Occasion } from './occasion.ts';
import { enterSession, signal, visit } from './visit.ts';

export const browseAppliers = {
  pageViewed(tenant: TenantState, occasion: Occasion, value: PageViewed): void {
    enterSession(tenant, occasion, false);
    tenant.traffic.countPage(value.kind);
  },

  listViewed(tenant: TenantState, occasion: Occasion, value: ListViewed): void {
    enterSession(tenant, occasion, false);
    countShown(tenant, value.itemIds);
  },

  itemViewed(tenant: TenantState, occasion: Occasion, value: ItemViewed): void {
    visit(tenant, occasion, tenant.catalogue.intern(value.itemId), signalWeights.view);
  },

  itemClicked(tenant: TenantState, occasion: Occasion, value: ItemClicked): void {
    visit(tenant, occasion, tenant.catalogue.intern(value.itemId), signalWeights.click);
  },

  searchPerformed(tenant: TenantState, occasion: Occasion, value: SearchPerformed): void {
    addSearch(tenant, occasion, value.resultItemIds.length + Number(value.totalResults ?? 0n));
    countShown(tenant, value.resultItemIds);
  },

  mediaProgressed(tenant: TenantState, occasion: Occasion, value: MediaProgressed): void {
    progress(tenant, occasion, tenant.catalogue.intern(value.itemId), value.completed);
  },
};

/** A search, and whether it found anything: how many results it says there were, however counted. */
export function addSearch(tenant: TenantState, occasion: Occasion, results: number): void {
  enterSession(tenant, occasion, false);
  tenant.traffic.countSearch(results === 0);
}

/** Players report every few seconds: while the session stays with the item only its completion is news. */
export function progress(tenant: TenantState, occasion: Occasion, item: number, completed: boolean): void {
  const session = enterSession(tenant, occasion, false);
  const goesOn = session !== -1 && tenant.sessions.newestItem(session) === item;
  const weight = completed ? signalWeights.mediaCompleted : signalWeights.media;
  if (!goesOn) visit(tenant, occasion, item, weight);
  else if (completed) signal(tenant, item, weight, occasion.occurredAtMicros);
}

function countShown(tenant: TenantState, itemIds: readonly string[]): void {
  for (const itemId of itemIds) tenant.traffic.countShown(tenant.catalogue.intern(itemId));
}
