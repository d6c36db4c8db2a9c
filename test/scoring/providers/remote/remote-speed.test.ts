import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RemoteSpeed } from '../../../../src/scoring/providers/remote/remote-speed.ts';

const atBest = { perImageMillis: 2, perBatchMillis: 8 };

function started() {
  const clock = { millis: 0 };
  const speed = new RemoteSpeed(() => clock.millis, atBest);
  /** A batch that takes so long. */
  const run = (images: number, millis: number, isAnswered = true) => {
    const end = speed.begin(images);
    clock.millis += millis;
    end(isAnswered);
  };
  return { clock, speed, run };
}

describe('RemoteSpeed', () => {
  it('learns what batches take', () => {
    const { speed, run } = started();
    assert.equal(speed.expect(1), 10);
    for (let batch = 0; batch < 200; batch++) run(1 + (batch % 4), 5 * (1 + (batch % 4)) + 30);
    assert.ok(Math.abs(speed.cost.perImageMillis - 5) < 0.2);
    assert.ok(Math.abs(speed.cost.perBatchMillis - 30) < 0.5);
  });

  it('expects more of one that has much to do, and at least what it has been late by', () => {
    const { clock, speed } = started();
    const end = speed.begin(3);
    assert.deepEqual([speed.expect(1), speed.predict(1), speed.outstandingImages], [16, 10, 3]);
    clock.millis = 500;
    assert.equal(speed.expect(1), 500);
    end(true);
    end(true);
    assert.equal(speed.outstandingImages, 0);
  });

  it('falls back at once when one batch is slow, also one that was given up, and comes back with time', () => {
    for (const isAnswered of [true, false]) {
      const { clock, speed, run } = started();
      for (let batch = 0; batch < 50; batch++) run(1, 10);
      run(1, 100, isAnswered);
      assert.ok(speed.expect(1) > 90, `${speed.expect(1)}`);
      clock.millis += 30_000;
      assert.ok(speed.expect(1) < 12, `${speed.expect(1)}`);
    }
  });

  it('does not take for slow what was given up early', () => {
    const { speed, run } = started();
    run(1, 1, false);
    assert.equal(speed.expect(1), 10);
  });

  it('never says of a deadline that there is less time than at best', () => {
    const { speed, run } = started();
    for (let batch = 0; batch < 100; batch++) run(1, 1_000);
    assert.ok(speed.expect(1) > 500);
    assert.equal(speed.predict(1), 10);
  });

  it('lets others go first where something went wrong', () => {
    const { speed } = started();
    speed.stumble();
    assert.equal(speed.expect(1), 40);
  });
});
