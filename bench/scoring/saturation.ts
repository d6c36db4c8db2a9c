/** The server with as many photos under way as there are to be, and the bare loop, in turn. */

import type { ScoreResponse } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { closedLoop, type LoadResult } from '../load/open-loop.ts';
import type { MeasuredServer } from '../measured-server.ts';
import { medianOf, type Percentiles, percentilesOf } from '../percentiles.ts';
import { connectPhotoLoad } from './photo-load.ts';
import { type RawLoop, type RawRound, rawThreads } from './raw-loop.ts';

export interface SaturationPlan {
  readonly server: MeasuredServer;
  readonly raw: RawLoop;
  readonly jpegs: readonly Buffer[];
  readonly concurrencies: readonly number[];
  readonly rounds: number;
  /** Of each part of a round. */
  readonly seconds: number;
  /** Before the first: until the server's code is compiled as its traffic needs it. */
  readonly warmUpSeconds: number;
  progress(text: string): void;
}

/** The bare loop with one size of batch: medians of the rounds. */
export interface RawFigures {
  readonly batchImages: number;
  readonly imagesPerSecond: number;
  readonly imagesPerCpuSecond: number;
}

/** The server with one number of photos under way. Rates are medians of the rounds, times of all their photos. */
export interface ServerFigures {
  readonly concurrency: number;
  readonly imagesPerSecond: number;
  /** Of the server. */
  readonly imagesPerCpuSecond: number;
  /** Of the bare loop's images a CPU-second in the same round, at the batch size that did better there, of those that so many photos can fill. */
  readonly ofRaw: number;
  readonly latencyMillis: Percentiles;
  /** Total less decoding, waiting and inference, by the answer's own times. */
  readonly addedMillis: Percentiles;
  /** The same of what the client saw. */
  readonly addedForClientMillis: Percentiles;
  readonly queueMillis: Percentiles;
  readonly decodeMillis: Percentiles;
  readonly inferenceMillis: Percentiles;
  readonly meanBatchImages: number;
  readonly errors: number;
  /** Photos without a score. */
  readonly rejected: number;
  readonly loadCpuShare: number;
  readonly serverDeniedShare: number;
}

export interface Saturation {
  readonly raw: readonly RawFigures[];
  readonly server: readonly ServerFigures[];
  /** The most images a second of any concurrency; and a CPU-second of the server. */
  readonly peakPerSecond: number;
  readonly peakPerCpuSecond: number;
}

const rawBatches = [1, 4] as const;

interface ServerRound extends LoadResult {
  readonly answers: readonly ScoreResponse[];
  readonly cpuSeconds: number;
  readonly deniedSeconds: number;
  readonly ofRaw: number;
}

/** Runs it. Every photo is a new one to the server. */
export async function measureSaturation(plan: SaturationPlan): Promise<Saturation> {
  const { raw, concurrencies, rounds, seconds, warmUpSeconds, progress } = plan;
  progress(`${warmUpSeconds} s to warm up`);
  let firstNumber = (await serverRound({ ...plan, seconds: warmUpSeconds }, 16, 1, 1)).next;
  const rawRounds = rawBatches.map((): RawRound[] => []);
  const serverRounds = concurrencies.map((): ServerRound[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, concurrency] of concurrencies.entries()) {
      progress(`round ${round + 1} of ${rounds}: the bare loop, then the server with ${concurrency} photos at a time`);
      const bare: RawRound[] = [];
      for (const batchImages of rawBatches) bare.push(await raw.round({ seconds: seconds / 2, batchImages }));
      for (const [batch, one] of bare.entries()) rawRounds[batch]!.push(one);
      const comparable = bare.filter((_, batch) => rawBatches[batch]! <= concurrency);
      const rate = Math.max(...comparable.map(perCpuSecond));
      const { next, ...server } = await serverRound(plan, concurrency, firstNumber, rate);
      firstNumber = next;
      serverRounds[index]!.push(server);
    }
  }
  const server = concurrencies.map((concurrency, index) => figuresOf(concurrency, serverRounds[index]!));
  return {
    raw: rawBatches.map((batchImages, index) => rawFigures(batchImages, rawRounds[index]!)),
    server,
    peakPerSecond: Math.max(...server.map(({ imagesPerSecond }) => imagesPerSecond)),
    peakPerCpuSecond: Math.max(...server.map(({ imagesPerCpuSecond }) => imagesPerCpuSecond)),
  };
}

async function serverRound(plan: SaturationPlan, concurrency: number, firstNumber: number, rawRate: number) {
  const { server, jpegs, seconds } = plan;
  const load = await connectPhotoLoad({ address: server.grpc, jpegs, firstNumber, keepsAnswers: true });
  const before = server.cost();
  try {
    const result = await closedLoop(load, { concurrency, seconds });
    const after = server.cost();
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    const deniedSeconds = after.deniedSeconds - before.deniedSeconds;
    const ofRaw = result.latencies.length / cpuSeconds / rawRate;
    return { ...result, answers: load.answers(), cpuSeconds, deniedSeconds, ofRaw, next: load.nextNumber };
  } finally {
    load.close();
  }
}

function perCpuSecond({ images, cpuSeconds }: RawRound): number {
  return images / cpuSeconds;
}

function rawFigures(batchImages: number, rounds: readonly RawRound[]): RawFigures {
  return {
    batchImages,
    imagesPerSecond: medianOf(rounds.map(({ images, seconds }) => images / seconds)),
    imagesPerCpuSecond: medianOf(rounds.map(perCpuSecond)),
  };
}

function figuresOf(concurrency: number, rounds: readonly ServerRound[]): ServerFigures {
  const median = (value: (round: ServerRound) => number) => medianOf(rounds.map(value));
  const latencies = rounds.flatMap((round) => round.latencies);
  const answers = rounds.flatMap((round) => round.answers);
  const timings = answers.flatMap(({ timings: one }) => one ?? []);
  const own = timings.map(
    ({ decodeMicros, queueMicros, inferenceMicros }) => (decodeMicros + queueMicros + inferenceMicros) / 1e3,
  );
  return {
    concurrency,
    imagesPerSecond: median((round) => round.latencies.length / round.seconds),
    imagesPerCpuSecond: median((round) => round.latencies.length / round.cpuSeconds),
    ofRaw: median((round) => round.ofRaw),
    latencyMillis: percentilesOf(latencies),
    addedMillis: percentilesOf(timings.map(({ totalMicros }, index) => totalMicros / 1e3 - own[index]!)),
    addedForClientMillis: percentilesOf(latencies.map((latency, index) => latency - own[index]!)),
    queueMillis: percentilesOf(timings.map(({ queueMicros }) => queueMicros / 1e3)),
    decodeMillis: percentilesOf(timings.map(({ decodeMicros }) => decodeMicros / 1e3)),
    inferenceMillis: percentilesOf(timings.map(({ inferenceMicros }) => inferenceMicros / 1e3)),
    meanBatchImages: answers.length / timings.reduce((sum, { batchImages }) => sum + 1 / Math.max(1, batchImages), 0),
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
    rejected: answers.filter(({ rejection }) => rejection !== undefined).length,
    loadCpuShare: median((round) => round.cpuShare),
    serverDeniedShare: median((round) => round.deniedSeconds / round.seconds),
  };
}

/** Stands below the table. */
export const rawNote = `The bare loop: ${rawThreads} threads with a session each (one intra-op thread), sharp as the server calls it, no queue; “of raw” goes by the better of its two batch sizes, round by round, and with fewer than 4 photos at a time by batches of 1.`;
