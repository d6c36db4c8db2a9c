import type { Speed } from './cost-model.ts';

/** A worker as the choice sees it. */
export interface SeatView {
  readonly speed: Pick<Speed, 'expect'>;
  readonly maxImages: number;
  /** What it runs, and since when; undefined: it is idle. */
  readonly running: { readonly images: number; readonly begunMillis: number } | undefined;
}

/** Who gets the next batch; or until when nobody should, unless something changes. */
export type Choice<Seat> = { readonly seat: Seat } | { readonly untilMillis: number };

/** A worker that is idle is passed over only for one that would answer so many times sooner, although it is busy. */
const muchSooner = 2;

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
  let seat: Seat | undefined;
  let fastest = Number.POSITIVE_INFINITY;
  for (const other of seats) {
    if (other.running !== undefined) continue;
    const expected = other.speed.expect(1);
    if (seat !== undefined && expected >= fastest) continue;
    [seat, fastest] = [other, expected];
  }
  if (seat === undefined) return undefined;
  const untilMillis = soonerElsewhere(seats, images, nowMillis, fastest / muchSooner);
  return untilMillis === undefined ? { seat } : { untilMillis };
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
