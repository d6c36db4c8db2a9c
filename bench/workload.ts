/**
 * A shop's traffic, made up: 33 of the 34 event types (all but `user_erased`), mostly views, by visitors whose sessions
 * run side by side. A few items are looked at a lot (Zipf), and a session tends to stay among items that belong together.
 * The same seed gives the same events; ids differ from seed to seed.
 */

import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { EventSchema } from '../gen/palate/event/v1/event_pb.ts';
import { timestampOf } from '../src/events/timestamp.ts';
import { createRandom, weighted, zipf } from './random.ts';
import { createPayloads, type WorkloadType } from './workload-payloads.ts';

export interface WorkloadOptions {
  readonly seed: number;
  /** Microseconds since 1970 of the first event. */
  readonly startMicros: number;
  /** Time from an event to the next, in microseconds. */
  readonly stepMicros?: number;
  readonly items?: number;
  /** Sessions that run at the same time. */
  readonly sessions?: number;
}

export type EventInit = MessageInitShape<typeof EventSchema>;

export interface Workload {
  next(): EventInit;
  nextBytes(): Uint8Array;
}

/** Of 1,000 events, how many are of a type. */
export const mix: Readonly<Record<WorkloadType, number>> = {
  itemViewed: 520,
  pageViewed: 90,
  listViewed: 60,
  itemClicked: 70,
  searchPerformed: 40,
  mediaProgressed: 15,
  cartAdded: 30,
  cartRemoved: 8,
  listAdded: 10,
  listRemoved: 3,
  checkoutStarted: 8,
  itemShared: 4,
  orderCompleted: 6,
  orderRefunded: 1,
  itemRated: 5,
  itemReacted: 6,
  customInteracted: 5,
  recommendationServed: 30,
  recommendationSeen: 25,
  recommendationClicked: 12,
  itemUpserted: 10,
  itemPatched: 6,
  itemRemoved: 0.5,
  stockChanged: 10,
  priceChanged: 8,
  itemSimilarityUpserted: 2,
  userUpserted: 3,
  identityMerged: 2,
  consentChanged: 1,
  mealScored: 6,
  mealReviewed: 1,
  configChanged: 0.1,
  modelInstalled: 0.1,
};

/** Items that belong together. */
const clusterSize = 32;
/** How often the next item of a session is of the last one's cluster. */
const stayShare = 0.6;
/** A session ends after an event with this chance: 8 events on average. */
const endShare = 1 / 8;
/** So many visitors have signed in. */
const signedInShare = 0.3;

/** So many events come from a page that says where it is. */
const contextShare = 0.6;

interface Visit {
  readonly sessionId: string;
  readonly visitorId: string;
  readonly userId: string;
  lastItem: number;
}

/** Begins the traffic. */
export function createWorkload(options: WorkloadOptions): Workload {
  const { seed, startMicros, stepMicros = 50, items = 50_000, sessions = 2_000 } = options;
  const random = createRandom(seed);
  const drawType = weighted(mix, random);
  const drawItem = zipf(items, 1, random);
  const newId = eventIds(seed);
  let visits = 0;
  let made = 0;
  const newVisit = (): Visit => {
    visits += 1;
    // Some visitors come back: ids are drawn from a tenth of as many visitors as there were visits.
    const visitor = `${seed}-${random.below(visits * 4 + 100)}`;
    const isSignedIn = random.next() < signedInShare;
    return {
      sessionId: `s${seed}-${visits}`,
      visitorId: `v${visitor}`,
      userId: isSignedIn ? `u${visitor}` : '',
      lastItem: -1,
    };
  };
  const running = Array.from({ length: sessions }, newVisit);
  const nextItem = (visit: Visit): string => {
    const stays = visit.lastItem >= 0 && random.next() < stayShare;
    const near = visit.lastItem - (visit.lastItem % clusterSize) + random.below(clusterSize);
    visit.lastItem = stays ? Math.min(items - 1, near) : drawItem();
    return String(visit.lastItem + 1);
  };
  const payloads = createPayloads(random);
  const next = (): EventInit => {
    const place = random.below(sessions);
    const visit = running[place]!;
    const type = drawType();
    const payload = payloads[type](() => nextItem(visit), visit.sessionId);
    const { sessionId, visitorId } = visit;
    const userId = needsUser.has(type) ? visitorId.replace('v', 'u') : visit.userId;
    const occurredAt = timestampOf(startMicros + Math.round(made++ * stepMicros));
    if (random.next() < endShare) running[place] = newVisit();
    const context = random.next() < contextShare ? contextOf(visit) : {};
    return { eventId: newId(), userId, visitorId, sessionId, occurredAt, payload, ...context };
  };
  return { next, nextBytes: () => toBinary(EventSchema, create(EventSchema, next())) };
}

function contextOf({ lastItem }: Visit): Pick<EventInit, 'context'> {
  const url = `https://shop.example/item/${lastItem + 1}`;
  return { context: { locale: 'nl-NL', timeZone: 'Europe/Amsterdam', device: 'mobile', url } };
}

const needsUser: ReadonlySet<WorkloadType> = new Set(['userUpserted', 'identityMerged', 'consentChanged']);

/** UUIDs in the form of version 7 that differ by seed and number. */
function eventIds(seed: number): () => string {
  const head = seed.toString(16).padStart(8, '0').slice(-8);
  let made = 0;
  return () => {
    made += 1;
    return `${head}-0000-7000-8000-${made.toString(16).padStart(12, '0')}`;
  };
}
