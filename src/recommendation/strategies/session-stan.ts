import type { SessionIndex } from '../fold/session-index.ts';
import { BestFirst } from './best-first.ts';
import { type Likeness, NeighbourSearch, type SearchBounds } from './neighbours.ts';
import { ScoreTable } from './score-table.ts';
import { explained, take, weighByRarity } from './session-candidates.ts';
import type { Strategy } from './strategy.ts';

/** The settings of STAN. */
export interface SessionStanSettings extends SearchBounds {
  /** Newest items of the asking session that are compared. */
  readonly lastItems: number;
  /** How fast an item of the asking session counts less with its distance from the newest, in places. */
  readonly positionDecay: number;
  /** How fast an older session counts less: by its rank from the newest, as a share of all sessions. */
  readonly recencyDecay: number;
  /** How fast a neighbour's item counts less with its distance from the last one that both share, in places. */
  readonly distanceDecay: number;
  /** As in VMIS-kNN. */
  readonly idfWeighting: number;
}

/** Picked on the validation days of Serenade's example data, by mean reciprocal rank. */
export const defaultSessionStanSettings: SessionStanSettings = {
  mostRecentSessions: 500,
  neighbours: 100,
  lastItems: 10,
  positionDecay: 1,
  recencyDecay: 3,
  distanceDecay: 0.7,
  idfWeighting: 1,
};

/** Beyond this distance nothing is left of an item's weight. */
const farthest = 1_000;

/**
 * STAN (Garg et al., "Sequence and Time Aware Neighborhood for Session-based Recommendations", SIGIR 2019) over the
 * index of VMIS-kNN: the newest items of the session, newer sessions, and what stands near the last shared item count
 * more, each by an exponential; similarity is the cosine. Rare items count more, as in VSTAN (Ludewig et al., 2020).
 *
 * One instance serves one thread: it keeps its arrays from query to query.
 */
export function createSessionStan(settings: SessionStanSettings): Strategy {
  const search = new NeighbourSearch();
  const table = new ScoreTable(4_096);
  const walk = new BestFirst();
  const likeness = likenessOf(settings);
  const nearness = Float64Array.from({ length: farthest }, (_, distance) =>
    Math.exp(-distance / settings.distanceDecay),
  );
  return (tenant, query, limit, accept) => {
    const index = tenant.sessions;
    const window = query.session.subarray(Math.max(0, query.session.length - settings.lastItems));
    if (window.length === 0) return [];
    search.search(index, window, query.sessionNumber, settings, likeness);
    table.clear();
    for (let i = 0; i < search.count; i++) {
      addItems(table, index.itemsOf(search.sessions[i]!), search.similarities[i]!, window, nearness, i + 1);
    }
    weighByRarity(table, index, settings.idfWeighting);
    const found = take(walk.over(table), table, limit, accept);
    return query.explain ? found.map((candidate) => explained(candidate, index, search, window)) : found;
  };
}

/** The cosine's part of the asking session is the same for all and left out. */
function likenessOf({ positionDecay, recencyDecay }: SessionStanSettings): Likeness {
  return {
    itemWeight: (position) => Math.exp(-position / positionDecay),
    sessionFactor: (index: SessionIndex, session) => {
      const rank = (index.size - session) / index.count;
      return Math.exp(-rank / recencyDecay) / Math.sqrt(index.itemCount(session));
    },
  };
}

/** From the last shared item outwards, so that an item that the neighbour holds twice counts at its nearest place. */
function addItems(
  table: ScoreTable,
  items: Int32Array,
  similarity: number,
  window: Int32Array,
  nearness: Float64Array,
  mark: number,
): void {
  let last = items.length - 1;
  while (last >= 0 && window.indexOf(items[last]!) === -1) last--;
  for (let distance = 0; distance < items.length && distance < farthest; distance++) {
    const weight = similarity * nearness[distance]!;
    if (last + distance < items.length) addItem(table, items[last + distance]!, weight, mark);
    if (last - distance >= 0) addItem(table, items[last - distance]!, weight, mark);
  }
}

function addItem(table: ScoreTable, item: number, weight: number, mark: number): void {
  const entry = table.entry(item);
  if (table.marks[entry] === mark) return;
  table.marks[entry] = mark;
  table.scores[entry] = table.scores[entry]! + weight;
}
