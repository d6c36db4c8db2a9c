import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEvaluation } from '../../bench/metrics.ts';

const frequencies = new Map([
  ['1', 4],
  ['2', 2],
  ['3', 1],
  ['4', 1],
]);
const ranked = Array.from({ length: 24 }, (_, index) => String(index + 1));

function judged(recommended: readonly string[], remaining: readonly string[]) {
  const evaluation = createEvaluation({ frequencies });
  evaluation.add(recommended, remaining);
  return evaluation.result();
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);
}

describe('the metrics, on cases worked out by hand', () => {
  it('rank the next item for MRR and hit rate', () => {
    const metrics = judged(ranked, ['3', '55', '88', '4']);
    near(metrics.mrr, 1 / 3);
    assert.equal(metrics.hitRate, 1);
    const missed = judged(ranked, ['21', '3']);
    assert.deepEqual([missed.mrr, missed.hitRate], [0, 0]);
  });

  it('take all remaining items for NDCG, by the best order there is', () => {
    const best = 1 + 1 / Math.log2(2) + 1 / Math.log2(3) + 1 / Math.log2(4);
    near(judged(ranked, ['3', '55', '88', '4']).ndcg, (1 / Math.log2(3) + 1 / Math.log2(4)) / best);
    near(judged(['a', 'b'], ['a', 'b']).ndcg, 1);
  });

  it('count different items for precision and recall; recall divides by all remaining', () => {
    const metrics = judged(ranked, ['3', '55', '3', '4']);
    near(metrics.precision, 2 / 20);
    near(metrics.recall, 2 / 4);
  });

  it('take the share of the training items for coverage, and their frequency for popularity', () => {
    const evaluation = createEvaluation({ frequencies });
    evaluation.add(['1', '2'], ['9']);
    evaluation.add(['1'], ['9']);
    evaluation.add([], ['9']);
    const metrics = evaluation.result();
    near(metrics.coverage, 2 / 4);
    near(metrics.popularity, ((4 + 2) / 2 / 4 + 1 + 0) / 3);
    assert.equal(metrics.evaluations, 3);
  });

  it('are 0 without an evaluation', () => {
    assert.equal(createEvaluation({ frequencies }).result().mrr, 0);
  });
});
