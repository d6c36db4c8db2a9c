import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isPalateError, PalateError } from '../../../src/errors.ts';
import { type Shared, SharedWork } from '../../../src/scoring/stages/join.ts';
import { VirtualClock } from '../batcher/virtual-clock.ts';

const anytime = { deadlineMillis: Number.POSITIVE_INFINITY };

function shared() {
  const clock = new VirtualClock();
  return { clock, work: new SharedWork<string>(clock) };
}

describe('SharedWork', () => {
  test('does once what a thousand ask for', async () => {
    const { clock, work } = shared();
    let runs = 0;
    const run = async () => {
      runs += 1;
      await clock.until(10);
      return 'done';
    };
    const joined = Promise.all(Array.from({ length: 1_000 }, () => work.join('a', anytime, run)));
    const other = work.join('b', anytime, run);
    await clock.run(20);
    const results = await joined;
    assert.equal(runs, 2);
    assert.ok(results.every(({ result }) => result === 'done'));
    assert.equal(results.filter(({ isShared }) => isShared).length, 999);
    assert.equal((await other).isShared, false);
    assert.equal(work.size, 0);
  });

  test('begins anew once the work is done', async () => {
    const { work } = shared();
    let runs = 0;
    const run = async () => `${++runs}`;
    assert.equal((await work.join('a', anytime, run)).result, '1');
    assert.equal((await work.join('a', anytime, run)).result, '2');
  });

  test('fails everybody with what the work fails with, thrown at once or later', async () => {
    const { work } = shared();
    for (const run of [() => Promise.reject(new Error('broken')), () => assert.fail('broken')]) {
      const callers = [1, 2, 3].map(() => work.join('a', anytime, run));
      for (const caller of callers) await assert.rejects(caller, /broken/);
    }
    assert.equal(work.size, 0);
  });

  test('goes on for the others when the first caller gives up', async () => {
    const { clock, work } = shared();
    const leader = new AbortController();
    let signal: AbortSignal | undefined;
    const run = async (all: Shared) => {
      signal = all.signal;
      await clock.until(10);
      return 'done';
    };
    const first = work.join('a', { ...anytime, signal: leader.signal }, run);
    const second = work.join('a', anytime, run);
    leader.abort(new Error('enough'));
    await assert.rejects(first, /enough/);
    assert.equal(signal?.aborted, false);
    await clock.run(20);
    assert.equal((await second).result, 'done');
  });

  test('is called off when the last one gives up, and who comes then begins anew', async () => {
    const { work } = shared();
    const callers = [new AbortController(), new AbortController()];
    const signals: AbortSignal[] = [];
    const run = ({ signal }: Shared) => {
      signals.push(signal);
      return new Promise<string>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const joined = callers.map(({ signal }) => work.join('a', { ...anytime, signal }, run));
    callers[0]!.abort(new Error('enough'));
    await assert.rejects(joined[0]!, /enough/);
    assert.equal(signals[0]!.aborted, false);
    callers[1]!.abort(new Error('enough'));
    await assert.rejects(joined[1]!, /enough/);
    assert.equal(signals[0]!.aborted, true);
    const late = new AbortController();
    const again = work.join('a', { ...anytime, signal: late.signal }, run);
    assert.equal(signals.length, 2);
    late.abort(new Error('enough'));
    await assert.rejects(again, /enough/);
    assert.equal(work.size, 0);
  });

  test('has the latest deadline of all, and each caller their own', async () => {
    const { clock, work } = shared();
    let all: Shared | undefined;
    const run = (shared: Shared) => {
      all = shared;
      return clock.until(100).then(() => 'done');
    };
    const hasty = work.join('a', { deadlineMillis: 10 }, run);
    const hastyAt = hasty.catch((error: unknown) => [clock.now(), isPalateError(error) && error.reason]);
    assert.equal(all?.deadlineMillis, 10);
    const patient = work.join('a', { deadlineMillis: 200 }, run);
    assert.equal(all?.deadlineMillis, 200);
    await clock.run(150);
    assert.deepEqual(await hastyAt, [10, 'DEADLINE_EXCEEDED']);
    assert.equal((await patient).result, 'done');
  });

  test('is done again where it was given up for want of time, and somebody with more has joined', async () => {
    const { clock, work } = shared();
    const deadlines: number[] = [];
    // As the batcher does it: the deadline is fixed when the image is submitted.
    const run = async ({ deadlineMillis }: Shared) => {
      deadlines.push(deadlineMillis);
      await clock.until(Math.min(deadlineMillis, clock.now() + 50));
      if (clock.now() >= deadlineMillis) throw new PalateError('DEADLINE_EXCEEDED', 'too late');
      return 'done';
    };
    const hasty = assert.rejects(work.join('a', { deadlineMillis: 10 }, run), { reason: 'DEADLINE_EXCEEDED' });
    const patient = work.join('a', { deadlineMillis: 200 }, run);
    await clock.run(300);
    await hasty;
    assert.equal((await patient).result, 'done');
    assert.deepEqual(deadlines, [10, 200]);
  });

  test('refuses who has no time left, or has given up, without beginning anything', async () => {
    const { clock, work } = shared();
    await clock.run(10);
    const run = async () => assert.fail('nobody waits for it');
    await assert.rejects(work.join('a', { deadlineMillis: 10 }, run), { reason: 'DEADLINE_EXCEEDED' });
    await assert.rejects(work.join('a', { ...anytime, signal: AbortSignal.abort(new Error('enough')) }, run), /enough/);
    assert.equal(work.size, 0);
  });
});

interface Caller {
  readonly key: string;
  readonly comesAt: number;
  readonly staysMillis: number;
  readonly givesUpAfter: number;
}

interface Run {
  readonly key: string;
  readonly begunAt: number;
  endedAt: number;
  isCalledOff: boolean;
}

/** Whole milliseconds that are never the same: nothing happens at the same moment by chance. */
const anyCaller: fc.Arbitrary<Caller> = fc.record({
  key: fc.constantFrom('a', 'b'),
  comesAt: fc.nat(100),
  staysMillis: fc.integer({ min: 1, max: 80 }),
  givesUpAfter: fc.integer({ min: 1, max: 120 }),
});

test('whoever comes, gives up or runs out of time: each has their own answer, and no two runs of one key overlap', async () => {
  const anyDay = fc.tuple(
    fc.array(anyCaller, { maxLength: 12 }),
    fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
  );
  await fc.assert(
    fc.asyncProperty(anyDay, fc.boolean(), async ([callers, durations], heedsSignal) => {
      const { clock, work } = shared();
      const runs: Run[] = [];
      const perform = (key: string) => (all: Shared) => {
        const run: Run = { key, begunAt: clock.now(), endedAt: Number.POSITIVE_INFINITY, isCalledOff: false };
        const index = runs.push(run) - 1;
        const duration = durations[index % durations.length]! + 0.5;
        return new Promise<string>((resolve, reject) => {
          const end = (settle: () => void) => {
            run.endedAt = Math.min(run.endedAt, clock.now());
            settle();
          };
          all.signal.addEventListener('abort', () => {
            run.isCalledOff = true;
            run.endedAt = clock.now();
            if (heedsSignal) reject(all.signal.reason);
          });
          const fails = durations.length % 3 === 0;
          clock.callAt(clock.now() + duration, () =>
            end(() => (fails ? reject(new Error(`${index}`)) : resolve(`${index}`))),
          );
        });
      };
      const outcomes = callers.map(async ({ key, comesAt, staysMillis, givesUpAfter }, index) => {
        const from = comesAt + index / 100;
        await clock.until(from);
        const controller = new AbortController();
        clock.callAt(from + givesUpAfter + 0.25, () => controller.abort('gave up'));
        const caller = { signal: controller.signal, deadlineMillis: from + staysMillis };
        const outcome = await work.join(key, caller, perform(key)).then(
          ({ result }) => result,
          (error: unknown) => (error instanceof Error ? error.message : error),
        );
        return { key, from, outcome, at: clock.now(), until: from + Math.min(staysMillis, givesUpAfter + 0.25) };
      });
      await clock.run(1_000);
      for (const { key, from, outcome, at, until } of await Promise.all(outcomes)) {
        const run = runs[Number(outcome)];
        if (run === undefined) assert.ok(Math.abs(at - until) < 1e-9, `${outcome} at ${at}, not ${until}`);
        else
          assert.ok(
            run.key === key && !run.isCalledOff && run.endedAt === at && run.begunAt <= from + 1e-9 && at <= until,
          );
      }
      for (const key of ['a', 'b']) {
        const own = runs.filter((run) => run.key === key);
        for (const [index, run] of own.entries()) assert.ok(index === 0 || own[index - 1]!.endedAt <= run.begunAt);
      }
      assert.equal(work.size, 0);
    }),
    { numRuns: 60 },
  );
});
