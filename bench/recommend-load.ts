/** Requests for recommendations at a fixed pace, or as fast as they are answered. */

import { Worker } from 'node:worker_threads';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  type RecommendationService,
  RecommendRequestSchema,
} from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import type { Client } from '../src/rpc/client/client.ts';
import type { Pace } from './pacer.worker.ts';
import { createRandom, zipf } from './random.ts';

export interface LoadResult {
  /** Milliseconds of each answered request. */
  readonly latencies: readonly number[];
  readonly errors: number;
  /** Answers without any item. */
  readonly empty: number;
  readonly seconds: number;
  /** How late each request was sent, in milliseconds: the load's own share of the latencies. */
  readonly lateness: readonly number[];
}

type Recommender = Pick<Client<typeof RecommendationService>, 'recommend'>;

/** Draws encoded requests: `home` and `item`, with one to five recent items that are as popular as those of the traffic. */
export function createRequests(seed: number, items = 50_000, distinct = 20_000): () => Uint8Array {
  const random = createRandom(seed);
  const drawItem = zipf(items, 1, random);
  const requests = Array.from({ length: distinct }, () => {
    const recentItemIds = Array.from({ length: 1 + random.below(5) }, () => String(drawItem() + 1));
    const placement = random.next() < 0.7 ? 'home' : 'item';
    return toBinary(RecommendRequestSchema, create(RecommendRequestSchema, { placement, recentItemIds, limit: 20 }));
  });
  return () => requests[random.below(distinct)]!;
}

/**
 * Sends each request at its moment, whether or not those before it are answered, and counts its latency from that moment
 * on: a server that stalls pays for every request that it kept waiting (no coordinated omission).
 */
export async function openLoop(client: Recommender, next: () => Uint8Array, pace: Pace): Promise<LoadResult> {
  const meter = new Meter();
  const worker = new Worker(new URL('./pacer.worker.ts', import.meta.url), { workerData: pace });
  const answers: Promise<void>[] = [];
  worker.on('message', (momentEpochMillis: number) => {
    const intendedAt = momentEpochMillis - performance.timeOrigin;
    meter.lateness.push(performance.now() - intendedAt);
    answers.push(meter.ask(client, next(), intendedAt));
  });
  await new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject));
  await Promise.all(answers);
  return meter.result();
}

/** Keeps so many requests under way for so long. */
export async function closedLoop(
  client: Recommender,
  next: () => Uint8Array,
  { concurrency, seconds }: { readonly concurrency: number; readonly seconds: number },
): Promise<LoadResult> {
  const meter = new Meter();
  const endsAt = performance.now() + seconds * 1_000;
  const worker = async () => {
    while (performance.now() < endsAt) await meter.ask(client, next(), performance.now());
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return meter.result();
}

class Meter {
  readonly latencies: number[] = [];
  readonly lateness: number[] = [];
  readonly #startedAt = performance.now();
  #errors = 0;
  #empty = 0;

  async ask(client: Recommender, request: Uint8Array, since: number): Promise<void> {
    try {
      const { items } = await client.recommend(request);
      this.latencies.push(performance.now() - since);
      if (items.length === 0) this.#empty += 1;
    } catch {
      this.#errors += 1;
    }
  }

  result(): LoadResult {
    const { latencies, lateness } = this;
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    return { latencies, lateness, errors: this.#errors, empty: this.#empty, seconds };
  }
}
