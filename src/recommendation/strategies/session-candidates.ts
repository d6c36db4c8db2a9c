import type { SessionIndex } from '../fold/session-index.ts';
import type { BestFirst } from './best-first.ts';
import type { NeighbourSearch } from './neighbours.ts';
import type { ScoreTable } from './score-table.ts';
import type { Accept, Candidate, Evidence } from './strategy.ts';

/**
 * ln(sessions / sessions with the item); where that is not above 0, an item counts plainly. One that was forgotten is with
 * none, and keeps its score: whoever accepts candidates turns it away.
 */
export function weighByRarity(table: ScoreTable, index: SessionIndex, weighting: number): void {
  if (weighting <= 0) return;
  const sessions = index.count;
  for (let entry = 0; entry < table.size; entry++) {
    const idf = Math.log(sessions / index.sessionsWith(table.keys[entry]!)) * weighting;
    if (idf > 0 && idf < Number.POSITIVE_INFINITY) table.scores[entry] = table.scores[entry]! * idf;
  }
}

/** The first `limit` that are accepted. */
export function take(walk: BestFirst, table: ScoreTable, limit: number, accept: Accept): Candidate[] {
  const found: Candidate[] = [];
  for (let entry = walk.next(); entry !== -1; entry = walk.next()) {
    const item = table.keys[entry]!;
    if (accept(item)) found.push({ item, score: table.scores[entry]!, evidence: undefined });
    if (found.length === limit) break;
  }
  return found;
}

/** How many neighbours held the item, and what they share with the session. */
export function explained(
  candidate: Candidate,
  index: SessionIndex,
  search: NeighbourSearch,
  window: Int32Array,
): Candidate {
  let sessions = 0;
  const shared = new Set<number>();
  for (let i = 0; i < search.count; i++) {
    const items = index.itemsOf(search.sessions[i]!);
    if (items.indexOf(candidate.item) === -1) continue;
    sessions += 1;
    for (const item of window) {
      if (item !== candidate.item && items.indexOf(item) !== -1 && index.sessionsWith(item) > 0) shared.add(item);
    }
  }
  const items = [...shared].sort((a, b) => window.lastIndexOf(b) - window.lastIndexOf(a));
  const evidence: Evidence = { kind: 'sessions', sessions, items };
  return { ...candidate, evidence };
}
