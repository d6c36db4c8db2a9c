/** The rule of who goes with a user, told a second time and as plainly as can be, for tests. */

import type { Event } from '../../../gen/palate/event/v1/event_pb.ts';

/** The places of the events that go with the user. */
export function recordsOf(userId: string, events: readonly Event[]): Set<number> {
  const goes = new Set<number>();
  for (const at of events.keys()) if (isTheirs(userId, events, at)) goes.add(at);
  return goes;
}

function isTheirs(userId: string, events: readonly Event[], at: number): boolean {
  const one = events[at]!;
  if (ownerOf(events, at) === userId) return true;
  const thing = thingOf(one);
  const isAbout = thing !== undefined && isTheirThing(userId, events, thing);
  const saidByOthers = one.payload.case === 'mealReviewed' || one.payload.case === 'orderRefunded';
  if (isNamed(one)) return isAbout && saidByOthers;
  return isAbout || (one.sessionId !== '' && isTheirSession(userId, events, one.sessionId));
}

const isNamed = ({ userId, visitorId }: Event) => userId !== '' || visitorId !== '';

/** The user that the event itself names, or that its visitor was at that time. */
function ownerOf(events: readonly Event[], at: number): string | undefined {
  const { userId, visitorId } = events[at]!;
  if (userId !== '') return userId;
  if (visitorId === '') return undefined;
  const merges = events
    .map((event, place) => ({ event, place }))
    .filter(({ event }) => event.payload.case === 'identityMerged')
    .filter(({ event }) => event.visitorId === visitorId && event.userId !== '');
  return (merges.findLast(({ place }) => place <= at) ?? merges[0])?.event.userId;
}

function isTheirSession(userId: string, events: readonly Event[], sessionId: string, before = events.length): boolean {
  const last = events.findLastIndex((event, at) => at < before && event.sessionId === sessionId && isNamed(event));
  return last !== -1 && ownerOf(events, last) === userId;
}

/** Of the last one to bring it up, as far as that one is known. */
function isTheirThing(userId: string, events: readonly Event[], thing: string): boolean {
  let isTheirs = false;
  for (const [at, event] of events.entries()) {
    const { case: type } = event.payload;
    const begins = type === 'orderCompleted' || type === 'mealScored' || type === 'recommendationServed';
    if (!begins || thingOf(event) !== thing) continue;
    if (isNamed(event)) isTheirs = ownerOf(events, at) === userId;
    else if (event.sessionId !== '' && isTheirSession(userId, events, event.sessionId, at)) isTheirs = true;
  }
  return isTheirs;
}

function thingOf({ payload: { value } }: Event): string | undefined {
  if (value === undefined) return undefined;
  if ('orderId' in value) return `order ${value.orderId}`;
  if ('imageId' in value) return `image ${value.imageId}`;
  return 'recommendationId' in value ? `recommendation ${value.recommendationId}` : undefined;
}
