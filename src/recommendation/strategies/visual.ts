import { each } from '../fold/chain.ts';
import type { TenantState } from '../fold/tenant-state.ts';
import { BestFirst } from './best-first.ts';
import { maxSeeds, newestDifferent } from './co-occurrence.ts';
import { ScoreTable } from './score-table.ts';
import type { Candidate, Query, Strategy } from './strategy.ts';

/** So many of a person's latest meals are gone by, beside the session's newest items. */
const maxMeals = 2;

/**
 * Comparing two photos costs 256 multiplications with the model that ships, 10,000 of them 2 to 3 ms: no answer compares
 * more. Of a larger catalogue those are looked at whose photos came first.
 */
const maxCompared = 10_000;

/**
 * What looks like the session's newest items and what this person ate of late, by the photos that were scored with an
 * `item_id`: the dot product of their embeddings, which are of length 1. The n-th seed counts 1/n; of several seeds the best
 * counts. What is not alike at all (not above 0), or was seen by another model, is left out.
 *
 * One instance serves one thread: it keeps its arrays from query to query.
 */
export function createVisual(): Strategy {
  const table = new ScoreTable(1_024);
  const walk = new BestFirst();
  return (tenant, query, limit, accept) => {
    const seeds = seedsOf(tenant, query);
    if (seeds.length === 0) return [];
    table.clear();
    let compared = 0;
    for (const item of tenant.meals.embeddedItems()) {
      if (compared > maxCompared - seeds.length) break;
      compared += seeds.length;
      enter(table, tenant, item, seeds);
    }
    const found: Candidate[] = [];
    walk.over(table);
    for (let entry = walk.next(); entry !== -1; entry = walk.next()) {
      const item = table.keys[entry]!;
      if (accept(item)) {
        const seed = seeds[table.marks[entry]! - 1]!;
        const evidence = query.explain ? ({ kind: 'looks', items: [seed] } as const) : undefined;
        found.push({ item, score: table.scores[entry]!, evidence });
      }
      if (found.length === limit) break;
    }
    return found;
  };
}

/** Items with a photo: those of the session from its newest, then those of the person's latest meals. */
function seedsOf(tenant: TenantState, query: Query): readonly number[] {
  const session = newestDifferent(query.session, maxSeeds);
  const meals = query.person === -1 ? [] : mealItems(tenant, query.person);
  const seeds = [...new Set([...session, ...meals])];
  return seeds.filter((item) => item >= 0 && tenant.meals.embeddingOf(item) !== undefined);
}

function mealItems(tenant: TenantState, person: number): readonly number[] {
  const meals = [...each(tenant.people.recordOf(person).meals)].filter(({ item }) => item !== -1);
  return meals
    .sort((one, other) => other.occurredAtMicros - one.occurredAtMicros)
    .slice(0, maxMeals)
    .map(({ item }) => item);
}

function enter(table: ScoreTable, tenant: TenantState, item: number, seeds: readonly number[]): void {
  const embedding = tenant.meals.embeddingOf(item)!;
  for (const [at, seed] of seeds.entries()) {
    if (seed === item) continue;
    const likeness = dotProduct(embedding, tenant.meals.embeddingOf(seed)!) / (at + 1);
    if (likeness <= 0) continue;
    const entry = table.entry(item);
    if (likeness <= table.scores[entry]!) continue;
    table.scores[entry] = likeness;
    table.marks[entry] = at + 1;
  }
}

/** 0 where they are of different lengths: another model's. */
function dotProduct(one: Float32Array, other: Float32Array): number {
  if (one.length !== other.length) return 0;
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += one[at]! * other[at]!;
  return sum;
}
