/** `Recommend` while snapshots are written, beside the same without: does the serving thread feel them? */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLoop } from './load/open-loop.ts';
import { startMeasured } from './measured-server.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import { startPublisher } from './publisher.ts';
import { connectRecommendLoad } from './recommend-load.ts';
import type { ReportTable } from './report.ts';

export interface LatencyPlan {
  /** With a journal and a snapshot of its end in `data`. */
  readonly folder: string;
  readonly perSecond: number;
  readonly eventsPerSecond: number;
  readonly seconds: number;
  /** Each has a window without snapshots and one with. */
  readonly rounds: number;
}

export interface LatencyWindow {
  readonly isWriting: boolean;
  readonly latencyMillis: Percentiles;
  readonly errors: number;
  /** Snapshots that were begun in it. */
  readonly snapshots: number;
  /** Of its time: one was being written to its file. */
  readonly writingShare: number;
  readonly deniedShare: number;
  /** Of one core, all threads: the shadow fold is one of them. */
  readonly serverCpuShare: number;
}

const warmUpSeconds = 4;
const lookMillis = 20;
/** The events of each window have ids of their own, also where the journal is kept for the next run. */
const newSeed = () => Date.now() % 2 ** 31;
/** They are of an hour ago. */
const startMicros = () => (Date.now() - 3_600_000) * 1_000;

/** In turns, each window on a server of its own that begins with the newest snapshot. */
export async function measureLatency(plan: LatencyPlan, progress: (text: string) => void): Promise<LatencyWindow[]> {
  const found: LatencyWindow[] = [];
  for (let round = 0; round < plan.rounds; round++) {
    for (const isWriting of [false, true]) {
      progress(`Recommend ${isWriting ? 'while snapshots are written' : 'without'}, round ${round + 1}`);
      found.push(await measureWindow(plan, isWriting));
    }
  }
  return found;
}

async function measureWindow(plan: LatencyPlan, isWriting: boolean): Promise<LatencyWindow> {
  const { folder, perSecond, eventsPerSecond, seconds } = plan;
  const publisher = startPublisher();
  try {
    const events = eventsPerSecond * (seconds + warmUpSeconds);
    await publisher.prepare({ seed: newSeed(), startMicros: startMicros() }, events);
    const often = ['--set', 'recommendation.snapshots.every=1s'];
    const never = [
      '--set',
      'recommendation.snapshots.everyEvents=1000000000',
      '--set',
      'recommendation.snapshots.every=24d',
    ];
    const server = await startMeasured({ folder, args: isWriting ? often : never });
    const load = await connectRecommendLoad(server.grpc, 2);
    const published = publisher.publish({
      address: server.grpc,
      streams: 1,
      batchEvents: 200,
      from: 0,
      events,
      eventsPerSecond,
    });
    await openLoop(load, { perSecond, moments: perSecond * warmUpSeconds });
    const writing = watchWriting(join(folder, 'data', 'snapshots'));
    const before = server.cost();
    const { latencies, errors } = await openLoop(load, { perSecond, moments: perSecond * seconds });
    const after = server.cost();
    const { snapshots, writingShare } = await writing.stop();
    await published;
    load.close();
    await server.stop();
    return {
      isWriting,
      latencyMillis: percentilesOf(latencies),
      errors,
      snapshots,
      writingShare,
      deniedShare: (after.deniedSeconds - before.deniedSeconds) / seconds,
      serverCpuShare: (after.cpuSeconds - before.cpuSeconds) / seconds,
    };
  } finally {
    publisher.stop();
  }
}

/** Looks at the folder all the while: a file that ends in `.new` is being written. */
function watchWriting(folder: string) {
  const begun = new Set<string>();
  let [looks, busy] = [0, 0];
  let isOver = false;
  const watching = (async () => {
    for (; !isOver; looks++) {
      const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.new')) : [];
      for (const name of names) begun.add(name);
      if (names.length > 0) busy++;
      await sleep(lookMillis);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await watching;
      return { snapshots: begun.size, writingShare: busy / Math.max(1, looks) };
    },
  };
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;

export function latencyTable(windows: readonly LatencyWindow[]): ReportTable {
  return {
    titles: ['Recommend', 'p50 ms', 'p90', 'p99', 'p99.9', 'errors', 'snapshots', 'writing', 'server CPU', 'denied'],
    rows: windows.map(({ isWriting, latencyMillis: { p50, p90, p99, p999 }, errors, ...one }) => [
      isWriting ? 'while snapshots are written' : 'without',
      ...[p50, p90, p99, p999].map((value) => value.toFixed(2)),
      String(errors),
      String(one.snapshots),
      ...[one.writingShare, one.serverCpuShare, one.deniedShare].map(percent),
    ]),
  };
}

/** The median window's p99 with snapshots, as a multiple of the one without. */
export function p99Ratio(windows: readonly LatencyWindow[]): number {
  const median = (isWriting: boolean) => {
    const all = windows.filter((one) => one.isWriting === isWriting).map(({ latencyMillis }) => latencyMillis.p99);
    const sorted = all.sort((a, b) => a - b);
    return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
  };
  return median(true) / median(false);
}
