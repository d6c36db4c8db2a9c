/** What was recommended, seen and clicked: by placement and strategy, and by item. */
import type { Archive, RecordReader } from './archive.ts';
import { grownFloats } from './growth.ts';
import type { ItemPlaces } from './item-places.ts';
import { marks, Recommendations, type RememberedRecommendation } from './recommendations.ts';
import type { ServedItems } from './served-items.ts';

/** How often something was handed over, came into sight, and was clicked. */
export interface LoopCounts {
  served: number;
  seen: number;
  clicked: number;
}

/** A list of positions up to this length is searched faster than a set of them is made. */
const longestSearched = 32;

/** Counters beyond the bound are kept together under this name. */
const rest = '';
const unknown = -1;

export class Loop {
  readonly #recommendations: Recommendations;
  readonly #counts = new Map<string, Map<string, LoopCounts>>();
  #counters = 0;
  /** The counter that was asked for last: the items of a recommendation mostly have one strategy. */
  #latest: { readonly placement: string; readonly strategy: string; readonly counts: LoopCounts } | undefined;
  readonly #maxCounters: number;
  readonly #places: ItemPlaces;
  /** By the item's place, as the next two. */
  #served = new Float64Array(256);
  #seen = new Float64Array(256);
  #clicked = new Float64Array(256);

  constructor(maxRecommendations: number, maxCounters: number, places: ItemPlaces) {
    this.#places = places;
    this.#recommendations = new Recommendations(maxRecommendations);
    this.#maxCounters = maxCounters;
  }

  /** By placement, then by strategy. Under '' is what had no name or came after the bound. */
  counts(): ReadonlyMap<string, ReadonlyMap<string, Readonly<LoopCounts>>> {
    return this.#counts;
  }

  countsOf(placement: string, strategy: string): Readonly<LoopCounts> {
    return this.#counts.get(placement)?.get(strategy) ?? { served: 0, seen: 0, clicked: 0 };
  }

  itemCounts(item: number): LoopCounts {
    const place = this.#places.of(item);
    const served = this.#served[place] ?? 0;
    return { served, seen: this.#seen[place] ?? 0, clicked: this.#clicked[place] ?? 0 };
  }

  /** Its counts; what placements and strategies counted with it stays. */
  forget(item: number): void {
    const place = this.#places.of(item);
    for (const counts of [this.#served, this.#seen, this.#clicked]) if (place < counts.length) counts[place] = 0;
  }

  /** Copies of those remembered, the one served first at the front. */
  recommendations(): Iterable<RememberedRecommendation> {
    return this.#recommendations.all();
  }

  /**
   * A recommendation was served; its id is the UTF-8 from `from` to before `to`, as in the next two. The same id again is a
   * repeat and counts nothing.
   */
  serve(bytes: Uint8Array, from: number, to: number, placement: string, served: ServedItems): void {
    if (this.#recommendations.find(bytes, from, to) !== unknown) return;
    this.#recommendations.add(bytes, from, to, placement, served);
    for (let i = 0; i < served.length; i++) {
      this.#counter(placement, served.strategies[i]!).served++;
      this.#served = counted(this.#served, this.#places.of(served.items[i]!));
    }
  }

  /** The items at these places came into sight, all where none is named; each counts once. */
  see(bytes: Uint8Array, from: number, to: number, positions: readonly number[]): void {
    const row = this.#recommendations.find(bytes, from, to);
    if (row === unknown) return;
    const wanted = positions.length > longestSearched ? new Set(positions) : undefined;
    const length = this.#recommendations.lengthOf(row);
    for (let i = 0; i < length; i++) {
      const position = this.#recommendations.positionAt(row, i);
      const isSeen = positions.length === 0 || (wanted?.has(position) ?? positions.includes(position));
      if (isSeen) this.#mark(row, i, marks.seen);
    }
  }

  /** An item of it was clicked: it counts once, as seen too. */
  click(bytes: Uint8Array, from: number, to: number, item: number): void {
    const row = this.#recommendations.find(bytes, from, to);
    if (row === unknown) return;
    const length = this.#recommendations.lengthOf(row);
    let i = 0;
    while (i < length && this.#recommendations.itemAt(row, i) !== item) i++;
    if (i === length) return;
    this.#mark(row, i, marks.seen);
    this.#mark(row, i, marks.clicked);
  }

  #mark(row: number, i: number, mark: number): void {
    const recommendations = this.#recommendations;
    if (!recommendations.mark(row, i, mark)) return;
    const counter = this.#counter(recommendations.placementOf(row), recommendations.strategyAt(row, i));
    const place = this.#places.of(recommendations.itemAt(row, i));
    if (mark === marks.seen) {
      counter.seen++;
      this.#seen = counted(this.#seen, place);
    } else {
      counter.clicked++;
      this.#clicked = counted(this.#clicked, place);
    }
  }

  #counter(placement: string, strategy: string): LoopCounts {
    const latest = this.#latest;
    if (latest !== undefined && latest.strategy === strategy && latest.placement === placement) return latest.counts;
    const counts = this.#findCounter(placement, strategy);
    this.#latest = { placement, strategy, counts };
    return counts;
  }

  #findCounter(placement: string, strategy: string): LoopCounts {
    const known = this.#counts.get(placement)?.get(strategy);
    if (known !== undefined) return known;
    if (this.#counters >= this.#maxCounters && (placement !== rest || strategy !== rest))
      return this.#findCounter(rest, rest);
    const counts: LoopCounts = { served: 0, seen: 0, clicked: 0 };
    const byStrategy = this.#counts.get(placement) ?? new Map<string, LoopCounts>();
    this.#counts.set(placement, byStrategy.set(strategy, counts));
    this.#counters++;
    return counts;
  }

  persist(archive: Archive): void {
    this.#served = archive.floats('served', this.#served, archive.used(this.#served));
    this.#seen = archive.floats('seen', this.#seen, archive.used(this.#seen));
    this.#clicked = archive.floats('clicked', this.#clicked, archive.used(this.#clicked));
    [this.#counters] = archive.numbers('counters', [this.#counters]);
    archive.records(
      'counts',
      (out) =>
        out.list(this.#counts, this.#counts.size, ([placement, byStrategy]) => {
          out.text(placement);
          out.list(byStrategy, byStrategy.size, ([strategy, counts]) => {
            out.text(strategy);
            for (const count of [counts.served, counts.seen, counts.clicked]) out.number(count);
          });
        }),
      (from) =>
        from.times(() => this.#counts.set(from.text(), new Map(from.list(() => [from.text(), readCounts(from)])))),
    );
    this.#recommendations.persist(archive.part('recommendations'));
  }
}

/** An item that was forgotten counts no more. */
function counted(counts: Float64Array<ArrayBuffer>, place: number): Float64Array<ArrayBuffer> {
  if (place === -1) return counts;
  const grown = grownFloats(counts, place + 1);
  grown[place] = grown[place]! + 1;
  return grown;
}

function readCounts(from: RecordReader): LoopCounts {
  return { served: from.number(), seen: from.number(), clicked: from.number() };
}
