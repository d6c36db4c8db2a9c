import type { SessionIndex } from '../fold/session-index.ts';
import { ScoreTable } from './score-table.ts';

/** How many sessions a search looks at, and keeps. */
export interface SearchBounds {
  /** m: of all sessions that share an item, only so many of the newest are looked at. */
  readonly mostRecentSessions: number;
  /** k: the most similar of those are kept. */
  readonly neighbours: number;
}

/** The settings of VMIS-kNN, by the names of the paper where it has them. */
export interface SessionKnnSettings extends SearchBounds {
  /** Newest items of the asking session that are compared. */
  readonly lastItems: number;
  /** A rare item counts more beside a common one; 0: alike. A factor above 0 does not change the order. */
  readonly idfWeighting: number;
}

/** The values that Serenade ships. */
export const defaultSessionKnnSettings: SessionKnnSettings = {
  mostRecentSessions: 500,
  neighbours: 50,
  lastItems: 2,
  idfWeighting: 1,
};

/** What makes two sessions alike. */
export interface Likeness {
  /**
   * What an item adds to the similarity of a session that holds it. `position` counts from 0 at the newest item of the
   * window, `length` is the window's, `different` the number of its different items.
   */
  itemWeight(position: number, length: number, different: number): number;
  /** A factor for a session, once its items are counted. Absent: 1. */
  sessionFactor?(index: SessionIndex, session: number): number;
}

/** Finds the sessions most like one. The arrays that it answers with hold until the next search. */
export class NeighbourSearch {
  /** The neighbours' session numbers, most similar first, and their similarities. */
  sessions = new Int32Array(64);
  similarities = new Float64Array(64);
  count = 0;
  readonly #shared = new ScoreTable(2_048);
  #postings = new Int32Array(512);
  #times = new Float64Array(2_048);
  #order: number[] = [];

  /**
   * Of the sessions that share an item with `window` (items, oldest first) the m newest, and of those the k most
   * similar: the search of VMIS-kNN (Kersbergen et al., SIGMOD 2022). Each item counts once, at its newest place; ties
   * go to the newer session; the session `own` is no neighbour. Where Serenade stops a list early, this takes all of its
   * at most m sessions: a list is in order of visits to its item, not of the sessions' ends, and the outcome is the
   * exact m newest.
   */
  search(index: SessionIndex, window: Int32Array, own: number, bounds: SearchBounds, likeness: Likeness): void {
    this.#shared.clear();
    const different = countDifferent(window);
    for (let position = 0; position < window.length; position++) {
      const at = window.length - 1 - position;
      const item = window[at]!;
      if (item < 0 || window.indexOf(item, at + 1) !== -1) continue;
      const weight = likeness.itemWeight(position, window.length, different);
      this.#add(index, item, own, weight, bounds.mostRecentSessions);
    }
    this.#keepBest(index, bounds, likeness);
  }

  #add(index: SessionIndex, item: number, own: number, weight: number, most: number): void {
    if (this.#postings.length < most) this.#postings = new Int32Array(most);
    const count = index.copyPostings(item, this.#postings.subarray(0, most));
    const shared = this.#shared;
    for (let i = 0; i < count; i++) {
      const session = this.#postings[i]!;
      if (session === own) continue;
      const entry = shared.entry(session);
      shared.scores[entry] = shared.scores[entry]! + weight;
    }
  }

  #keepBest(index: SessionIndex, { mostRecentSessions, neighbours }: SearchBounds, likeness: Likeness): void {
    const { size, keys, scores } = this.#shared;
    if (this.#times.length < size) this.#times = new Float64Array(size * 2);
    const times = this.#times;
    for (let entry = 0; entry < size; entry++) times[entry] = index.lastTimeMicros(keys[entry]!);
    const isNewer = (a: number, b: number) => times[a]! > times[b]! || (times[a] === times[b] && keys[a]! > keys[b]!);
    const order = this.#order;
    order.length = size;
    for (let entry = 0; entry < size; entry++) order[entry] = entry;
    keepFirst(order, mostRecentSessions, isNewer);
    if (likeness.sessionFactor !== undefined) {
      for (const entry of order) scores[entry] = scores[entry]! * likeness.sessionFactor(index, keys[entry]!);
    }
    keepFirst(order, neighbours, (a, b) => scores[a]! > scores[b]! || (scores[a] === scores[b] && isNewer(a, b)));
    order.sort((a, b) => scores[b]! - scores[a]! || (isNewer(a, b) ? -1 : 1));
    this.#answer(order);
  }

  #answer(order: readonly number[]): void {
    if (this.sessions.length < order.length) {
      this.sessions = new Int32Array(order.length);
      this.similarities = new Float64Array(order.length);
    }
    this.count = order.length;
    for (let i = 0; i < order.length; i++) {
      this.sessions[i] = this.#shared.keys[order[i]!]!;
      this.similarities[i] = this.#shared.scores[order[i]!]!;
    }
  }
}

function countDifferent(window: Int32Array): number {
  let count = 0;
  for (let at = 0; at < window.length; at++) if (window.indexOf(window[at]!, at + 1) === -1) count++;
  return count;
}

/** Cuts the array to the `count` that come first, in no order: a heap of that size, its last at the top. */
function keepFirst(array: number[], count: number, isBefore: (a: number, b: number) => boolean): void {
  if (array.length <= count) return;
  for (let at = (count >> 1) - 1; at >= 0; at--) sink(array, at, count, isBefore);
  for (let at = count; at < array.length; at++) {
    if (!isBefore(array[at]!, array[0]!)) continue;
    array[0] = array[at]!;
    sink(array, 0, count, isBefore);
  }
  array.length = count;
}

function sink(heap: number[], from: number, size: number, isBefore: (a: number, b: number) => boolean): void {
  const value = heap[from]!;
  let at = from;
  for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && isBefore(heap[child]!, heap[child + 1]!)) child++;
    if (!isBefore(value, heap[child]!)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = value;
}
