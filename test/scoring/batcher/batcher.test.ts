import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PalateError } from '../../../src/errors.ts';
import type { BatchWorker } from '../../../src/scoring/batcher/batcher.ts';
import type { RunOptions } from '../../../src/scoring/batcher/running-batch.ts';
import {
  cpu,
  crashed,
  gpu,
  meanLatency,
  type Outcome,
  play,
  poisson,
  simulatedWorker,
  simulation,
} from './simulation.ts';

const requests = (times: readonly number[], timeoutMillis = Number.POSITIVE_INFINITY) =>
  times.map((atMillis) => ({ atMillis, timeoutMillis }));

const count = (outcomes: readonly Outcome[], result: string) => outcomes.filter((one) => one.result === result).length;

describe('the batcher, on a worker whose batches cost no more than their images', () => {
  it('never waits while the worker is idle', async () => {
    for (const rate of [10, 60, 110]) {
      const { clock, batcher } = simulation();
      const worker = simulatedWorker(clock, cpu);
      batcher.add(worker);
      const arrivals = poisson(rate, 400, rate);
      await play(clock, batcher, requests(arrivals));
      let idleSince = 0;
      for (const { inputs, begun, ended } of worker.batches) {
        const earliest = Math.min(...inputs.map((input) => arrivals[input]!));
        assert.ok(Math.abs(begun - Math.max(earliest, idleSince)) < 1e-6, `it waited at ${begun}`);
        idleSince = ended;
      }
    }
  });
});

describe('the batcher, on a worker with a price for each batch', () => {
  /** Latency with the batcher as it is, and with a second worker that is idle and takes nothing, so that it never waits. */
  async function withAndWithoutWaiting(times: readonly number[]): Promise<[number, number]> {
    const run = async (waits: boolean) => {
      const { clock, batcher } = simulation();
      batcher.add(simulatedWorker(clock, gpu));
      const slow = { perImageMillis: 1e9, perBatchMillis: 0 };
      if (!waits) batcher.add(simulatedWorker(clock, slow, { name: 'decoy', maxImages: 0 }));
      return meanLatency(await play(clock, batcher, requests(times)));
    };
    return [await run(true), await run(false)];
  }

  it('answers a single request at once', async () => {
    const { clock, batcher } = simulation();
    batcher.add(simulatedWorker(clock, gpu));
    const [one, other] = await play(clock, batcher, requests([0, 1_000]));
    assert.ok(Math.abs(one!.ended - 5.2) < 1e-6);
    assert.ok(Math.abs(other!.ended - 1_005.2) < 1e-6);
  });

  it('keeps up with fifty times what one image at a time would allow, in growing batches', async () => {
    const { clock, batcher } = simulation();
    const worker = simulatedWorker(clock, gpu, { maxImages: 64 });
    batcher.add(worker);
    const outcomes = await play(clock, batcher, requests(poisson(3_000, 6_000, 3)));
    assert.equal(count(outcomes, 'ok'), 6_000);
    assert.ok(meanLatency(outcomes) < 25, `${meanLatency(outcomes)} ms`);
    assert.ok(worker.batches.length < 6_000 / 10, `${worker.batches.length} batches`);
  });

  it('loses next to nothing by waiting when images come one by one', async () => {
    for (const rate of [20, 100, 300, 600, 1_500]) {
      const [waiting, never] = await withAndWithoutWaiting(poisson(rate, 2_000, 7));
      assert.ok(waiting <= never * 1.02, `${rate}/s: ${waiting} ms, and ${never} ms without waiting`);
    }
  });

  it('answers a burst sooner by waiting for its end', async () => {
    const times = Array.from({ length: 960 }, (_, index) => Math.floor(index / 16) * 50 + (index % 16) / 16);
    const [waiting, never] = await withAndWithoutWaiting(times);
    assert.ok(waiting < never * 0.8, `${waiting} ms, and ${never} ms without waiting`);
  });

  it('learns what its worker costs, however wrong the guess', async () => {
    const { clock, batcher } = simulation();
    const worker = simulatedWorker(clock, gpu, { guess: { perImageMillis: 50, perBatchMillis: 0 } });
    batcher.add(worker);
    await play(clock, batcher, requests(poisson(1_000, 4_000, 5)));
    const { perImageMillis, perBatchMillis } = batcher.costs().get('w')!;
    assert.ok(Math.abs(perImageMillis - 0.2) < 0.05, `a = ${perImageMillis}`);
    assert.ok(Math.abs(perBatchMillis - 5) < 0.5, `b = ${perBatchMillis}`);
  });
});

describe('under more load than there is room for', () => {
  /** Images a second that are answered in time at a rate, of a CPU with two workers. */
  async function goodput(rate: number) {
    const { clock, batcher } = simulation({ maxQueuedImages: 200 });
    const workers = ['a', 'b'].map((name) => simulatedWorker(clock, cpu, { name, maxImages: 8 }));
    for (const worker of workers) batcher.add(worker);
    const arrivals = poisson(rate, rate * 10, 11);
    const outcomes = await play(clock, batcher, requests(arrivals, 200));
    const late = outcomes.filter(({ result, ended, deadline }) => result === 'ok' && ended > deadline + 1e-6).length;
    const ran = workers.flatMap(({ batches }) => batches.flatMap(({ inputs }) => inputs)).length;
    return { perSecond: count(outcomes, 'ok') / 10, late, ran, outcomes };
  }

  it('goes on at its peak at twice the rate, and nothing runs that is late', async () => {
    const peak = await goodput(240);
    const flooded = await goodput(480);
    assert.ok(flooded.perSecond >= peak.perSecond * 0.9, `${flooded.perSecond}/s against ${peak.perSecond}/s`);
    assert.equal(flooded.late, 0);
    assert.equal(flooded.ran, count(flooded.outcomes, 'ok'));
    assert.equal(count(flooded.outcomes, 'none') + count(flooded.outcomes, 'mixed'), 0);
  });

  it('refuses what is hopeless as soon as it is', async () => {
    const { outcomes } = await goodput(480);
    for (const { result, ended, deadline } of outcomes) {
      if (result === 'DEADLINE_EXCEEDED') assert.ok(ended <= deadline, `told only at ${ended}, after ${deadline}`);
    }
    assert.ok(count(outcomes, 'DEADLINE_EXCEEDED') > 100);
  });

  it('refuses at once when it is full, says when to come back, and lets the important ones pass', async () => {
    const { clock, batcher } = simulation({ maxQueuedImages: 10 });
    batcher.add(simulatedWorker(clock, cpu, { maxImages: 1 }));
    const burst = Array.from({ length: 20 }, () => ({ atMillis: 0, priority: 2 }));
    const outcomes = await play(clock, batcher, [...burst, { atMillis: 1, priority: 0 }]);
    assert.equal(count(outcomes, 'OVERLOADED'), 10);
    assert.equal(outcomes.at(-1)!.result, 'ok');
    assert.ok(outcomes.at(-1)!.ended < 17, 'it did not go first');
    assert.equal(outcomes[20 - 1]!.ended, 0, 'the last of the burst was not refused at once');
  });
});

describe('mixed deadlines', () => {
  it('lets the urgent ones go first, and no batch make one of them late', async () => {
    const { clock, batcher } = simulation();
    batcher.add(simulatedWorker(clock, cpu, { maxImages: 16 }));
    const times = poisson(90, 1_000, 17);
    const mixed = times.map((atMillis, index) => ({ atMillis, timeoutMillis: index % 4 === 0 ? 40 : 2_000 }));
    const outcomes = await play(clock, batcher, mixed);
    const late = outcomes.filter(({ result, ended, deadline }) => result === 'ok' && ended > deadline + 1e-6);
    assert.equal(late.length, 0);
    assert.equal(
      count(
        outcomes.filter((_, index) => index % 4 !== 0),
        'ok',
      ),
      750,
    );
  });

  it('leaves jobs to a much faster worker that is busy, unless so many wait that the slow one is of help', async () => {
    const { clock, batcher } = simulation();
    const fast = simulatedWorker(clock, { perImageMillis: 5, perBatchMillis: 0 }, { name: 'fast', maxImages: 1 });
    const slow = simulatedWorker(clock, { perImageMillis: 100, perBatchMillis: 0 }, { name: 'slow', maxImages: 1 });
    batcher.add(slow);
    batcher.add(fast);
    const few = [20, 20, 500].map((timeoutMillis, index) => ({ atMillis: Math.min(index, 1), timeoutMillis }));
    const many = [20, ...Array<number>(40).fill(500)].map((timeoutMillis) => ({ atMillis: 1_000, timeoutMillis }));
    const outcomes = await play(clock, batcher, [...few, ...many]);
    assert.equal(count(outcomes, 'ok'), outcomes.length);
    assert.deepEqual(
      outcomes.slice(0, 4).map(({ submitted, ended }) => ended - submitted),
      [5, 9, 14, 5],
    );
    assert.ok(slow.batches.length > 0 && slow.batches.every(({ begun }) => begun >= 1_000));
    assert.ok(Math.max(...outcomes.map(({ ended }) => ended)) < 1_000 + 41 * 5);
  });
});

describe('what goes wrong', () => {
  it('a cancelled job leaves the queue at once and never runs', async () => {
    const { clock, batcher } = simulation();
    const worker = simulatedWorker(clock, cpu, { maxImages: 1 });
    batcher.add(worker);
    const first = batcher.submit({ input: 1, deadlineMillis: Number.POSITIVE_INFINITY });
    const controller = new AbortController();
    const second = batcher.submit({ input: 2, deadlineMillis: Number.POSITIVE_INFINITY, signal: controller.signal });
    const reason = new PalateError('CANCELLED', 'the caller went away');
    controller.abort(reason);
    await assert.rejects(second, reason);
    assert.equal(batcher.queuedImages, 0);
    await Promise.all([first, clock.run(1_000)]);
    assert.deepEqual(
      worker.batches.flatMap(({ inputs }) => inputs),
      [1],
    );
  });

  it('a batch whose worker crashed is run again once, by another', async () => {
    const { clock, batcher } = simulation();
    const failing = (name: string): BatchWorker<number, number> => ({
      name,
      maxImages: 8,
      cost: cpu,
      async run() {
        batcher.remove(workers.shift()!);
        throw crashed;
      },
    });
    const workers = [failing('a'), failing('b')];
    batcher.add(workers[0]!);
    const once = batcher.submit({ input: 1, deadlineMillis: Number.POSITIVE_INFINITY });
    await clock.run(1);
    batcher.add(simulatedWorker(clock, cpu, { name: 'good' }));
    await clock.run(100);
    assert.equal((await once).worker, 'good');

    const { batcher: doomed, clock: later } = simulation();
    const bad: BatchWorker<number, number> = { ...failing('x'), run: async () => Promise.reject(crashed) };
    doomed.add(bad);
    const twice = doomed.submit({ input: 1, deadlineMillis: Number.POSITIVE_INFINITY });
    await Promise.all([assert.rejects(twice, crashed), later.run(100)]);
  });

  it('what failed with one worker is for another, though it waits for it', async () => {
    const { clock, batcher } = simulation();
    const good = simulatedWorker(clock, cpu, { name: 'good', maxImages: 1 });
    const ran: number[] = [];
    const run = async ([input = 0]: readonly number[]) => {
      ran.push(input);
      throw crashed;
    };
    batcher.add({ name: 'bad', maxImages: 1, cost: gpu, run });
    batcher.add(good);
    const answers = [1, 2, 3, 4].map((input) => batcher.submit({ input, deadlineMillis: Number.POSITIVE_INFINITY }));
    await Promise.all([Promise.all(answers), clock.run(1_000)]);
    assert.deepEqual(new Set(ran).size, ran.length, 'one came twice');
    assert.deepEqual(
      good.batches.flatMap(({ inputs }) => inputs).sort((one, other) => one - other),
      [1, 2, 3, 4],
    );
  });

  it('a worker hears until when its batch is wanted, and when nobody wants it any more', async () => {
    const { clock, batcher } = simulation();
    const told = Promise.withResolvers<RunOptions>();
    const run = async (inputs: readonly number[], options: RunOptions) => {
      told.resolve(options);
      await clock.until(50);
      return inputs;
    };
    batcher.add({ name: 'w', maxImages: 2, cost: { perImageMillis: 0, perBatchMillis: 1 }, run });
    const gone = [new AbortController(), new AbortController()];
    const reason = new PalateError('CANCELLED', 'gone');
    const jobs = batcher.submitAll(
      gone.map(({ signal }, index) => ({ input: index, deadlineMillis: 100 + index, signal })),
    );
    const refused = jobs.map((job) => assert.rejects(job, reason));
    const { deadlineMillis, signal } = await told.promise;
    assert.equal(deadlineMillis, 101);
    gone[0]!.abort(reason);
    assert.equal(signal.aborted, false);
    gone[1]!.abort(reason);
    assert.equal(signal.aborted, true);
    await Promise.all([...refused, clock.run(60)]);
  });

  it('refuses what waits and what comes while it is paused, and goes on then', async () => {
    const { clock, batcher } = simulation();
    const waiting = batcher.submit({ input: 1, deadlineMillis: 500 });
    const none = new PalateError('UNREACHABLE', 'no worker');
    batcher.pause(() => none);
    await assert.rejects(waiting, none);
    await assert.rejects(batcher.submit({ input: 2, deadlineMillis: 500 }), none);
    batcher.add(simulatedWorker(clock, cpu));
    batcher.resume();
    const next = batcher.submit({ input: 3, deadlineMillis: 500 });
    await Promise.all([next, clock.run(100)]);
  });

  it('a job that waits for a worker to come fails at its deadline', async () => {
    const { clock, batcher } = simulation();
    const late = batcher.submit({ input: 1, deadlineMillis: 50 });
    await Promise.all([assert.rejects(late, { reason: 'DEADLINE_EXCEEDED' }), clock.run(51)]);
    assert.equal(batcher.queuedImages, 0);
  });

  it('any other failure is that of the batch, and the next one runs', async () => {
    const { clock, batcher } = simulation();
    const broken = new PalateError('INTERNAL', 'no such tensor');
    const good = simulatedWorker(clock, cpu);
    const run: typeof good.run = async (inputs, options) => {
      if (inputs.includes(13)) throw broken;
      return good.run(inputs, options);
    };
    batcher.add({ ...good, run });
    const bad = batcher.submit({ input: 13, deadlineMillis: Number.POSITIVE_INFINITY });
    await assert.rejects(bad, broken);
    const next = batcher.submit({ input: 1, deadlineMillis: Number.POSITIVE_INFINITY });
    await Promise.all([next, clock.run(100)]);
  });

  it('a worker that answers too few outputs is not believed', async () => {
    const { batcher } = simulation();
    batcher.add({ name: 'short', maxImages: 8, cost: cpu, run: async () => [] });
    await assert.rejects(batcher.submit({ input: 1, deadlineMillis: Number.POSITIVE_INFINITY }), /0 outputs to 1/);
  });

  it('more images than any worker takes, a deadline that has passed, a closed batcher', async () => {
    const { clock, batcher } = simulation();
    batcher.add(simulatedWorker(clock, cpu, { maxImages: 4 }));
    const never = Number.POSITIVE_INFINITY;
    await assert.rejects(batcher.submit({ input: 1, images: 5, deadlineMillis: never }), { reason: 'INVALID_REQUEST' });
    await assert.rejects(batcher.submit({ input: 1, deadlineMillis: 3 }), { reason: 'DEADLINE_EXCEEDED' });
    const running = batcher.submit({ input: 1, deadlineMillis: never });
    const waiting = batcher.submit({ input: 2, deadlineMillis: never });
    const closed = new PalateError('SHUTTING_DOWN', 'bye');
    batcher.close(closed);
    await assert.rejects(waiting, closed);
    await assert.rejects(batcher.submit({ input: 3, deadlineMillis: never }), closed);
    await Promise.all([running, clock.run(100)]);
  });
});
