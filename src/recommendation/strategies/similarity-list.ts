import type { SimilarityList } from '../fold/similarity-lists.ts';
import { BestFirst } from './best-first.ts';
import { maxSeeds, newestDifferent } from './co-occurrence.ts';
import { ScoreTable } from './score-table.ts';
import type { Candidate, Query, Strategy } from './strategy.ts';

/**
 * What installed lists say is like the session's newest items. In each list the item most alike counts 1 and the others
 * in proportion; lists add up; the n-th seed from the newest counts 1/n. What a list calls unlike (not above 0) is left
 * out.
 *
 * One instance serves one thread: it keeps its arrays from query to query.
 */
export function createSimilarityLists(): Strategy {
  const table = new ScoreTable(1_024);
  const walk = new BestFirst();
  return (tenant, query, limit, accept) => {
    const seeds = newestDifferent(query.session, maxSeeds);
    table.clear();
    for (const [at, seed] of seeds.entries()) {
      for (const list of tenant.similarityLists.of(seed).values()) addList(table, list, at + 1);
    }
    const found: Candidate[] = [];
    walk.over(table);
    for (let entry = walk.next(); entry !== -1; entry = walk.next()) {
      const item = table.keys[entry]!;
      if (accept(item))
        found.push({ item, score: table.scores[entry]!, evidence: likeSeed(query, seeds, table.marks[entry]!) });
      if (found.length === limit) break;
    }
    return found;
  };
}

function addList(table: ScoreTable, { items, similarities }: SimilarityList, mark: number): void {
  let most = 0;
  for (const similarity of similarities) if (similarity > most) most = similarity;
  for (let i = 0; i < items.length; i++) {
    if (similarities[i]! <= 0) continue;
    const entry = table.entry(items[i]!);
    table.scores[entry] = table.scores[entry]! + similarities[i]! / most / mark;
    if (table.marks[entry] === 0) table.marks[entry] = mark;
  }
}

function likeSeed(query: Query, seeds: readonly number[], mark: number): Candidate['evidence'] {
  const seed = seeds[mark - 1];
  return query.explain && seed !== undefined ? { kind: 'likeness', items: [seed] } : undefined;
}
