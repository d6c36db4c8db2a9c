/**
 * 2^x and forward decay, bit for bit the same on every machine.
 *
 * Forward decay: Cormode, Shkapenyuk, Srivastava, Xu, "Forward Decay: A Practical Time Decay Model for Streaming
 * Systems", ICDE 2009. A signal at time t adds w·2^((t − L)/h) for a fixed landmark L, so that the order of sums never
 * changes by waiting and no sweep is needed; a read divides by 2^((now − L)/h).
 *
 * The language leaves Math.pow and Math.exp to the machine, but fixes + − × ÷ and Math.sqrt (IEEE 754, exactly rounded).
 */
import type { Archive } from './archive.ts';

const bits = 10;
const steps = 1 << bits;
const lowestExponent = -1074;
const highestExponent = 1023;
/** The first term of 2^r = 1 + r·ln 2 + …; the next is below 2^-61 for r < 2^-30. */
const ln2 = 6.931471805599453e-1;

const coarse = fractionTable(rootsOfTwo(bits));
const middle = fractionTable(rootsOfTwo(2 * bits).slice(bits));
const fine = fractionTable(rootsOfTwo(3 * bits).slice(2 * bits));
const wholes = powersOfTwo();

/** 2^x. Relative error below 1e-14; 0 below 2^-1074, Infinity above the doubles. Exact for whole x. */
export function exp2(x: number): number {
  if (x < lowestExponent) return 0;
  if (x >= highestExponent + 1) return Number.POSITIVE_INFINITY;
  const whole = Math.floor(x);
  const fraction = x - whole;
  // Just below a whole number the difference rounds to 1.
  if (fraction === 1) return wholes[whole + 1 - lowestExponent]!;
  let rest = fraction * steps;
  const a = Math.floor(rest);
  rest = (rest - a) * steps;
  const b = Math.floor(rest);
  rest = (rest - b) * steps;
  const c = Math.floor(rest);
  const last = 1 + ((rest - c) / (steps * steps * steps)) * ln2;
  return wholes[whole - lowestExponent]! * (coarse[a]! * middle[b]! * fine[c]! * last);
}

/** 2^(1/2), 2^(1/4), … by repeated square roots. */
function rootsOfTwo(count: number): number[] {
  const roots: number[] = [];
  let root = 2;
  for (let i = 0; i < count; i++) {
    root = Math.sqrt(root);
    roots.push(root);
  }
  return roots;
}

/** Entry i is the product of the roots at the places of i's set bits, the highest bit first. */
function fractionTable(roots: readonly number[]): Float64Array {
  return Float64Array.from({ length: steps }, (_, i) =>
    roots.reduce((product, root, place) => ((i >> (bits - 1 - place)) & 1 ? product * root : product), 1),
  );
}

function powersOfTwo(): Float64Array {
  const table = new Float64Array(highestExponent - lowestExponent + 1);
  table[-lowestExponent] = 1;
  for (let e = 1; e <= highestExponent; e++) table[e - lowestExponent] = table[e - 1 - lowestExponent]! * 2;
  for (let e = -1; e >= lowestExponent; e--) table[e - lowestExponent] = table[e + 1 - lowestExponent]! / 2;
  return table;
}

/** How far a landmark may lie behind, in half-lives: sums stay far from the largest double, 2^1023. */
const reachOfDoubles = 256;
/** The same for sums kept as floats, whose largest is 2^127. */
export const reachOfFloats = 64;

/** The landmark of one decayed quantity and the half-life it decays by. */
export class ForwardDecay {
  readonly halfLifeMicros: number;
  readonly #reachMicros: number;
  #landmarkMicros = Number.NaN;

  constructor(halfLifeMicros: number, reach = reachOfDoubles) {
    this.halfLifeMicros = halfLifeMicros;
    this.#reachMicros = reach * halfLifeMicros;
  }

  /** The moment whose weight is 1. NaN before the first signal. */
  get landmarkMicros(): number {
    return this.#landmarkMicros;
  }

  /**
   * To call before `weightAt` with the time of each signal. Where the landmark lies too far behind, it moves on by a
   * whole number of half-lives n, and the answer is 2^-n, exact, by which the caller multiplies all it holds; else 1.
   */
  advance(atMicros: number): number {
    if (!(atMicros - this.#landmarkMicros > this.#reachMicros)) {
      if (Number.isNaN(this.#landmarkMicros)) this.#landmarkMicros = atMicros;
      return 1;
    }
    const halfLives = Math.floor((atMicros - this.#landmarkMicros) / this.halfLifeMicros);
    this.#landmarkMicros += halfLives * this.halfLifeMicros;
    return exp2(-halfLives);
  }

  /** What a signal of weight 1 at that moment adds. A late signal simply adds less. */
  weightAt(atMicros: number): number {
    return exp2((atMicros - this.#landmarkMicros) / this.halfLifeMicros);
  }

  /** By what a sum is multiplied to be read as of that moment. 0 before the first signal. */
  readFactor(atMicros: number): number {
    if (Number.isNaN(this.#landmarkMicros)) return 0;
    return exp2((this.#landmarkMicros - atMicros) / this.halfLifeMicros);
  }

  persist(archive: Archive): void {
    [this.#landmarkMicros] = archive.numbers('landmark', [this.#landmarkMicros]);
  }
}
