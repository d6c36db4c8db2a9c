import { isPalateError, PalateError } from '../../../src/errors.ts';
import { Batcher, type BatchWorker } from '../../../src/scoring/batcher/batcher.ts';
import type { Cost } from '../../../src/scoring/batcher/cost-model.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A worker that takes as long as its costs say, and notes what it ran. */
export interface SimulatedWorker extends BatchWorker<number, number> {
  readonly batches: { readonly inputs: readonly number[]; readonly begun: number; readonly ended: number }[];
}

/** `real`: what its batches take. `guess`: what it says of itself before the first. */
export function simulatedWorker(
  clock: VirtualClock,
  real: Cost,
  { name = 'w', maxImages = 32, guess = real }: { name?: string; maxImages?: number; guess?: Cost } = {},
): SimulatedWorker {
  const batches: SimulatedWorker['batches'] = [];
  return {
    name,
    maxImages,
    cost: guess,
    batches,
    async run(inputs) {
      const begun = clock.now();
      const ended = begun + real.perImageMillis * inputs.length + real.perBatchMillis;
      batches.push({ inputs, begun, ended });
      await clock.until(ended);
      return inputs.map((input) => input * 2);
    },
  };
}

export const gpu: Cost = { perImageMillis: 0.2, perBatchMillis: 5 };
export const cpu: Cost = { perImageMillis: 8, perBatchMillis: 0.1 };

/** Whether a batch may run again: its worker crashed. */
export const crashed = new PalateError('UNREACHABLE', 'the worker crashed');

export function simulation(options: { maxQueuedImages?: number; priorities?: number } = {}) {
  const clock = new VirtualClock();
  const batcher = new Batcher<number, number>({
    clock,
    maxQueuedImages: 1_000,
    mayRetry: (error) => error === crashed,
    ...options,
  });
  return { clock, batcher };
}

/** What became of a request. */
export interface Outcome {
  readonly submitted: number;
  readonly deadline: number;
  /** When it was answered. */
  ended: number;
  /** `ok`, or the reason of its error. */
  result: string;
  batchImages: number;
}

export interface Request {
  readonly atMillis: number;
  /** From its arrival. Default: none. */
  readonly timeoutMillis?: number;
  readonly priority?: number;
}

/** Sends each request at its moment, and answers what became of them, in their order. */
export async function play(
  clock: VirtualClock,
  batcher: Batcher<number, number>,
  requests: readonly Request[],
): Promise<readonly Outcome[]> {
  const outcomes = requests.map(({ atMillis, timeoutMillis = Number.POSITIVE_INFINITY, priority = 1 }, input) => {
    const deadline = atMillis + timeoutMillis;
    const outcome: Outcome = { submitted: atMillis, deadline, ended: Number.NaN, result: 'none', batchImages: 0 };
    clock.callAt(atMillis, () => {
      batcher.submit({ input, deadlineMillis: deadline, priority }).then(
        ({ output, batchImages }) => {
          Object.assign(outcome, { ended: clock.now(), result: output === input * 2 ? 'ok' : 'mixed', batchImages });
        },
        (error: unknown) => {
          Object.assign(outcome, { ended: clock.now(), result: isPalateError(error) ? error.reason : String(error) });
        },
      );
    });
    return outcome;
  });
  await clock.run((requests.at(-1)?.atMillis ?? 0) + 60_000);
  return outcomes;
}

/** Arrivals at a rate a second, as chance has it (Poisson), from a seed. */
export function poisson(perSecond: number, count: number, seed: number): number[] {
  let state = seed;
  let at = 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    at += (-Math.log((state + 1) / 2 ** 32) * 1_000) / perSecond;
    return at;
  });
}

export function meanLatency(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((sum, { submitted, ended }) => sum + ended - submitted, 0) / outcomes.length;
}
