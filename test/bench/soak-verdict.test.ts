import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgedPart, type SoakOutcome, type SoakSample, soakFailures, trendOf } from '../../bench/soak-verdict.ts';

const mebibyte = 1_048_576;

function samplesOf(change: (second: number) => Partial<SoakSample>): SoakSample[] {
  return Array.from({ length: 100 }, (_, index) => ({
    seconds: index * 6,
    residentBytes: 500 * mebibyte,
    heapUsedBytes: 100 * mebibyte,
    arrayBufferBytes: 100 * mebibyte,
    loopP99Millis: 1,
    collectionMillis: 0,
    lagEvents: 0,
    pendingBytes: 0,
    journalBytes: 0,
    snapshots: 0,
    ...change(index),
  }));
}

function outcomeOf(change: Partial<SoakOutcome>): SoakOutcome {
  return {
    samples: samplesOf(() => ({})),
    eventsPerSecond: 1_000,
    achievedEventsPerSecond: 999,
    accepted: 100_000,
    inJournal: 100_000,
    recommendErrors: 0,
    photos: { errors: 0 },
    isDigestEqual: true,
    ...change,
  };
}

function failing(change: Partial<SoakOutcome>): string {
  const failures = soakFailures(outcomeOf(change));
  assert.equal(failures.length, 1, failures.join('; '));
  return failures[0]!;
}

describe("a soak's verdict", () => {
  it('is good where nothing grows and nothing is lost', () => {
    assert.deepEqual(soakFailures(outcomeOf({})), []);
  });

  it('does not judge the warm-up, nor what comes and goes', () => {
    const samples = samplesOf((second) => ({
      residentBytes: (second < 40 ? 100 + second * 10 : 500 + (second % 7) * 10) * mebibyte,
      lagEvents: second % 10 === 0 ? 900 : 0,
    }));
    assert.deepEqual(soakFailures(outcomeOf({ samples })), []);
  });

  it('finds memory that goes on growing', () => {
    const samples = samplesOf((second) => ({ residentBytes: (500 + second) * mebibyte }));
    assert.match(failing({ samples }), /memory grew by 59 MiB/);
  });

  it('does not judge the memory of a soak that is all warm-up', () => {
    const samples = samplesOf((second) => ({ residentBytes: (500 + second) * mebibyte })).slice(0, 30);
    assert.deepEqual(soakFailures(outcomeOf({ samples })), []);
  });

  it('finds a state that falls behind, and one that always was', () => {
    assert.match(failing({ samples: samplesOf((second) => ({ lagEvents: second * 500 })) }), /fell behind/);
    assert.match(failing({ samples: samplesOf(() => ({ lagEvents: 15_000 })) }), /fell behind/);
  });

  it('finds what was lost, refused, or folded otherwise', () => {
    assert.match(failing({ inJournal: 99_999 }), /the journal has 99999/);
    assert.match(failing({ recommendErrors: 2 }), /2 calls/);
    assert.match(failing({ photos: { errors: 3 } }), /3 photos/);
    assert.match(failing({ achievedEventsPerSecond: 900 }), /only 900 of 1000/);
    assert.match(failing({ isDigestEqual: false }), /digest/);
    assert.deepEqual(soakFailures(outcomeOf({ isDigestEqual: undefined })), []);
  });
});

describe('the straight line through samples', () => {
  it('is exact where they lie on one', () => {
    const samples = judgedPart(samplesOf((index) => ({ lagEvents: 7 + 3 * index * 6 })));
    const { slope, growth, mean } = trendOf(samples, ({ lagEvents }) => lagEvents);
    assert.equal(samples.length, 60);
    assert.ok(Math.abs(slope - 3) < 1e-9);
    assert.ok(Math.abs(growth - 3 * 59 * 6) < 1e-9);
    assert.ok(Math.abs(mean - (7 + 3 * 69.5 * 6)) < 1e-9);
  });
});
