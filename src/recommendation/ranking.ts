import type { PlacementStrategy, StrategyName } from '../config/placements.ts';
import type { TenantState } from './fold/tenant-state.ts';
import { itemViewOf } from './item-view.ts';
import type { CompiledBoost } from './placements.ts';
import { createSelection, type Rules, type Selection } from './selection.ts';
import type { Candidate, Query, Strategy } from './strategies/strategy.ts';

/** Strategies by name, each with arrays of its own. */
export type Strategies = Readonly<Record<StrategyName, Strategy>>;

/** What to rank, by what, under which rules. */
export interface RankingRequest extends Rules {
  /** Asked in this order: each fills the places that those before it left free. */
  readonly chain: readonly PlacementStrategy[];
  readonly boosts: readonly CompiledBoost[];
  readonly limit: number;
  readonly explain: boolean;
}

/** An item with its place in the answer. */
export interface RankedItem extends Candidate {
  readonly strategy: StrategyName;
}

export interface Ranking {
  /** Best first, each once. Scores compare within one strategy. */
  readonly items: readonly RankedItem[];
  /** The budget of the conditions ran out first. */
  readonly incomplete: boolean;
  /** Candidates met in all: where a next page would go on. */
  readonly position: number;
}

/** Fills the places of an answer, strategy by strategy. */
export function rank(tenant: TenantState, strategies: Strategies, request: RankingRequest): Ranking {
  const selection = createSelection(tenant, request);
  const items: RankedItem[] = [];
  for (const link of request.chain) {
    const free = request.limit - items.length;
    if (free <= 0 || selection.exhausted) break;
    items.push(...fill(tenant, strategies, request, link, selection, free));
  }
  return { items, incomplete: selection.exhausted, position: selection.position };
}

/** A boost can lift a candidate by so many places into the answer. */
const boostedReach = 100;

function fill(
  tenant: TenantState,
  strategies: Strategies,
  request: RankingRequest,
  link: PlacementStrategy,
  selection: Selection,
  free: number,
): RankedItem[] {
  const { strategy: name, weight, category } = link;
  const { subject, only, explain, boosts } = request;
  const query: Query = { ...subject, category, only, explain };
  const wanted = boosts.length === 0 ? free : free + boostedReach;
  let taken = 0;
  const accept = (item: number) => {
    const isTaken = selection.accept(item, category);
    if (isTaken && !selection.exhausted) taken += 1;
    return isTaken;
  };
  const candidates = strategies[name](tenant, query, wanted, accept).slice(0, taken);
  const items = candidates.map((candidate) => ({ ...candidate, strategy: name, score: candidate.score * weight }));
  return boosts.length === 0 ? items : boosted(tenant, items, boosts).slice(0, free);
}

/** A factor lifts what it is above 1 for, also where the score is negative. */
function boosted(tenant: TenantState, items: readonly RankedItem[], boosts: readonly CompiledBoost[]): RankedItem[] {
  const scored = items.map((item) => {
    const view = itemViewOf(tenant, item.item);
    let { score } = item;
    for (const { condition, factor } of boosts) {
      if (condition.matches(view)) score = score < 0 && factor > 0 ? score / factor : score * factor;
    }
    return { ...item, score };
  });
  return scored.sort((a, b) => b.score - a.score);
}
