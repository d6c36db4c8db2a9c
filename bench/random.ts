/** Chance that a seed fixes, so that two runs send the same events. */

export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number;
}

/** mulberry32 (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c): 32 bits of state, public domain. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return { next, below: (bound) => Math.floor(next() * bound) };
}

/** Draws 0 to below `count`, the n-th with a chance of 1 / (n + 1) ** exponent: few are common, most are rare. */
export function zipf(count: number, exponent: number, random: Random): () => number {
  const cumulated = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += (rank + 1) ** -exponent;
    cumulated[rank] = sum;
  }
  return () => lowerBound(cumulated, random.next() * sum);
}

/** Draws a key by its share of the weights. */
export function weighted<Key extends string>(weights: Readonly<Record<Key, number>>, random: Random): () => Key {
  const keys = Object.keys(weights) as Key[];
  let sum = 0;
  const cumulated = Float64Array.from(keys, (key) => {
    sum += weights[key];
    return sum;
  });
  return () => keys[lowerBound(cumulated, random.next() * sum)]!;
}

/** The first place whose value is above `wanted`. */
function lowerBound(cumulated: Float64Array, wanted: number): number {
  let low = 0;
  let high = cumulated.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulated[middle]! > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}
