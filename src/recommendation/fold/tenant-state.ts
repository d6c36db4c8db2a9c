/** All that is held for one tenant. Readers see it as it stands between two events; only the appliers change it. */
import type { Archive } from './archive.ts';
import { Catalogue } from './catalogue.ts';
import { Categories } from './categories.ts';
import type { Clock } from './clock.ts';
import { CoOccurrence } from './co-occurrence.ts';
import { forgetItem, forgetPerson } from './forgetting.ts';
import { Installed } from './installed.ts';
import { ItemPlaces } from './item-places.ts';
import { Loop } from './loop.ts';
import { Meals } from './meals.ts';
import { Orders } from './orders.ts';
import { People } from './people.ts';
import { Popularity } from './popularity.ts';
import { SessionIndex } from './session-index.ts';
import type { FoldSettings } from './settings.ts';
import { SimilarityLists } from './similarity-lists.ts';
import { persistTallies, type Tallies } from './tallies.ts';
import { entries, type TallyLog } from './tally-log.ts';
import { Traffic } from './traffic.ts';

export class TenantState implements Clock {
  readonly settings: FoldSettings;
  /** How many events of the tenant were folded. */
  events = 0;
  lastOccurredAtMicros = 0;
  readonly items = new ItemPlaces();
  readonly catalogue: Catalogue;
  readonly categories: Categories;
  readonly sessions: SessionIndex;
  readonly coOccurrence: CoOccurrence;
  readonly popularity: Popularity;
  /** As `popularity`, with the short half-life. */
  readonly trending: Popularity;
  /** Both of them, as the listeners of `categories`. */
  readonly rankings: readonly Popularity[];
  readonly people: People;
  readonly similarityLists: SimilarityLists;
  readonly traffic = new Traffic(this.items);
  readonly orders: Orders;
  readonly meals: Meals;
  readonly loop: Loop;
  /** By name: the JSON that an event gave a placement, a strategy, an experiment. */
  readonly placements: Installed;
  readonly strategies: Installed;
  readonly experiments: Installed;
  /** By kind and name, `modelKey`: version and SHA-256. */
  readonly models: Installed;
  /** How many erasures the journal asked for. */
  erasures = 0;
  /** Where there is one, another thread keeps the tallies, and those here are empty. */
  tallyLog: TallyLog | undefined;

  constructor(settings: FoldSettings) {
    this.settings = settings;
    const began = (place: number) => this.tallyLog?.note(entries.itemBegan, place);
    this.categories = new Categories(settings.maxCategories, this.items);
    this.catalogue = new Catalogue(settings.maxItems, this.items, (item) => forgetItem(this, item), began);
    this.sessions = new SessionIndex(settings, this.items);
    this.coOccurrence = new CoOccurrence(settings, this, this.items);
    this.popularity = new Popularity(settings.popularityHalfLifeMicros, this, this.categories, this.items);
    this.trending = new Popularity(settings.trendingHalfLifeMicros, this, this.categories, this.items);
    this.rankings = [this.popularity, this.trending];
    this.people = new People(settings, (person) => forgetPerson(this, person));
    this.similarityLists = new SimilarityLists(settings.similarityListsPerItem);
    this.orders = new Orders(settings.strangersRecords);
    this.meals = new Meals(settings.strangersRecords);
    this.loop = new Loop(settings.rememberedRecommendations, settings.loopCounters, this.items);
    this.placements = new Installed(settings.installedEntries);
    this.strategies = new Installed(settings.installedEntries);
    this.experiments = new Installed(settings.installedEntries);
    this.models = new Installed(settings.installedEntries);
  }

  /** From now on, and before the first event, what is to be added to the tallies is noted, until they are taken over. */
  noteTallies(log: TallyLog): void {
    this.#logTallies(log);
  }

  /** Takes the tallies over that were added up from the log; undefined: there was nothing. */
  takeTallies(from: Archive | undefined): void {
    this.#logTallies(undefined);
    if (from !== undefined) persistTallies(this.#tallies(), from);
  }

  #logTallies(log: TallyLog | undefined): void {
    this.tallyLog = log;
    this.sessions.postings.log = log;
    this.people.interactions.log = log;
  }

  #tallies(): Tallies {
    const { coOccurrence, popularity, trending, sessions, people } = this;
    return { coOccurrence, popularity, trending, postings: sessions.postings, interactions: people.interactions };
  }

  persist(archive: Archive): void {
    const counts = archive.numbers('counts', [this.events, this.lastOccurredAtMicros, this.erasures]);
    [this.events, this.lastOccurredAtMicros, this.erasures] = counts;
    this.items.persist(archive.part('items'));
    this.catalogue.persist(archive.part('catalogue'));
    this.categories.persist(archive.part('categories'));
    this.sessions.persist(archive.part('sessions'));
    this.coOccurrence.persist(archive.part('coOccurrence'));
    this.popularity.persist(archive.part('popularity'));
    this.trending.persist(archive.part('trending'));
    const orders = this.orders.persist(archive.part('orders'));
    const meals = this.meals.persist(archive.part('meals'));
    this.people.persist(archive.part('people'), { orders, meals });
    this.similarityLists.persist(archive.part('similarityLists'));
    this.traffic.persist(archive.part('traffic'));
    this.loop.persist(archive.part('loop'));
    this.placements.persist(archive.part('placements'));
    this.strategies.persist(archive.part('strategies'));
    this.experiments.persist(archive.part('experiments'));
    this.models.persist(archive.part('models'));
  }
}
