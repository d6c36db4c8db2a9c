import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPalateError } from '../../../src/errors.ts';
import { type Clock, systemClock } from '../../../src/scoring/batcher/clock.ts';
import { Lane } from '../../../src/scoring/stages/lane.ts';

const { signal } = new AbortController();

/** Time that goes on when it is told to. */
function createClock() {
  let now = 1_000;
  const clock: Clock = { now: () => now, callAt: () => () => undefined };
  return { clock, pass: (millis: number) => (now += millis) };
}

/** Work that ends when it is told to. */
function createWork(name: string, begun: string[]) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const work = () => {
    begun.push(name);
    return promise;
  };
  return { work, end: () => resolve(name) };
}

function isOverloaded(error: unknown): boolean {
  return isPalateError(error) && error.reason === 'OVERLOADED' && (error.retryAfterMillis ?? 0) > 0;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('the lane to a model', () => {
  it('lets so many photos in at a time, then the most urgent of those that wait', async () => {
    const lane = new Lane<string>({ clock: systemClock, width: 2, maxQueued: 10 });
    const begun: string[] = [];
    const now = systemClock.now();
    const works = ['a', 'b', 'patient', 'urgent'].map((name) => createWork(name, begun));
    const deadlines = [60_000, 60_000, 60_000, 30_000];
    const passed = works.map(({ work }, index) => lane.pass(work, { deadlineMillis: now + deadlines[index]!, signal }));
    assert.deepEqual(begun, ['a', 'b']);
    works[0]!.end();
    await settle();
    assert.deepEqual(begun, ['a', 'b', 'urgent']);
    for (const { end } of works) end();
    const results = await Promise.all(passed);
    assert.deepEqual(
      results.map(({ result }) => result),
      ['a', 'b', 'patient', 'urgent'],
    );
    assert.ok(results[3]!.queueMicros > 0);
  });

  it('refuses as it comes what the line before it makes too late, and takes what has more time', async () => {
    const { clock, pass } = createClock();
    const lane = new Lane<string>({ clock, width: 1, maxQueued: 100 });
    // It takes 100 ms as a rule.
    for (let time = 0; time < 200; time++) {
      const { work, end } = createWork('one', []);
      const passed = lane.pass(work, { deadlineMillis: Number.POSITIVE_INFINITY, signal });
      pass(100);
      end();
      await passed;
    }
    const works = Array.from({ length: 4 }, () => createWork('queued', []));
    const later = { deadlineMillis: clock.now() + 10_000, signal };
    const passed = works.map(({ work }) => lane.pass(work, later));
    const { work } = createWork('late', []);
    // Three wait: it would be done after about five times 100 ms, by a cautious reckoning 750 ms.
    await assert.rejects(lane.pass(work, { deadlineMillis: clock.now() + 600, signal }), isOverloaded);
    assert.throws(() => lane.refuseLate(clock.now() + 600), isOverloaded);
    lane.refuseLate(clock.now() + 2_000);
    passed.push(lane.pass(works[0]!.work, { deadlineMillis: clock.now() + 2_000, signal }));
    for (const { end } of works) end();
    assert.equal((await Promise.all(passed)).length, 5);
  });

  it('refuses what finds no room, and passes on what work fails with', async () => {
    const lane = new Lane<string>({ clock: systemClock, width: 1, maxQueued: 1 });
    const forever = { deadlineMillis: Number.POSITIVE_INFINITY, signal };
    const [first, second, third] = ['first', 'second', 'third'].map((name) => createWork(name, []));
    const passed = [lane.pass(first!.work, forever), lane.pass(second!.work, forever)];
    await assert.rejects(lane.pass(third!.work, forever), isOverloaded);
    first!.end();
    second!.end();
    await Promise.all(passed);
    const broken = new Error('broken');
    await assert.rejects(
      lane.pass(() => Promise.reject(broken), forever),
      broken,
    );
  });
});
