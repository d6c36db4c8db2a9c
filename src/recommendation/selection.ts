import type { Condition } from '../expressions/condition.ts';
import type { TenantState } from './fold/tenant-state.ts';
import { itemViewOf } from './item-view.ts';
import type { Subject } from './subject.ts';

/** The rules by which candidates are let through, and how much judging them may cost. */
export interface Rules {
  readonly subject: Subject;
  readonly excludeCurrent: boolean;
  readonly excludeSeen: boolean;
  /** All must hold. */
  readonly conditions: readonly Condition[];
  /** The only items that may pass, or undefined: any. */
  readonly only: readonly number[] | undefined;
  /** So many candidates are passed over before the first is judged: earlier pages had them. */
  readonly skip: number;
  /** However much the conditions cost, so many candidates are judged by them. */
  readonly fewestJudged: number;
  readonly nowMicros: number;
}

/** What one request may spend on its conditions, in parts of expressions visited: about ten milliseconds. */
export const conditionBudget = 200_000;
/** What a walk over any candidates gives each request: see `Rules.fewestJudged`. */
export const fewestJudged = 20;
/** No walk goes on beyond so many candidates. */
export const maxVisits = 100_000;

/** The state of one request's choice. */
export interface Selection {
  /** Judges an item once: what was judged before, by whichever strategy, is not let through again. */
  accept(item: number, category: string): boolean;
  /** True once the budget ran out. From then on `accept` says true, so that walks end; what it takes is to be dropped. */
  readonly exhausted: boolean;
  /** Candidates met so far, those skipped included. */
  readonly position: number;
}

export function createSelection(tenant: TenantState, rules: Rules): Selection {
  return new Judge(tenant, rules);
}

/** A class, for the getters of an object literal are made old at once: see `threads/young-generation.ts`. */
class Judge implements Selection {
  readonly #tenant: TenantState;
  readonly #rules: Rules;
  readonly #judged = new Set<number>();
  readonly #only: ReadonlySet<number> | undefined;
  readonly #excluded: ReadonlySet<number>;
  /** Of one candidate. */
  readonly #cost: number;
  #budget: number;
  #visits = 0;
  exhausted = false;
  position = 0;

  constructor(tenant: TenantState, rules: Rules) {
    this.#tenant = tenant;
    this.#rules = rules;
    this.#only = rules.only === undefined ? undefined : new Set(rules.only);
    this.#excluded = excludedItems(rules);
    this.#cost = rules.conditions.reduce((sum, condition) => sum + condition.cost + viewCost, 0);
    this.#budget = Math.max(conditionBudget, rules.fewestJudged * this.#cost);
  }

  accept(item: number, category: string): boolean {
    if (this.exhausted || this.#visits++ >= maxVisits) {
      this.exhausted = true;
      return true;
    }
    if (category !== '' && !this.#tenant.catalogue.categoriesOf(item).includes(category)) return false;
    if (this.#only !== undefined && !this.#only.has(item)) return false;
    if (this.#judged.has(item)) return false;
    this.#judged.add(item);
    if (this.position++ < this.#rules.skip) return false;
    if (this.#budget < this.#cost) {
      this.position -= 1;
      this.exhausted = true;
      return true;
    }
    if (this.#excluded.has(item) || !mayShow(this.#tenant, this.#rules, item)) return false;
    this.#budget -= this.#cost;
    return meets(this.#tenant, this.#rules.conditions, item);
  }
}

/** What making an item's view costs beside visiting a part of an expression. */
const viewCost = 20;

/** Serenade's rule: of the session only the newest item is left out; an older one may come back. */
function excludedItems({ subject, excludeCurrent, excludeSeen }: Rules): ReadonlySet<number> {
  if (excludeSeen) return new Set(subject.session);
  const current = subject.session.at(-1);
  return new Set(excludeCurrent && current !== undefined ? [current] : []);
}

function mayShow(
  { catalogue, people }: TenantState,
  { subject, excludeSeen, nowMicros }: Rules,
  item: number,
): boolean {
  if (!catalogue.isEligible(item, nowMicros)) return false;
  if (subject.person === -1) return true;
  if (people.rejects(subject.person, item)) return false;
  return !(excludeSeen && people.hasSeen(subject.person, item));
}

function meets(tenant: TenantState, conditions: readonly Condition[], item: number): boolean {
  if (conditions.length === 0) return true;
  const view = itemViewOf(tenant, item);
  return conditions.every((condition) => condition.matches(view));
}
