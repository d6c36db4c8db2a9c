/** What a soak must show, judged from its samples: memory that levels off, and a state that keeps up. */

import { percentilesOf } from './percentiles.ts';

/** One second of a soak. */
export interface SoakSample {
  /** Since the soak began. */
  readonly seconds: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly arrayBufferBytes: number;
  readonly loopP99Millis: number;
  readonly collectionMillis: number;
  /** Sequences that are durable and not folded yet. */
  readonly lagEvents: number;
  readonly pendingBytes: number;
  readonly journalBytes: number;
  readonly snapshots: number;
}

/** A straight line through measurements, by least squares. */
export interface Trend {
  /** At the middle of the time looked at. */
  readonly mean: number;
  /** A second. */
  readonly slope: number;
  /** Of the line, from the first measurement looked at to the last. */
  readonly growth: number;
}

/** Where the warm-up ends: what is before is not judged. */
const judgedShare = 0.6;
/** Memory may grow by so much of its mean over the time judged, and by so many bytes: the collector comes and goes. */
const memoryShare = 0.05;
const memoryBytes = 32 * 1_048_576;
/** A shorter soak is all warm-up: its memory is not judged. */
const memoryJudgedFromSeconds = 240;
/** The lag may be what comes in within so long, or what a publisher has under way: 64 batches of 200. */
const lagSeconds = 1;
const underWayEvents = 12_800;

/** The newest part of the samples. */
export function judgedPart<T>(samples: readonly T[], share = judgedShare): readonly T[] {
  return samples.slice(Math.floor(samples.length * (1 - share)));
}

export function trendOf(samples: readonly SoakSample[], value: (sample: SoakSample) => number): Trend {
  const count = samples.length;
  if (count < 2) return { mean: samples.map(value)[0] ?? 0, slope: 0, growth: 0 };
  const meanAt = samples.reduce((sum, { seconds }) => sum + seconds, 0) / count;
  const mean = samples.reduce((sum, sample) => sum + value(sample), 0) / count;
  let together = 0;
  let alone = 0;
  for (const sample of samples) {
    together += (sample.seconds - meanAt) * (value(sample) - mean);
    alone += (sample.seconds - meanAt) ** 2;
  }
  const slope = alone === 0 ? 0 : together / alone;
  return { mean, slope, growth: slope * (samples.at(-1)!.seconds - samples[0]!.seconds) };
}

export interface SoakOutcome {
  readonly samples: readonly SoakSample[];
  readonly eventsPerSecond: number;
  /** Acknowledged as accepted, and counted in the journal afterwards. */
  readonly accepted: number;
  readonly inJournal: number;
  readonly achievedEventsPerSecond: number;
  readonly recommendErrors: number;
  readonly photos: { readonly errors: number };
  /** Undefined: the digests were not compared. */
  readonly isDigestEqual: boolean | undefined;
}

/** What did not hold; empty: all did. */
export function soakFailures(outcome: SoakOutcome): readonly string[] {
  const { samples, eventsPerSecond, accepted, inJournal, recommendErrors } = outcome;
  const judged = judgedPart(samples);
  const memory = trendOf(judged, ({ residentBytes }) => residentBytes);
  const allowed = Math.max(memoryBytes, memory.mean * memoryShare);
  const isMemoryJudged = (samples.at(-1)?.seconds ?? 0) >= memoryJudgedFromSeconds;
  const allowedLag = Math.max(underWayEvents, eventsPerSecond * lagSeconds);
  const lag = trendOf(judged, ({ lagEvents }) => lagEvents);
  const usualLag = percentilesOf(judged.map(({ lagEvents }) => lagEvents)).p50;
  const failed = (isFine: boolean, text: string) => (isFine ? [] : [text]);
  return [
    ...failed(
      !isMemoryJudged || memory.growth <= allowed,
      `memory grew by ${mebibytes(memory.growth)} MiB after the warm-up; ${mebibytes(allowed)} are allowed`,
    ),
    ...failed(
      lag.growth <= allowedLag && usualLag <= allowedLag,
      `the state fell behind: by ${usualLag} events at the median, growing by ${lag.growth.toFixed(0)}`,
    ),
    ...failed(
      outcome.achievedEventsPerSecond >= eventsPerSecond * 0.97,
      `only ${outcome.achievedEventsPerSecond.toFixed(0)} of ${eventsPerSecond} events/s were taken`,
    ),
    ...failed(accepted === inJournal, `${accepted} events were acknowledged, the journal has ${inJournal}`),
    ...failed(recommendErrors === 0, `${recommendErrors} calls of Recommend failed`),
    ...failed(outcome.photos.errors === 0, `${outcome.photos.errors} photos were not answered`),
    ...failed(outcome.isDigestEqual !== false, 'the digest is not that of a full replay'),
  ];
}

function mebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(0);
}
