/** Ours beside the bare loop, as tables. */

import { medianOf } from '../percentiles.ts';
import type { Report, ReportTable } from '../report.ts';
import { type RawRound, rawThreads } from '../scoring/raw-loop.ts';
import { errorNotes, levelCells, levelTitles, serverTimesNote } from './level-table.ts';
import type { Level } from './measure-level.ts';

/** One side's level, and the bare loop just before. */
export interface SideRound {
  readonly kind: string;
  readonly side: string;
  readonly concurrency: number;
  readonly level: Level;
  readonly raw: readonly (RawRound & { readonly batch: number })[];
}

/** Medians of the rounds. */
interface Line {
  readonly kind: string;
  readonly side: string;
  readonly concurrency: number;
  readonly level: Level;
  readonly imagesPerCpuSecond: number;
  /** Of the bare loop's images a CPU-second in the same round. */
  readonly ofRaw: number;
}

interface Plan {
  readonly photos: readonly Uint8Array[];
  readonly rounds: number;
  readonly seconds: number;
  readonly batch: number;
  readonly isStreamed: boolean;
}

export function besideReport(rounds: readonly SideRound[], plan: Plan): Report {
  const lines = [...Map.groupBy(rounds, ({ kind, side, concurrency }) => [kind, side, concurrency].join()).values()];
  const figures = lines.map((all) => lineOf(all, plan.batch));
  const kinds = [...new Set(rounds.map(({ kind }) => kind))];
  return {
    tables: kinds.map((kind) => tableOf(kind, figures, rounds)),
    notes: [
      `${plan.photos.length} photos, models/food, ${plan.batch} in a request, ${plan.isStreamed ? 'on streams' : 'by unary calls'}; ${plan.rounds} rounds of ${plan.seconds} s each, in turn, and the median round of each figure.`,
      `The bare loop: ${rawThreads} threads with a session each (one intra-op thread) and nothing else; “of raw” is images a CPU-second beside the better of its batches of 1 and 4 in the same round, and of 1 alone where fewer than 4 images are under way.`,
      serverTimesNote,
      ...errorNotes(rounds.map(({ level }) => level)),
    ],
    figures: { ...plan, photos: plan.photos.length, lines: figures },
  };
}

function tableOf(kind: string, lines: readonly Line[], rounds: readonly SideRound[]): ReportTable {
  const ofKind = rounds.filter((round) => round.kind === kind).flatMap(({ raw }) => raw);
  const bare = [...Map.groupBy(ofKind, ({ batch }) => batch)].map(([batch, all]) => [
    `bare loop, batches of ${batch}`,
    medianOf(all.map(perCpuSecond)).toFixed(1),
    '',
    medianOf(all.map(({ images, seconds }) => images / seconds)).toFixed(1),
    ...Array.from({ length: levelTitles.length - 1 }, () => ''),
  ]);
  const served = lines
    .filter((line) => line.kind === kind)
    .map(({ side, concurrency, level, imagesPerCpuSecond, ofRaw }) => [
      `${side}, ${concurrency} at a time`,
      imagesPerCpuSecond.toFixed(1),
      `${(ofRaw * 100).toFixed(1)} %`,
      ...levelCells(level),
    ]);
  return { titles: [kind, 'a CPU-s', 'of raw', ...levelTitles], rows: [...bare, ...served] };
}

function lineOf(rounds: readonly SideRound[], batch: number): Line {
  const [{ kind, side, concurrency, level }] = rounds as readonly [SideRound];
  const median = (value: (round: SideRound) => number) => medianOf(rounds.map(value));
  const rate = (round: SideRound) => round.level.inferencesPerServerCpuSecond ?? Number.NaN;
  return {
    kind,
    side,
    concurrency,
    level: medianLevel(level, rounds),
    imagesPerCpuSecond: median(rate),
    ofRaw: median((round) => rate(round) / rawRate(round.raw, concurrency * batch)),
  };
}

function rawRate(raw: SideRound['raw'], images: number): number {
  return Math.max(...raw.filter(({ batch }) => batch <= images).map(perCpuSecond));
}

function perCpuSecond({ images, cpuSeconds }: RawRound): number {
  return images / cpuSeconds;
}

function medianLevel(first: Level, rounds: readonly SideRound[]): Level {
  const median = (value: (level: Level) => number) => medianOf(rounds.map(({ level }) => value(level)));
  const { server, latencyMillis } = first;
  const keysOf = <Figures extends object>(figures: Figures) => Object.keys(figures) as (keyof Figures)[];
  return {
    ...first,
    inferencesPerSecond: median(({ inferencesPerSecond }) => inferencesPerSecond),
    requestsPerSecond: median(({ requestsPerSecond }) => requestsPerSecond),
    latencyMillis: Object.fromEntries(
      keysOf(latencyMillis).map((key) => [key, median((level) => level.latencyMillis[key])]),
    ) as Level['latencyMillis'],
    server:
      server &&
      (Object.fromEntries(
        keysOf(server).map((key) => [key, median((level) => level.server?.[key] ?? Number.NaN)]),
      ) as unknown as Level['server']),
    answered: rounds.reduce((sum, { level }) => sum + level.answered, 0),
    errors: rounds.reduce((sum, { level }) => sum + level.errors, 0),
  };
}
