import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextSeat, type SeatView } from '../../../src/scoring/batcher/next-seat.ts';

/** A worker whose batches take so long each; `sinceMillis`: it has been running one image since then. */
function seat(millis: number, sinceMillis?: number, maxImages = 1, idleSince = 0): SeatView {
  const running = sinceMillis === undefined ? undefined : { images: 1, begunMillis: sinceMillis };
  return { speed: { expect: (images) => millis * images }, maxImages, running, idleSince };
}

describe('nextSeat', () => {
  it('is the fastest of the idle, and nobody where all are busy', () => {
    const seats = [seat(12), seat(7), seat(1, 0), seat(11)];
    assert.deepEqual(nextSeat(seats.toSpliced(2, 1), 1, 0), { seat: seats[1] });
    assert.equal(nextSeat([seat(1, 0), seat(2, 0)], 1, 0), undefined);
    assert.equal(nextSeat([], 1, 0), undefined);
  });

  it('gives those that are about as fast turns: the longest idle is next', () => {
    const [fast, alike, slow] = [seat(10, undefined, 1, 7), seat(15, undefined, 1, 4), seat(15.1, undefined, 1, 1)];
    assert.deepEqual(nextSeat([fast, alike, slow], 1, 0), { seat: alike });
    assert.deepEqual(nextSeat([slow, { ...alike, idleSince: 8 }, fast], 1, 0), { seat: fast });
    assert.deepEqual(nextSeat([slow, seat(10, 0), { ...alike, idleSince: 8 }], 1, 0), { seat: slow });
  });

  it('waits for a busy one that answers much sooner', () => {
    const [slow, fast] = [seat(100), seat(10, 0)];
    assert.deepEqual(nextSeat([slow, fast], 1, 4), { untilMillis: 10 });
  });

  it('does not wait where the idle one is not that much slower', () => {
    const slow = seat(39);
    assert.deepEqual(nextSeat([slow, seat(10, 0)], 1, 0), { seat: slow });
  });

  it('does not wait where so much waits that the slow one is of help', () => {
    const [slow, fast] = [seat(100), seat(10, 0)];
    assert.deepEqual(nextSeat([slow, fast], 3, 0), { untilMillis: 10 });
    assert.deepEqual(nextSeat([slow, fast], 4, 0), { seat: slow });
  });

  it('expects what is late to take as long again, and gives up waiting for it in the end', () => {
    const [slow, fast] = [seat(100), seat(10, 0)];
    assert.deepEqual(nextSeat([slow, fast], 1, 20), { untilMillis: 40 });
    assert.deepEqual(nextSeat([slow, fast], 1, 40), { seat: slow });
  });
});
