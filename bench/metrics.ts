/**
 * How good recommendations are, by the definitions of Serenade's evaluator
 * (https://github.com/bolcom/serenade, src/metrics), so that figures compare with those it prints.
 */

/** What was seen while learning. */
export interface Catalogue {
  /** How often each item occurs in the training data. */
  readonly frequencies: ReadonlyMap<string, number>;
}

/** Means over all evaluations, each by the first `length` recommendations. */
export interface Metrics {
  readonly evaluations: number;
  /** Mean reciprocal rank of the next item; 0 where it is not among them. */
  readonly mrr: number;
  /** Share of evaluations with the next item among them. */
  readonly hitRate: number;
  /** Discounted gain of all remaining items; ranks 1 and 2 count 1, rank r counts 1 / log2(r), by the best there is. */
  readonly ndcg: number;
  /** Different remaining items among them, by `length`. */
  readonly precision: number;
  /** Different remaining items among them, by the number of all remaining, repeats included. */
  readonly recall: number;
  /** Share of the items of the training data that were recommended at least once. */
  readonly coverage: number;
  /** Mean frequency of the recommended items, by that of the most frequent item. */
  readonly popularity: number;
}

export interface Evaluation {
  /** Judges one list against what came next, in order; `remaining` has at least one item. */
  add(recommended: readonly string[], remaining: readonly string[]): void;
  result(): Metrics;
}

/** Begins an evaluation at a cut, 20 in Serenade. */
export function createEvaluation({ frequencies }: Catalogue, length = 20): Evaluation {
  const sums = { mrr: 0, hitRate: 0, ndcg: 0, precision: 0, recall: 0, popularity: 0 };
  const recommendedOnce = new Set<string>();
  let evaluations = 0;
  let most = 0;
  for (const frequency of frequencies.values()) most = Math.max(most, frequency);

  function add(recommended: readonly string[], remaining: readonly string[]): void {
    const top = recommended.slice(0, length);
    const wanted = new Set(remaining);
    const hits = new Set(top.filter((item) => wanted.has(item))).size;
    const rank = top.indexOf(remaining[0]!) + 1;
    evaluations += 1;
    sums.mrr += rank === 0 ? 0 : 1 / rank;
    sums.hitRate += rank === 0 ? 0 : 1;
    sums.ndcg += gain(top, wanted) / gain(remaining.slice(0, length), wanted);
    sums.precision += hits / length;
    sums.recall += hits / remaining.length;
    sums.popularity += meanFrequency(new Set(top), frequencies) / most;
    for (const item of top) recommendedOnce.add(item);
  }

  function result(): Metrics {
    const mean = (sum: number) => (evaluations === 0 ? 0 : sum / evaluations);
    return {
      evaluations,
      mrr: mean(sums.mrr),
      hitRate: mean(sums.hitRate),
      ndcg: mean(sums.ndcg),
      precision: mean(sums.precision),
      recall: mean(sums.recall),
      popularity: mean(sums.popularity),
      coverage: frequencies.size === 0 ? 0 : recommendedOnce.size / frequencies.size,
    };
  }

  return { add, result };
}

function gain(items: readonly string[], wanted: ReadonlySet<string>): number {
  let sum = 0;
  for (const [index, item] of items.entries()) {
    if (wanted.has(item)) sum += index === 0 ? 1 : 1 / Math.log2(index + 1);
  }
  return sum;
}

function meanFrequency(items: ReadonlySet<string>, frequencies: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const item of items) sum += frequencies.get(item) ?? 0;
  return items.size === 0 ? 0 : sum / items.size;
}
