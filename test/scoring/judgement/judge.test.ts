import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { judge, maxLabels, type ScoredClass, uncertaintyOfLabels } from '../../../src/scoring/judgement/judge.ts';

const classes: readonly ScoredClass[] = [
  { name: 'Kiwi', score: 5 },
  { name: 'Milk', score: 3 },
  { name: 'Pizza', score: 2 },
  { name: 'Wine', score: 1 },
  { name: 'Lime', score: 5 },
  { name: 'Other', score: undefined },
];
const rules = { classes, foodThreshold: 0.5 };

function judged(...probabilities: number[]) {
  const food = 1 - (probabilities[5] ?? 0);
  const outcome = judge(
    { probabilities: Float32Array.from({ length: 6 }, (_, at) => probabilities[at] ?? 0), food },
    rules,
  );
  assert.ok('score' in outcome, JSON.stringify(outcome));
  return outcome;
}

const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}, not ${expected}`);

describe('a judgement', () => {
  it('scores what is certain with its class, without doubt', () => {
    assert.deepEqual(judged(0, 0, 1), { labels: [{ name: 'Pizza', confidence: 1 }], score: 2, uncertainty: 0 });
  });

  it('weights scores by confidence, and leaves out what is no food', () => {
    const { score, uncertainty } = judged(0.25, 0, 0.5, 0, 0, 0.25);
    close(score, (5 + 2 * 2) / 3);
    close(uncertainty, Math.sqrt(2) / 2);
  });

  it('is certain of the score where all that it may be has one', () => {
    const { score, uncertainty, labels } = judged(0.5, 0, 0, 0, 0.5);
    assert.deepEqual([score, uncertainty], [5, 0]);
    assert.equal(labels.length, 2);
  });

  it('is a guess where it may be the best or the worst', () => {
    close(judged(0.25, 0, 0, 0.5, 0.25).uncertainty, 1);
  });

  it('names the surest first, none below the floor but the first, never what is no food', () => {
    const { labels } = judged(0.04, 0.2, 0.3, 0.06, 0, 0.4);
    assert.deepEqual(
      labels.map(({ name }) => name),
      ['Pizza', 'Milk', 'Wine'],
    );
    close(labels[0]!.confidence, 0.3);
    assert.equal(judged(0.02, 0.01, 0.01, 0.01, 0.01).labels.length, 1);
  });

  it('refuses what is no food, with words for people', () => {
    const outcome = judge({ probabilities: Float32Array.of(0.4, 0, 0, 0, 0, 0.6), food: 0.4 }, rules);
    assert.ok('rejection' in outcome);
    assert.equal(outcome.rejection.reason, 'NOT_FOOD');
    assert.match(outcome.rejection.message, /No food .*nearer/);
    assert.ok('score' in judge({ probabilities: Float32Array.of(0.5, 0, 0, 0, 0, 0.5), food: 0.5 }, rules));
  });

  it('says that the model is at fault where its answer makes no sense', () => {
    for (const [bad, food] of [
      [[1], 1],
      [[Number.NaN, 0, 0, 0, 0, 0], 1],
      [[2, 0, 0, 0, 0, 0], 1],
      [[-0.1, 0, 0, 0, 0, 0], 1],
      [[0, 0, 0, 0, 0, 0], 1],
      [[1, 0, 0, 0, 0, 0], Number.NaN],
    ] as const) {
      assert.throws(() => judge({ probabilities: Float32Array.from(bad), food }, rules), { reason: 'INTERNAL' });
    }
  });
});

const weights = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 });
const scored = weights
  .chain((all) =>
    fc.tuple(fc.constant(all), fc.array(fc.double({ min: 1, max: 5, noNaN: true }), { minLength: all.length })),
  )
  .filter(([all]) => all.some((weight) => weight > 1e-6));

describe('for any answer', () => {
  const outcomeOf = (all: readonly number[], scores: readonly number[]) => {
    const sum = all.reduce((left, right) => left + right, 0);
    const table = all.map((_, at) => ({ name: String(at), score: scores[at]! }));
    const probabilities = Float32Array.from(all, (weight) => weight / sum);
    const outcome = judge({ probabilities, food: 1 }, { classes: table, foodThreshold: 0.5 });
    assert.ok('score' in outcome);
    return { ...outcome, table, probabilities };
  };

  it('the score lies between those of the classes, the uncertainty between 0 and 1', () => {
    fc.assert(
      fc.property(scored, ([all, scores]) => {
        const { score, uncertainty } = outcomeOf(all, scores);
        const possible = scores.filter((_, at) => all[at]! > 0);
        assert.ok(score >= Math.min(...possible) - 1e-6 && score <= Math.max(...possible) + 1e-6);
        assert.ok(uncertainty >= 0 && uncertainty <= 1);
        // Popoviciu: no further than half the range.
        assert.ok(uncertainty <= (Math.max(...possible) - Math.min(...possible)) / 4 + 1e-6);
      }),
    );
  });

  it('the labels are the surest, falling, and at most five', () => {
    fc.assert(
      fc.property(scored, ([all, scores]) => {
        const { labels, probabilities } = outcomeOf(all, scores);
        assert.ok(labels.length >= 1 && labels.length <= maxLabels);
        const falling = [...probabilities].sort((left, right) => right - left);
        assert.deepEqual(
          labels.map(({ confidence }) => confidence),
          falling.slice(0, labels.length),
        );
      }),
    );
  });

  it('the order of the classes does not matter', () => {
    fc.assert(
      fc.property(scored, ([all, scores]) => {
        const one = outcomeOf(all, scores);
        const other = outcomeOf(all.toReversed(), scores.slice(0, all.length).toReversed());
        close(one.score, other.score);
        close(one.uncertainty ** 2, other.uncertainty ** 2);
      }),
    );
  });
});

it('estimates the uncertainty by labels as if there were nothing else', () => {
  const { labels, uncertainty } = judged(0.25, 0, 0.75);
  close(uncertaintyOfLabels(labels, classes), uncertainty);
  const half = labels.map(({ name, confidence }) => ({ name, confidence: confidence / 2 }));
  close(uncertaintyOfLabels(half, classes), uncertainty);
  assert.equal(uncertaintyOfLabels([], classes), 0);
  assert.equal(uncertaintyOfLabels([{ name: 'Other', confidence: 1 }], classes), 0);
  assert.equal(uncertaintyOfLabels([{ name: 'Unheard-of', confidence: 1 }], classes), 0);
});
