/** Photos that the server knows, and one that many send at once: what is computed once. */

import { closedLoop, openLoop } from '../load/open-loop.ts';
import type { MeasuredServer } from '../measured-server.ts';
import { type Percentiles, percentilesOf } from '../percentiles.ts';
import { inferredImages } from './inferred-images.ts';
import { connectPhotoLoad, type PhotoLoad } from './photo-load.ts';
import { numbered } from './photos.ts';

export interface CachedFigures {
  /** One after another. */
  readonly closedMillis: Percentiles;
  readonly closedPerSecond: number;
  /** The same by the server's own clock. */
  readonly totalMillis: Percentiles;
  /** At a fixed pace. */
  readonly openMillis: Percentiles;
  readonly openPerSecond: number;
  readonly errors: number;
  /** Answers that were computed after all. */
  readonly computed: number;
}

export interface BurstFigures {
  readonly photos: number;
  readonly answered: number;
  readonly refused: number;
  readonly deduplicated: number;
  readonly inferences: number;
  readonly seconds: number;
}

const openPerSecond = 200;

/** Asks for photos that were scored before, one at a time and then at a fixed pace. */
export async function measureCached(
  { grpc }: MeasuredServer,
  jpegs: readonly Buffer[],
  seconds: number,
): Promise<CachedFigures> {
  const load = await connectPhotoLoad({ address: grpc, jpegs, keepsAnswers: true });
  try {
    await askAll(load, jpegs.length);
    const first = load.answers().length;
    const closed = await closedLoop(load, { concurrency: 1, seconds });
    const totals = load
      .answers()
      .slice(first)
      .map(({ timings }) => (timings?.totalMicros ?? 0) / 1e3);
    const open = await openLoop(load, { perSecond: openPerSecond, moments: openPerSecond * seconds });
    return {
      closedMillis: percentilesOf(closed.latencies),
      closedPerSecond: closed.latencies.length / closed.seconds,
      totalMillis: percentilesOf(totals),
      openMillis: percentilesOf(open.latencies),
      openPerSecond,
      errors: closed.errors + open.errors,
      computed: load
        .answers()
        .slice(first)
        .filter(({ deduplicated }) => !deduplicated).length,
    };
  } finally {
    load.close();
  }
}

/** Sends as many requests at once, and resolves when all have ended. */
export async function askAll(load: PhotoLoad, requests: number): Promise<void> {
  const ended = Array.from({ length: requests }, () => new Promise<void>((resolve) => load.next(() => resolve())));
  await Promise.all(ended);
}

/** Sends one photo so many times at once. */
export async function measureBurst({ grpc }: MeasuredServer, jpeg: Buffer, photos: number): Promise<BurstFigures> {
  // Numbered twice it is none of those that were sent before. The server takes 1,000 calls a connection.
  const load = await connectPhotoLoad({ address: grpc, jpegs: [numbered(jpeg)], connections: 2, keepsAnswers: true });
  try {
    const before = await inferredImages(grpc);
    const startedAt = performance.now();
    await askAll(load, photos);
    const seconds = (performance.now() - startedAt) / 1_000;
    const answers = load.answers();
    return {
      photos,
      answered: answers.length,
      refused: photos - answers.length,
      deduplicated: answers.filter(({ deduplicated }) => deduplicated).length,
      inferences: (await inferredImages(grpc)) - before,
      seconds,
    };
  } finally {
    load.close();
  }
}
