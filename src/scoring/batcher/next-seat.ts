import type { Speed } from './cost-model.ts';

/** A worker as the choice sees it. */
export interface SeatView {
  readonly speed: Pick<Speed, 'expect'>;
  readonly maxImages: number;
  /** What it runs, and since when; undefined: it is idle. */
  readonly running: { readonly images: number; readonly begunMillis: number } | undefined;
  /** Orders those that are idle: the smaller, the longer. */
  readonly idleSince: number;
}

/** Who gets the next batch; or until when nobody should, unless something changes. */
export type Choice<Seat> = { readonly seat: Seat } | { readonly untilMillis: number };

/** A worker that is idle is passed over only for one that would answer so many times sooner, although it is busy. */
const muchSooner = 2;

/**
 * Idle workers up to so many times slower than the fastest take turns. Equal ones differ by about so much from batch to batch (the
 * collector, a neighbour on the core), and one that never gets a batch keeps the expectation that it was passed over for. It
 * costs an image half a batch at most, and is below `muchSooner`, so that nobody waits for one that a turn would do as well.
 */
const alike = 1.5;

/**
 * Chooses the worker that is expected to be done first with what waits. So an idle one that is much slower than a busy one
 * (a remote with troubles, say) gets a batch only when so much waits that even it is of help. What runs for longer than was
 * expected is expected to run for as long again. Undefined: all are busy.
 */
export function nextSeat<Seat extends SeatView>(
  seats: readonly Seat[],
  images: number,
  nowMillis: number,
): Choice<Seat> | undefined {
  let fastest = Number.POSITIVE_INFINITY;
  for (const { running, speed } of seats) if (running === undefined) fastest = Math.min(fastest, speed.expect(1));
  const seat = longestIdle(seats, fastest * alike);
  if (seat === undefined) return undefined;
  const untilMillis = soonerElsewhere(seats, images, nowMillis, fastest / muchSooner);
  return untilMillis === undefined ? { seat } : { untilMillis };
}

/** Of those that are idle and expected to take no longer than this. Undefined: there is none. */
function longestIdle<Seat extends SeatView>(seats: readonly Seat[], mostMillis: number): Seat | undefined {
  let longest: Seat | undefined;
  for (const seat of seats) {
    if (seat.running !== undefined || (longest !== undefined && seat.idleSince > longest.idleSince)) continue;
    if (seat.speed.expect(1) <= mostMillis) longest = seat;
  }
  return longest;
}

/** When the first of the busy workers is free by which all that waits is answered sooner than within the bound. */
function soonerElsewhere(
  seats: readonly SeatView[],
  images: number,
  nowMillis: number,
  boundMillis: number,
): number | undefined {
  let room = 0;
  let freeIn = Number.POSITIVE_INFINITY;
  let longest = 0;
  for (const { running, speed, maxImages } of seats) {
    if (running === undefined || speed.expect(1) >= boundMillis) continue;
    room += maxImages;
    freeIn = Math.min(freeIn, remainingMillis(speed.expect(running.images), nowMillis - running.begunMillis));
    longest = Math.max(longest, speed.expect(Math.min(images, maxImages)));
  }
  if (room === 0 || freeIn + longest * Math.ceil(images / room) >= boundMillis) return undefined;
  return nowMillis + freeIn;
}

function remainingMillis(expectedMillis: number, ageMillis: number): number {
  return ageMillis < expectedMillis ? expectedMillis - ageMillis : ageMillis;
}
