import type { RescoreRequest } from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../errors.ts';
import type { Condition } from '../expressions/condition.ts';
import { type AnswerItem, answerItem } from './answer.ts';
import type { TenantState } from './fold/tenant-state.ts';
import { bareItemView } from './item-view.ts';
import type { Placement } from './placements.ts';
import { rank } from './ranking.ts';
import { type ReadCall, type Reading, stateFor, whenThere } from './reading.ts';
import { createSelection, type Rules } from './selection.ts';
import { resolveSubject } from './subject.ts';

/**
 * Answers `Rescore`: the caller's items in the placement's order, then those that no strategy has an opinion on, in the
 * caller's order, with a score of 0 and no strategy. An item that the state does not know may be shown where it meets
 * the conditions. An id given twice counts once.
 */
export function rescore(reading: Reading, request: RescoreRequest, call: ReadCall) {
  return whenThere(stateFor(reading.feed, request, call), ({ tenant, sequence }) => {
    const placement = reading.placements(tenant, request.placement);
    const conditions = [...placement.conditions];
    if (request.filter !== '') conditions.push(reading.compile(request.filter));
    assertAffordable(conditions, request.itemIds.length);
    const items =
      tenant === undefined
        ? unjudged([...new Set(request.itemIds)], conditions)
        : rescored(reading, request, { tenant, placement, conditions });
    return { items, sequence };
  });
}

/** What the conditions of one request may cost, in parts of expressions visited: each item is judged, none left out. */
const rescoreBudget = 2_000_000;

function assertAffordable(conditions: readonly Condition[], count: number): void {
  const cost = conditions.reduce((sum, condition) => sum + condition.cost, 0);
  if (cost * count <= rescoreBudget) return;
  throw new PalateError('INVALID_FILTER', `the filter costs too much for ${count} items: simplify it, or send fewer`, {
    violations: [{ field: 'filter', description: 'costs too much for so many items' }],
  });
}

interface Scope {
  readonly tenant: TenantState;
  readonly placement: Placement;
  readonly conditions: readonly Condition[];
}

function rescored(reading: Reading, request: RescoreRequest, { tenant, placement, conditions }: Scope): AnswerItem[] {
  const ids = [...new Set(request.itemIds)];
  const only = ids.map((id) => tenant.catalogue.numberOf(id)).filter((item) => item !== undefined);
  const { settings, chain, boosts } = placement;
  const rules: Rules = {
    conditions,
    only,
    subject: resolveSubject(tenant, request),
    excludeCurrent: settings.excludeCurrent,
    excludeSeen: settings.excludeSeen,
    skip: 0,
    fewestJudged: only.length,
    nowMicros: reading.now(),
  };
  const ranking = rank(tenant, reading.strategies, {
    ...rules,
    chain,
    boosts,
    limit: only.length,
    explain: request.explain,
  });
  const judged = ranking.items.map((item) => answerItem(tenant, item));
  const done = new Set(judged.map(({ itemId }) => itemId));
  const rest = createSelection(tenant, rules);
  const showable = ids.filter((id) => {
    if (done.has(id)) return false;
    const item = tenant.catalogue.numberOf(id);
    return item === undefined || (rest.accept(item, '') && !rest.exhausted);
  });
  const known = showable.filter((id) => tenant.catalogue.numberOf(id) !== undefined);
  const strangers = unjudged(
    showable.filter((id) => tenant.catalogue.numberOf(id) === undefined),
    conditions,
  );
  return [...judged, ...inOrderOf(showable, [...known.map(withoutOpinion), ...strangers])];
}

/** Ids that no event has named, where they meet the conditions. */
function unjudged(ids: readonly string[], conditions: readonly Condition[]): AnswerItem[] {
  return ids.filter((id) => conditions.every((condition) => condition.matches(bareItemView(id)))).map(withoutOpinion);
}

function withoutOpinion(itemId: string): AnswerItem {
  return { itemId, score: 0, strategy: '', reasons: [] };
}

function inOrderOf(ids: readonly string[], items: readonly AnswerItem[]): AnswerItem[] {
  const byId = new Map(items.map((item) => [item.itemId, item]));
  return ids.map((id) => byId.get(id)).filter((item) => item !== undefined);
}
