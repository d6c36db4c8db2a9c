/**
 * The recommender's keys. All but the placements shape the state itself: a server that replays the same journal under
 * other values reaches another digest.
 */
import { placements } from './placements.ts';
import { duration, integer, number, section } from './settings.ts';

/** Sessions: where one ends, and the index of VMIS-kNN (Kersbergen et al., Serenade, SIGMOD 2022). */
const sessions = section({
  gap: duration({ description: 'A pause this long begins a new session.', default: '30m', min: '1s' }),
  maxItemsPerSession: integer({ description: 'Newest items kept of a session.', default: 100, min: 2, max: 1_000 }),
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
    default: 10,
    min: 1,
    max: 100,
  }),
  maxNeighbours: integer({ description: 'Strongest partners kept for each item.', default: 100, min: 1, max: 1_000 }),
});

/** All of `recommendation:`. */
export const recommendation = section({ sessions, popularity, coOccurrence, placements });
