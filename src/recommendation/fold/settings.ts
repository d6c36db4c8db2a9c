/** What shapes the state. Two processes that fold the same journal under other settings reach other states. */

const secondMicros = 1_000_000;
const dayMicros = 86_400 * secondMicros;

/** The bounds and times of a fold. Every number is positive and whole. */
export interface FoldSettings {
  /** Serenade's m: the newest sessions kept for each item. At most 10,000. */
  readonly postingLength: number;
  /** The newest items kept of a session. At most 1,000. */
  readonly itemsPerSession: number;
  /** Sessions held; the one that began first leaves. At most 100,000,000. */
  readonly maxSessions: number;
  /** Users and visitors held; the one seen longest ago leaves. At least 2, at most 100,000,000. */
  readonly maxPeople: number;
  /** Items held; of those known by behaviour only, the one named longest ago leaves first. At most 100,000,000. */
  readonly maxItems: number;
  /** Categories with items in them; where there are as many, no further one begins. At most 10,000,000. */
  readonly maxCategories: number;
  /** A pause this long begins a new session where events carry no session id. */
  readonly sessionGapMicros: number;
  readonly popularityHalfLifeMicros: number;
  readonly trendingHalfLifeMicros: number;
  readonly coOccurrenceHalfLifeMicros: number;
  /** A visited item is paired with this many different items before it in its session. At most 100. */
  readonly coOccurrenceWindow: number;
  /** The strongest partners kept for each item. At most 1,000. */
  readonly maxNeighbours: number;
  readonly interactionsPerPerson: number;
  /** Reactions and ratings, in items. */
  readonly opinionsPerPerson: number;
  /** A line is found by a walk through them, which takes 2 µs of 500. */
  readonly cartLinesPerPerson: number;
  readonly listsPerPerson: number;
  readonly itemsPerList: number;
  readonly ordersPerPerson: number;
  readonly mealsPerPerson: number;
  readonly visitorsPerPerson: number;
  /** Orders and meals of nobody known, kept so that a refund or a review finds them; each. */
  readonly strangersRecords: number;
  /** Recommendations whose items are remembered for what is seen and clicked. */
  readonly rememberedRecommendations: number;
  /** Pairs of placement and strategy with counters of their own. */
  readonly loopCounters: number;
  /** Named similarity lists of one item. */
  readonly similarityListsPerItem: number;
  /** Configurations and models installed by events, each. */
  readonly installedEntries: number;
}

/** The settings of a process whose configuration says nothing else. */
export const defaultFoldSettings: FoldSettings = Object.freeze({
  postingLength: 500,
  itemsPerSession: 100,
  maxSessions: 2_000_000,
  maxPeople: 2_000_000,
  maxItems: 500_000,
  maxCategories: 100_000,
  sessionGapMicros: 30 * 60 * secondMicros,
  popularityHalfLifeMicros: 7 * dayMicros,
  trendingHalfLifeMicros: dayMicros / 4,
  coOccurrenceHalfLifeMicros: 30 * dayMicros,
  coOccurrenceWindow: 5,
  maxNeighbours: 100,
  interactionsPerPerson: 200,
  opinionsPerPerson: 1_000,
  cartLinesPerPerson: 500,
  listsPerPerson: 50,
  itemsPerList: 500,
  ordersPerPerson: 100,
  mealsPerPerson: 200,
  visitorsPerPerson: 100,
  strangersRecords: 10_000,
  rememberedRecommendations: 10_000,
  loopCounters: 1_000,
  similarityListsPerItem: 8,
  installedEntries: 1_000,
});
