import { BestFirst } from './best-first.ts';
import { ScoreTable } from './score-table.ts';
import type { Candidate, Query, Strategy } from './strategy.ts';

/** Only so many different items of the session, from its newest, are asked for their partners. */
export const maxSeeds = 5;

/** No fold keeps more partners of an item. */
const maxPartners = 1_000;

/**
 * What is looked at together with the session's newest items. An item's partners share a weight of 1 in proportion to
 * how often they came together; the n-th seed from the newest counts 1/n.
 *
 * One instance serves one thread: it keeps its arrays from query to query.
 */
export function createCoOccurrence(): Strategy {
  const table = new ScoreTable(1_024);
  const walk = new BestFirst();
  const partners = new Int32Array(maxPartners);
  const weights = new Float64Array(maxPartners);
  return (tenant, query, limit, accept) => {
    const seeds = newestDifferent(query.session, maxSeeds);
    table.clear();
    for (let at = 0; at < seeds.length; at++) {
      const count = tenant.coOccurrence.neighbours(seeds[at]!, partners, weights);
      addPartners(table, partners, weights, count, at + 1);
    }
    const found: Candidate[] = [];
    walk.over(table);
    for (let entry = walk.next(); entry !== -1; entry = walk.next()) {
      const item = table.keys[entry]!;
      if (accept(item))
        found.push({ item, score: table.scores[entry]!, evidence: togetherWith(query, seeds, table.marks[entry]!) });
      if (found.length === limit) break;
    }
    return found;
  };
}

/** `mark`: which seed it is, from 1. An entry keeps the mark of the newest seed that it goes with. */
function addPartners(
  table: ScoreTable,
  partners: Int32Array,
  weights: Float64Array,
  count: number,
  mark: number,
): void {
  let total = 0;
  for (let i = 0; i < count; i++) total += weights[i]!;
  if (total <= 0) return;
  for (let i = 0; i < count; i++) {
    const entry = table.entry(partners[i]!);
    table.scores[entry] = table.scores[entry]! + weights[i]! / total / mark;
    if (table.marks[entry] === 0) table.marks[entry] = mark;
  }
}

function togetherWith(query: Query, seeds: readonly number[], mark: number): Candidate['evidence'] {
  const seed = seeds[mark - 1];
  return query.explain && seed !== undefined ? { kind: 'together', items: [seed] } : undefined;
}

/** The different known items of a session, newest first, at most `count`. */
export function newestDifferent(session: Int32Array, count: number): number[] {
  const found: number[] = [];
  for (let at = session.length - 1; at >= 0 && found.length < count; at--) {
    const item = session[at]!;
    if (item >= 0 && !found.includes(item)) found.push(item);
  }
  return found;
}
