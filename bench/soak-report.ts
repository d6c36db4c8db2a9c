/** A soak's figures as tables. */

import { grouped } from '../src/commands/progress-bar.ts';
import type { LoadResult } from './load/open-loop.ts';
import { percentilesOf } from './percentiles.ts';
import type { PublishResult } from './publisher.ts';
import type { Report } from './report.ts';
import type { CollectionKind, ProbeReadings } from './server-probe.ts';
import type { SoakPhotos } from './soak-photos.ts';
import { judgedPart, type SoakOutcome, type SoakSample, trendOf } from './soak-verdict.ts';

export interface SoakRun extends SoakOutcome {
  readonly peakEventsPerSecond: number;
  readonly requestsPerSecond: number;
  readonly seconds: number;
  readonly published: PublishResult;
  readonly recommended: LoadResult;
  readonly photos: SoakPhotos;
  readonly probe: ProbeReadings;
  readonly journalBytes: number;
  readonly digest: string;
  readonly sequence: number;
  /** Of the server, of one core. */
  readonly cpuShare: number;
  readonly deniedShare: number;
}

const mebibyte = 1_048_576;

export function soakReport(run: SoakRun): Report {
  return {
    tables: [
      { titles: ['soak', 'figure'], rows: summaryRows(run) },
      { titles: ['server', 'p50 ms', 'p90', 'p99', 'p99.9', 'max'], rows: latencyRows(run) },
      { titles: ['collections', 'count', 'ms in all', 'longest ms', 'share of the time'], rows: collectionRows(run) },
      { titles: ['time, s', 'resident MiB', 'heap', 'buffers', 'loop p99 ms', 'lag', 'journal'], rows: timeRows(run) },
    ],
    notes: [
      'The event loop is asked each millisecond how late it is; collections are part of it, and stand alone below.',
      'Judged is what comes after the warm-up, the last 60 %: memory by a straight line through the samples of each second.',
    ],
    figures: figuresOf(run),
  };
}

/** Without the single measurements. */
function figuresOf({ samples, published, recommended, photos, ...figures }: SoakRun) {
  const judged = judgedPart(samples);
  return {
    ...figures,
    residentBytes: trendOf(judged, ({ residentBytes }) => residentBytes),
    heapUsedBytes: trendOf(judged, ({ heapUsedBytes }) => heapUsedBytes),
    lagEvents: trendOf(judged, ({ lagEvents }) => lagEvents),
    ackMillis: percentilesOf(published.ackMillis),
    recommendMillis: percentilesOf(recommended.latencies),
    recommendLatenessMillis: percentilesOf(recommended.lateness),
    photos: { ...photos, latencies: undefined, millis: percentilesOf(photos.latencies) },
  };
}

function summaryRows(run: SoakRun): string[][] {
  const judged = judgedPart(run.samples);
  const resident = trendOf(judged, ({ residentBytes }) => residentBytes);
  const mebibytes = (bytes: number) => (bytes / mebibyte).toFixed(0);
  return [
    ['peak beforehand, events/s', run.peakEventsPerSecond === 0 ? 'not measured' : grouped(run.peakEventsPerSecond)],
    ['asked for, events/s', grouped(run.eventsPerSecond)],
    ['taken, events/s', grouped(run.achievedEventsPerSecond)],
    ['for, s', String(run.seconds)],
    ['recommendations/s', String(run.requestsPerSecond)],
    ['… that failed', String(run.recommendErrors)],
    ['photos, each a new one', grouped(run.photos.asked)],
    ['… that failed', String(run.photos.errors)],
    ['… with a score, which is an event', grouped(run.photos.events)],
    ['acknowledged', grouped(run.accepted)],
    ['in the journal', grouped(run.inJournal)],
    [
      'digest of the serving state and of the shadow fold as a full replay’s',
      run.isDigestEqual === undefined ? 'not asked' : run.isDigestEqual ? 'yes' : 'NO',
    ],
    ['resident memory after the warm-up, MiB', mebibytes(resident.mean)],
    ['… grew by, MiB', mebibytes(resident.growth)],
    ['… a minute, MiB', ((resident.slope * 60) / mebibyte).toFixed(1)],
    ['lag at most, events', grouped(Math.max(0, ...judged.map(({ lagEvents }) => lagEvents)))],
    ['snapshots held at the end', String(run.samples.at(-1)?.snapshots ?? 0)],
    ['journal, bytes an event', (run.journalBytes / run.inJournal).toFixed(1)],
    ['server CPU, of one core', percent(run.cpuShare)],
    ['denied', percent(run.deniedShare)],
  ];
}

function latencyRows({ probe, published, recommended, photos }: SoakRun): string[][] {
  const { p50, p99, p999, max } = probe.loopDelayMillis;
  const row = (name: string, values: readonly number[]) => {
    const found = percentilesOf(values);
    return [name, ...(['p50', 'p90', 'p99', 'p999', 'max'] as const).map((key) => found[key].toFixed(2))];
  };
  return [
    ['event loop late', p50.toFixed(2), '', p99.toFixed(2), p999.toFixed(2), max.toFixed(2)],
    row('Recommend, since due', recommended.latencies),
    row('acknowledgement', published.ackMillis),
    ...(photos.asked === 0 ? [] : [row('Score, since due', photos.latencies)]),
  ];
}

const kinds: readonly CollectionKind[] = ['minor', 'major', 'incremental', 'weak'];

function collectionRows({ probe, seconds }: SoakRun): string[][] {
  return kinds.flatMap((kind) => {
    const { count, millis, longestMillis } = probe.collections[kind] ?? { count: 0, millis: 0, longestMillis: 0 };
    if (count === 0) return [];
    const share = percent(millis / 1_000 / seconds);
    return [[kind, grouped(count), grouped(millis), longestMillis.toFixed(1), share]];
  });
}

/** Twelve places in time. */
function timeRows({ samples }: SoakRun): string[][] {
  const step = Math.max(1, Math.floor(samples.length / 12));
  return samples.filter((_, index) => index % step === 0 || index === samples.length - 1).map(timeRow);
}

function timeRow(sample: SoakSample): string[] {
  return [
    sample.seconds.toFixed(0),
    ...[sample.residentBytes, sample.heapUsedBytes, sample.arrayBufferBytes].map((bytes) => grouped(bytes / mebibyte)),
    sample.loopP99Millis.toFixed(1),
    grouped(sample.lagEvents),
    `${grouped(sample.journalBytes / mebibyte)} MiB`,
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
