import type { SessionIndex } from '../fold/session-index.ts';
import { BestFirst } from './best-first.ts';
import { type Likeness, NeighbourSearch, type SessionKnnSettings } from './neighbours.ts';
import { ScoreTable } from './score-table.ts';
import { explained, take, weighByRarity } from './session-candidates.ts';
import type { Strategy } from './strategy.ts';

/** Linear in the place: the newest of L items adds L / U, the oldest 1 / U. */
const linear: Likeness = { itemWeight: (position, length, different) => (length - position) / different };

/**
 * VMIS-kNN (Kersbergen et al., "Serenade: Low-Latency Session-Based Recommendation in e-Commerce at Scale", SIGMOD 2022;
 * https://github.com/bolcom/serenade): what the sessions most like this one held. A neighbour that shares an item with
 * the session, counted p-th from its newest, gives each of its items (1 - 0.1 p) × idf × similarity. From p = 11 on that
 * is negative, as it is in Serenade.
 *
 * One instance serves one thread: it keeps its arrays from query to query.
 */
export function createSessionKnn(settings: SessionKnnSettings): Strategy {
  const search = new NeighbourSearch();
  const table = new ScoreTable(4_096);
  const walk = new BestFirst();
  return (tenant, query, limit, accept) => {
    const index = tenant.sessions;
    const window = query.session.subarray(Math.max(0, query.session.length - settings.lastItems));
    if (window.length === 0) return [];
    search.search(index, window, query.sessionNumber, settings, linear);
    table.clear();
    for (let i = 0; i < search.count; i++) {
      addItems(table, index, search.sessions[i]!, search.similarities[i]!, window, i + 1);
    }
    weighByRarity(table, index, settings.idfWeighting);
    const found = take(walk.over(table), table, limit, accept);
    return query.explain ? found.map((candidate) => explained(candidate, index, search, window)) : found;
  };
}

/** Adds what one neighbour gives; `mark` tells an item that it holds twice. */
function addItems(
  table: ScoreTable,
  index: SessionIndex,
  session: number,
  similarity: number,
  window: Int32Array,
  mark: number,
): void {
  const items = index.itemsOf(session);
  const weight = linearWeight(newestShared(items, window)) * similarity;
  for (let at = 0; at < items.length; at++) {
    const entry = table.entry(items[at]!);
    if (table.marks[entry] === mark) continue;
    table.marks[entry] = mark;
    table.scores[entry] = table.scores[entry]! + weight;
  }
}

/** The place, counted from the window's newest item as 1, of the newest that the neighbour holds too. */
function newestShared(items: Int32Array, window: Int32Array): number {
  for (let at = window.length - 1; at >= 0; at--) {
    if (window[at]! >= 0 && items.indexOf(window[at]!) !== -1) return window.length - at;
  }
  return maxPlace;
}

const maxPlace = 100;

function linearWeight(place: number): number {
  return place < maxPlace ? 1 - 0.1 * place : 0;
}
