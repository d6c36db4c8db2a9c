/**
 * The recommender's keys. Those of sessions, people, items, popularity and coOccurrence shape the state itself: a server
 * that replays the same journal under other values reaches another digest.
 */
import { placements } from './placements.ts';
import { choice, duration, integer, number, section, text } from './settings.ts';

/** Sessions: where one ends, and the index of VMIS-kNN (Kersbergen et al., Serenade, SIGMOD 2022). */
const sessions = section({
  gap: duration({ description: 'A pause this long begins a new session.', default: '30m', min: '1s' }),
  maxItemsPerSession: integer({ description: 'Newest items kept of a session.', default: 100, min: 2, max: 1_000 }),
  maxSessions: integer({
    description: 'Sessions held of a tenant; the one that began first leaves.',
    default: 2_000_000,
    min: 100,
    max: 100_000_000,
  }),
  mostRecentSessions: integer({
    description: 'm: newest sessions kept for each item, and looked at for an answer.',
    default: 500,
    min: 1,
    max: 10_000,
  }),
  neighbours: integer({
    description: 'k: most similar sessions that give their items.',
    default: 50,
    min: 1,
    max: 5_000,
  }),
  lastItems: integer({
    description: 'Newest items of the running session that are compared.',
    default: 2,
    min: 1,
    max: 100,
  }),
  idfWeighting: number({
    description: 'How much a rare item counts beside a common one; 0: alike.',
    default: 1,
    max: 10,
  }),
});

/** STAN (Garg et al., SIGIR 2019) over the same index. The defaults were chosen on Serenade's validation days. */
const stan = section({
  neighbours: integer({
    description: 'Most similar sessions that give their items.',
    default: 100,
    min: 1,
    max: 5_000,
  }),
  lastItems: integer({
    description: 'Newest items of the running session that are compared.',
    default: 10,
    min: 1,
    max: 100,
  }),
  positionDecay: number({
    description: 'An item of the running session counts 1/e after so many places from the newest.',
    default: 1,
    min: 0.01,
    max: 1_000,
  }),
  recencyDecay: number({
    description: 'An older session counts less: by its rank from the newest as a share of all, 1/e at this share.',
    default: 3,
    min: 0.001,
    max: 1_000,
  }),
  distanceDecay: number({
    description: "A neighbour's item counts 1/e after so many places from the last one that both share.",
    default: 0.7,
    min: 0.01,
    max: 1_000,
  }),
  idfWeighting: number({
    description: 'How much a rare item counts beside a common one; 0: alike.',
    default: 1,
    max: 10,
  }),
});

/** Who is held in memory; what is held of one person has bounds of its own. */
const people = section({
  maxPeople: integer({
    description: 'Users and visitors held of a tenant, together; the one seen longest ago leaves.',
    default: 2_000_000,
    min: 100,
    max: 100_000_000,
  }),
});

/** Which items are held in memory. */
const items = section({
  maxItems: integer({
    description:
      'Items held of a tenant; the one named longest ago leaves, those known by behaviour only before described ones.',
    default: 500_000,
    min: 100,
    max: 100_000_000,
  }),
  maxCategories: integer({
    description:
      'Categories of a tenant that have items, those above them included; while there are as many, no further one begins.',
    default: 100_000,
    min: 1,
    max: 10_000_000,
  }),
});

const popularity = section({
  halfLife: duration({
    description: 'An interaction counts half for popular after this time.',
    default: '7d',
    min: '1m',
  }),
  trendingHalfLife: duration({
    description: 'An interaction counts half for trending after this time.',
    default: '6h',
    min: '1m',
  }),
});

const coOccurrence = section({
  halfLife: duration({ description: 'Two items seen together count half after this time.', default: '30d', min: '1m' }),
  window: integer({
    description: 'Items of a session, back from the newest, that it is paired with.',
    default: 5,
    min: 1,
    max: 100,
  }),
  maxNeighbours: integer({ description: 'Strongest partners kept for each item.', default: 100, min: 1, max: 1_000 }),
});

/** When the state is written to a file, so that a start need not fold the whole journal. */
const snapshots = section({
  everyEvents: integer({
    description: 'A snapshot is written after so many events; 0: none is, and none is used.',
    default: 1_000_000,
  }),
  every: duration({
    description: 'A snapshot is written after this time where there were events.',
    default: '15m',
    min: '1s',
    max: '24d',
  }),
  keep: integer({ description: 'Newest snapshots that stay.', default: 2, min: 2, max: 1_000 }),
  folder: text({ description: 'Where they lie; empty: snapshots/ in dataFolder.', default: '' }),
});

/** All of `recommendation:`. */
export const recommendation = section({
  sessions,
  stan,
  people,
  items,
  popularity,
  coOccurrence,
  placements,
  snapshots,
  timeTravel: choice(['allow', 'deny'], {
    description: 'Whether reads may ask for a past moment (as_of), which a thread of its own folds anew.',
    default: 'allow',
  }),
});
