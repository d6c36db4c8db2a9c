/** What was recommended, seen and clicked: by placement and strategy, and by item. */
import type { Archive, RecordReader, RecordWriter } from './archive.ts';
import { grownFloats, usedLength } from './growth.ts';
import type { ItemPlaces } from './item-places.ts';

/** How often something was handed over, came into sight, and was clicked. */
export interface LoopCounts {
  served: number;
  seen: number;
  clicked: number;
}

/** What is remembered of one recommendation. */
export interface RememberedRecommendation {
  readonly placement: string;
  /** In the order served. */
  readonly items: Int32Array;
  /** The place of each, from 1. */
  readonly positions: Int32Array;
  readonly strategies: readonly string[];
  /** For each item: bit 0, seen; bit 1, clicked. */
  readonly marks: Uint8Array;
}

const seenMark = 1;
const clickedMark = 2;

/** A list of positions up to this length is searched faster than a set of them is made. */
const longestSearched = 32;

/** Counters beyond the bound are kept together under this name. */
const rest = '';

export class Loop {
  readonly #recommendations = new Map<string, RememberedRecommendation>();
  /** Their ids in a ring: a map's first key is found by passing over all that were deleted before it. */
  #ids: string[] = [];
  #oldest = 0;
  readonly #counts = new Map<string, Map<string, LoopCounts>>();
  #counters = 0;
  /** The counter that was asked for last: the items of a recommendation mostly have one strategy. */
  #latest: { readonly placement: string; readonly strategy: string; readonly counts: LoopCounts } | undefined;
  readonly #maxRecommendations: number;
  readonly #maxCounters: number;
  readonly #places: ItemPlaces;
  /** By the item's place, as the next two. */
  #served = new Float64Array(256);
  #seen = new Float64Array(256);
  #clicked = new Float64Array(256);

  constructor(maxRecommendations: number, maxCounters: number, places: ItemPlaces) {
    this.#places = places;
    this.#maxRecommendations = maxRecommendations;
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

  /** Those remembered, by id, the one served first at the front. */
  recommendations(): ReadonlyMap<string, RememberedRecommendation> {
    return this.#recommendations;
  }

  /** A recommendation was served. The same id again is a repeat and counts nothing. */
  serve(
    recommendationId: string,
    placement: string,
    items: Int32Array,
    positions: Int32Array,
    strategies: readonly string[],
  ): void {
    if (this.#recommendations.has(recommendationId)) return;
    const marks = new Uint8Array(items.length);
    this.#recommendations.set(recommendationId, { placement, items, positions, strategies, marks });
    this.#remember(recommendationId);
    for (let i = 0; i < items.length; i++) {
      this.#counter(placement, strategies[i]!).served++;
      this.#served = counted(this.#served, this.#places.of(items[i]!));
    }
  }

  /** The items at these places came into sight, all where none is named; each counts once. */
  see(recommendationId: string, positions: readonly number[]): void {
    const recommendation = this.#recommendations.get(recommendationId);
    if (recommendation === undefined) return;
    const isLong = positions.length > longestSearched;
    const wanted = isLong ? new Set(positions) : undefined;
    for (let i = 0; i < recommendation.items.length; i++) {
      const position = recommendation.positions[i]!;
      const isSeen = positions.length === 0 || (wanted?.has(position) ?? positions.includes(position));
      if (isSeen) this.#mark(recommendation, i, seenMark);
    }
  }

  /** An item of it was clicked: it counts once, as seen too. */
  click(recommendationId: string, item: number): void {
    const recommendation = this.#recommendations.get(recommendationId);
    const place = recommendation?.items.indexOf(item) ?? -1;
    if (recommendation === undefined || place === -1) return;
    this.#mark(recommendation, place, seenMark);
    this.#mark(recommendation, place, clickedMark);
  }

  /** Forgets the oldest recommendation where there are too many. */
  #remember(recommendationId: string): void {
    if (this.#ids.length < this.#maxRecommendations) {
      this.#ids.push(recommendationId);
      return;
    }
    this.#recommendations.delete(this.#ids[this.#oldest]!);
    this.#ids[this.#oldest] = recommendationId;
    this.#oldest = (this.#oldest + 1) % this.#maxRecommendations;
  }

  #mark(recommendation: RememberedRecommendation, i: number, mark: number): void {
    if ((recommendation.marks[i]! & mark) !== 0) return;
    recommendation.marks[i] = recommendation.marks[i]! | mark;
    const counter = this.#counter(recommendation.placement, recommendation.strategies[i]!);
    const place = this.#places.of(recommendation.items[i]!);
    if (mark === seenMark) {
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
    this.#served = archive.floats('served', this.#served, usedLength(this.#served));
    this.#seen = archive.floats('seen', this.#seen, usedLength(this.#seen));
    this.#clicked = archive.floats('clicked', this.#clicked, usedLength(this.#clicked));
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
    archive.records(
      'recommendations',
      (out) =>
        out.list(this.#recommendations, this.#recommendations.size, ([id, one]) => {
          out.text(id);
          writeRecommendation(out, one);
        }),
      (from) => from.times(() => this.#recommendations.set(from.text(), readRecommendation(from))),
    );
    if (!archive.isReading) return;
    this.#ids = [...this.#recommendations.keys()];
    this.#oldest = 0;
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

function writeRecommendation(out: RecordWriter, one: RememberedRecommendation): void {
  out.text(one.placement);
  for (const row of [one.items, one.positions, one.marks]) out.list(row, row.length, (value) => out.number(value));
  out.list(one.strategies, one.strategies.length, (strategy) => out.text(strategy));
}

function readRecommendation(from: RecordReader): RememberedRecommendation {
  const row = () => from.list(() => from.number());
  return {
    placement: from.text(),
    items: Int32Array.from(row()),
    positions: Int32Array.from(row()),
    marks: Uint8Array.from(row()),
    strategies: from.list(() => from.text()),
  };
}
