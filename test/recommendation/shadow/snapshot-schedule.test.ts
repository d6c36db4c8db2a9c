import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { JournalStatus } from '../../../src/journal/journal.ts';
import {
  SnapshotSchedule,
  type SnapshotScheduleOptions,
} from '../../../src/recommendation/shadow/snapshot-schedule.ts';
import { silentLog } from '../../../src/rpc/log.ts';

describe('SnapshotSchedule', () => {
  let durableSequence = 0;
  let schedule: SnapshotSchedule;
  const told: string[] = [];
  let written: number[] = [];
  let next = Promise.withResolvers<void>();

  async function snapshot() {
    written.push(durableSequence);
    next.resolve();
    next = Promise.withResolvers();
    return { name: 'x', sequence: durableSequence, bytes: 10, millis: 1, removed: [] };
  }

  async function begin(options: Partial<SnapshotScheduleOptions>): Promise<void> {
    written = [];
    told.length = 0;
    schedule = new SnapshotSchedule({
      snapshot,
      journal: { status: () => ({ durableSequence }) as JournalStatus },
      everyEvents: 100,
      everyMillis: 86_400_000,
      checkMillis: 2,
      log: { ...silentLog, error: (_fields, message) => told.push(message) },
      ...options,
    });
    await schedule.start();
  }

  const some = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
  const signal = new AbortController().signal;
  afterEach(() => schedule.stop());

  it('has one written after so many events, counted from the one that the state began with', async () => {
    durableSequence = 1_099;
    let covered = 0;
    await begin({ afterSnapshot: async () => void covered++ });
    schedule.startedFrom(1_000, 10);
    await some(20);
    assert.deepEqual(written, []);
    const first = next.promise;
    durableSequence = 1_100;
    await first;
    const second = next.promise;
    durableSequence = 1_250;
    await second;
    await schedule.stop();
    assert.deepEqual(written, [1_100, 1_250]);
    assert.equal(covered, 2);
  });

  it('has one written after a time, where there were events', async () => {
    durableSequence = 5;
    await begin({ everyMillis: 5 });
    await next.promise;
    await some(30);
    assert.deepEqual(written, [5]);
  });

  it('tells of one that failed, and tries again later', async () => {
    durableSequence = 200;
    let failures = 0;
    await begin({
      retryMillis: 5,
      snapshot: () => (failures++ < 2 ? Promise.reject(new Error('no room')) : snapshot()),
    });
    await next.promise;
    assert.equal(told.length, 2);
    assert.deepEqual(written, [200]);
  });

  it('goes on while an erasure keeps one from being written', async () => {
    durableSequence = 200;
    let asked = 0;
    await begin({ snapshot: async () => (asked++ < 3 ? undefined : snapshot()) });
    await next.promise;
    assert.deepEqual(written, [200]);
  });

  it('writes one more at a stop where it is cheap and worth it', async () => {
    for (const [sequence, expected] of [
      [9_999, 0],
      [10_000, 1],
      [300_001, 0],
    ] as const) {
      durableSequence = sequence;
      await begin({ everyEvents: 1_000_000 });
      await schedule.drain(signal);
      assert.equal(written.length, expected, String(sequence));
    }
  });
});
