/**
 * Tallies are what visits add up to and no event asks for: pairs, popularity, who holds an item, who did what. Events only
 * add to them; strategies and profiles read them. So while a journal is replayed, when nobody reads, another thread can
 * keep them: the fold notes what is to be added, in order, and takes them over when it has caught up.
 */
import type { Archive } from './archive.ts';
import { Categories } from './categories.ts';
import { CoOccurrence } from './co-occurrence.ts';
import { Interactions } from './interactions.ts';
import { ItemPlaces } from './item-places.ts';
import { Popularity } from './popularity.ts';
import { Postings } from './postings.ts';
import type { FoldSettings } from './settings.ts';
import { entries, entryLength } from './tally-log.ts';

/** What of a tenant's state are tallies. */
export interface Tallies {
  readonly coOccurrence: CoOccurrence;
  readonly popularity: Popularity;
  readonly trending: Popularity;
  readonly postings: Postings;
  readonly interactions: Interactions;
}

/** Tallies by themselves, with what it takes to keep them: which items there are. */
export interface KeptTallies extends Tallies {
  readonly items: ItemPlaces;
}

export function createTallies(settings: FoldSettings): KeptTallies {
  const items = new ItemPlaces();
  // Only who reads needs the time, and the categories.
  const clock = { lastOccurredAtMicros: 0 };
  const categories = new Categories(settings.maxCategories, items);
  return {
    items,
    coOccurrence: new CoOccurrence(settings, clock, items),
    popularity: new Popularity(settings.popularityHalfLifeMicros, clock, categories, items),
    trending: new Popularity(settings.trendingHalfLifeMicros, clock, categories, items),
    postings: new Postings(settings.postingLength),
    interactions: new Interactions(settings.interactionsPerPerson),
  };
}

/** Writes them, or takes them over from who wrote. */
export function persistTallies(tallies: Tallies, archive: Archive): void {
  tallies.coOccurrence.persist(archive.part('coOccurrence'));
  tallies.popularity.persist(archive.part('popularity'));
  tallies.trending.persist(archive.part('trending'));
  tallies.postings.persist(archive.part('postings'));
  tallies.interactions.persist(archive.part('interactions'));
}

/** The most partners of a visited item in the settings. */
const partners = new Int32Array(100);

/** Adds up the first `length` numbers of a row that a `TallyLog` passed on. */
export function addUp(tallies: KeptTallies, row: Float64Array, length: number): void {
  for (let at = 0; at < length; at += entryLength) {
    if (row[at] === entries.pairs) {
      const count = row[at + 3]!;
      for (let i = 0; i < count; i++) partners[i] = row[at + entryLength + i]!;
      tallies.coOccurrence.pair(row[at + 1]!, partners, count, row[at + 2]!);
      at += count;
    } else add(tallies, row[at]!, row[at + 1]!, row[at + 2]!, row[at + 3]!, row[at + 4]!);
  }
}

function add(tallies: KeptTallies, kind: number, a: number, b: number, c: number, d: number): void {
  switch (kind) {
    case entries.posting:
      tallies.postings.push(a, b, c === 1);
      break;
    case entries.interaction:
      tallies.interactions.add(a, b, c, d);
      break;
    case entries.signal:
      tallies.popularity.count(a, b, c);
      tallies.trending.count(a, b, c);
      break;
    case entries.postingRemoved:
      tallies.postings.remove(a, b);
      break;
    case entries.interactionsMerged:
      tallies.interactions.merge(a, b);
      break;
    case entries.interactionsForgotten:
      tallies.interactions.clear(a);
      break;
    case entries.itemBegan:
      tallies.items.begin(a);
      break;
    case entries.itemForgotten:
      forgetItem(tallies, a);
      break;
    default:
      throw new RangeError(`a log of tallies has an entry of kind ${kind}`);
  }
}

/** As `forgetItem` in `forgetting.ts` does, of which these are a part. */
function forgetItem({ items, popularity, trending, postings, coOccurrence }: KeptTallies, item: number): void {
  popularity.forget(item);
  trending.forget(item);
  postings.forget(items.of(item));
  coOccurrence.forget(item);
  items.forget(item);
}
