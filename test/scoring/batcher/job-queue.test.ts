import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { JobQueue, type QueuedJob } from '../../../src/scoring/batcher/job-queue.ts';

const jobs = fc.array(
  fc.record({
    deadlineMillis: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(Number.POSITIVE_INFINITY)),
    priority: fc.nat(2),
    images: fc.integer({ min: 1, max: 4 }),
    isTakenOut: fc.boolean(),
  }),
  { maxLength: 40 },
);

type Given = QueuedJob & { readonly isTakenOut: boolean };

/** What a queue should give: by priority, deadline and order. */
function sorted(all: readonly Given[]): Given[] {
  const isEarlier = (a: Given, b: Given) =>
    a.deadlineMillis === b.deadlineMillis ? a.order - b.order : a.deadlineMillis < b.deadlineMillis ? -1 : 1;
  return all.toSorted((a, b) => a.priority - b.priority || isEarlier(a, b));
}

function filled(given: readonly Omit<Given, 'order' | 'place'>[]) {
  const queue = new JobQueue<Given>(3, 1_000);
  const all = given.map((one, order) => ({ ...one, order, place: -1 }));
  for (const job of all) queue.add(job);
  for (const job of all) if (job.isTakenOut) queue.remove(job);
  return { queue, left: all.filter(({ isTakenOut }) => !isTakenOut) };
}

describe('JobQueue', () => {
  it('gives by priority and deadline, whatever was taken out of its middle', () => {
    fc.assert(
      fc.property(jobs, (given) => {
        const { queue, left } = filled(given);
        assert.equal(
          queue.images,
          left.reduce((sum, { images }) => sum + images, 0),
        );
        const taken: Given[] = [];
        for (let batch = queue.takeBatch(0, 4, () => 0); batch.length > 0; batch = queue.takeBatch(0, 4, () => 0)) {
          assert.ok(batch.reduce((sum, { images }) => sum + images, 0) <= 4);
          taken.push(...batch);
        }
        assert.deepEqual(
          taken.map(({ order }) => order),
          sorted(left).map(({ order }) => order),
        );
        assert.equal(queue.images, 0);
      }),
    );
  });

  it('makes no batch that is late for one of its jobs', () => {
    fc.assert(
      fc.property(jobs, fc.integer({ min: 1, max: 12 }), (given, perImage) => {
        const { queue, left } = filled(given);
        const predict = (images: number) => images * perImage;
        const batch = queue.takeBatch(0, 16, predict);
        const images = batch.reduce((sum, job) => sum + job.images, 0);
        for (const { deadlineMillis } of batch) assert.ok(predict(images) <= deadlineMillis);
        const possible = left.some((job) => predict(job.images) <= job.deadlineMillis);
        assert.equal(batch.length > 0, possible);
      }),
    );
  });

  it('makes room by what is of lesser priority and has most time left, or not at all', () => {
    const queue = new JobQueue<QueuedJob>(3, 4);
    const job = (priority: number, deadlineMillis: number, order: number) => ({
      priority,
      deadlineMillis,
      order,
      images: 1,
      place: -1,
    });
    const [a, b, c, d] = [job(2, 10, 0), job(2, 20, 1), job(1, 30, 2), job(0, 40, 3)];
    for (const one of [a, b, c, d]) queue.add(one);
    assert.deepEqual(queue.lesserThan(1, 1), [b]);
    assert.deepEqual(queue.lesserThan(0, 3), [b, a, c]);
    assert.equal(queue.lesserThan(0, 4), undefined);
    assert.equal(queue.lesserThan(2, 1), undefined);
  });
});
