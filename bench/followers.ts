/** How fast a follower takes the journal of another process, how far behind it is, and how quick it answers meanwhile. */

import { execFile } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { grouped } from '../src/commands/progress-bar.ts';
import { type BenchContext, type Benchmark, countOf, countsOf } from './benchmark.ts';
import { type FollowingLag, measureLag } from './following-lag.ts';
import { closedLoop, type LoadResult, openLoop } from './load/open-loop.ts';
import { type MeasuredServer, startMeasured } from './measured-server.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import { type Publisher, startPublisher } from './publisher.ts';
import { connectRecommendLoad } from './recommend-load.ts';
import type { Report, ReportTable } from './report.ts';

interface Plan {
  readonly perSecond: number;
  readonly rates: readonly number[];
  readonly seconds: number;
  readonly preload: number;
}

interface CatchUp {
  readonly from: 'nothing' | 'a snapshot';
  readonly events: number;
  /** From the start of the process until it serves, less what a follower of an empty journal takes. */
  readonly seconds: number;
  /** Of the follower, all its threads; less the same. */
  readonly cpuSeconds: number;
}

interface Measured {
  readonly lags: readonly FollowingLag[];
  readonly asked: FollowingLag;
  readonly load: LoadResult;
}

export const followers: Benchmark = {
  name: 'followers',
  summary: 'A recommender in another process: how it catches up, its lag and digest, and Recommend on it',
  options: {
    rate: { type: 'string', description: 'Requests a second, to the follower. Default: 1000.' },
    events: { type: 'string', description: 'Events a second, to the owner; several in turn. Default: 20000,100000.' },
    seconds: { type: 'string', description: 'How long each part takes. Default: 10.' },
    preload: { type: 'string', description: 'Events that a late follower has to take. Default: 500000.' },
  },
  run,
};

/** No snapshot is written while it is looked at: that has a benchmark of its own. */
const quiet = [
  '--set',
  'recommendation.snapshots.everyEvents=1000000000',
  '--set',
  'recommendation.snapshots.every=24d',
];

async function run({ values, progress, folder }: BenchContext): Promise<Report> {
  const plan: Plan = {
    perSecond: countOf(values, 'rate', 1_000),
    rates: countsOf(values, 'events', [20_000, 100_000]),
    seconds: countOf(values, 'seconds', 10),
    preload: countOf(values, 'preload', 500_000),
  };
  const publisher = startPublisher();
  try {
    const events = plan.preload + (plan.rates[0]! + sumOf(plan.rates)) * plan.seconds;
    progress(`encoding ${grouped(events)} events`);
    await publisher.prepare({ seed: 1, startMicros: (Date.now() - 3_600_000) * 1_000 }, events);
    const owner = await startMeasured({ folder: folderOf(folder, 'owner'), args: quiet });
    // What a start costs that has nothing to take.
    const empty = await timedStart(folderOf(folder, 'empty'), owner);
    await empty.server.stop();
    progress(`loading ${grouped(plan.preload)} of them`);
    await publisher.publish({ address: owner.grpc, streams: 1, batchEvents: 500, from: 0, events: plan.preload });
    const caughtUp = await catchUps(folder, owner, plan.preload, empty, progress);
    const late = await startFollower(folderOf(folder, 'following'), owner);
    const measured = await follow(owner, late, publisher, plan, progress);
    await late.stop();
    await owner.stop();
    return reportOf(plan, caughtUp, measured);
  } finally {
    publisher.stop();
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function folderOf(folder: string, name: string): string {
  const own = join(folder, name);
  mkdirSync(own);
  return own;
}

function startFollower(folder: string, owner: MeasuredServer): Promise<MeasuredServer> {
  return startMeasured({
    folder,
    args: [...quiet, '--roles', 'recommendation', '--follow', owner.grpc, '--set', 'journal.maxLagEvents=0'],
  });
}

/** With what the start cost. */
async function timedStart(folder: string, owner: MeasuredServer) {
  const server = await startFollower(folder, owner);
  return { server, seconds: server.startSeconds, cpuSeconds: server.cost().cpuSeconds };
}

type TimedStart = Awaited<ReturnType<typeof timedStart>>;

async function catchUps(
  folder: string,
  owner: MeasuredServer,
  events: number,
  empty: TimedStart,
  progress: BenchContext['progress'],
): Promise<readonly CatchUp[]> {
  const found: CatchUp[] = [];
  for (const from of ['nothing', 'a snapshot'] as const) {
    progress(`a late follower, from ${from}`);
    const own = folderOf(folder, from.replace(' ', '-'));
    if (from === 'a snapshot') await copySnapshot(join(folder, 'owner', 'data'), join(own, 'data'));
    const { server, seconds, cpuSeconds } = await timedStart(own, owner);
    found.push({ from, events, seconds: seconds - empty.seconds, cpuSeconds: cpuSeconds - empty.cpuSeconds });
    await server.stop();
  }
  return found;
}

/** Written by `palate snapshot` from the owner's files, as an operator would. */
async function copySnapshot(from: string, to: string): Promise<void> {
  const palate = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [palate, 'snapshot', '--data', from]);
  cpSync(join(from, 'snapshots'), join(to, 'snapshots'), { recursive: true });
}

async function follow(
  owner: MeasuredServer,
  follower: MeasuredServer,
  publisher: Publisher,
  { perSecond, rates, seconds, preload }: Plan,
  progress: BenchContext['progress'],
): Promise<Measured> {
  let from = preload;
  const measure = (eventsPerSecond: number, meanwhile?: Promise<unknown>) => {
    const events = eventsPerSecond * seconds;
    const order = { address: owner.grpc, streams: 1, batchEvents: 200, from, events, eventsPerSecond };
    from += events;
    return measureLag(owner, follower, () => publisher.publish(order), meanwhile);
  };
  const lags: FollowingLag[] = [];
  for (const rate of rates) {
    progress(`${grouped(rate)} events/s come in`);
    lags.push(await measure(rate));
  }
  progress(`${grouped(rates[0]!)} events/s, and ${grouped(perSecond)} requests/s to the follower`);
  const load = await connectRecommendLoad(follower.grpc, 2);
  try {
    await closedLoop(load, { concurrency: 32, seconds: 2 });
    const answers = openLoop(load, { perSecond, moments: perSecond * seconds });
    const asked = await measure(rates[0]!, answers);
    return { lags, asked, load: await answers };
  } finally {
    load.close();
  }
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
const millis = ({ p50, p90, p99, max }: Percentiles) => [p50, p90, p99, max].map((value) => value.toFixed(1));

function catchUpTable(caughtUp: readonly CatchUp[]): ReportTable {
  return {
    titles: ['a late follower begins with', 'events', 'seconds', 'events/s', 'a CPU-s'],
    rows: caughtUp.map(({ from, events, seconds, cpuSeconds }) => [
      from,
      grouped(events),
      seconds.toFixed(2),
      ...(from === 'nothing'
        ? [grouped(Math.round(events / seconds)), grouped(Math.round(events / cpuSeconds))]
        : ['', '']),
    ]),
  };
}

function lagTable({ lags, asked }: Measured, perSecond: number): ReportTable {
  const row = (name: string, one: FollowingLag) => [
    name,
    grouped(Math.round(one.eventsPerSecond)),
    ...millis(one.lagMillis),
    ...[one.ownerMillis.p50, one.ownerMillis.p99, one.tailMillis].map((value) => value.toFixed(1)),
    one.isDigestEqual ? 'equal' : 'DIFFERENT',
    ...[one.ownerCpuShare, one.followerCpuShare, one.followerDeniedShare].map(percent),
  ];
  const ends = ['owner p50', 'p99', 'until all', 'digest', 'owner CPU', 'follower CPU', 'denied'];
  return {
    titles: ['lag', 'events/s', 'p50 ms', 'p90', 'p99', 'max', ...ends],
    rows: [...lags.map((one) => row('no requests', one)), row(`${grouped(perSecond)} requests/s`, asked)],
  };
}

function reportOf(plan: Plan, caughtUp: readonly CatchUp[], measured: Measured): Report {
  const { lags, asked, load } = measured;
  const latencyMillis = percentilesOf(load.latencies);
  const answers = {
    titles: ['Recommend on it', 'p50 ms', 'p90', 'p99', 'max', 'errors', 'empty'],
    rows: [['meanwhile', ...millis(latencyMillis), String(load.errors), String(load.empty)]],
  };
  return {
    tables: [catchUpTable(caughtUp), lagTable(measured, plan.perSecond), answers],
    notes: [
      'Lag: from when the owner has said that an event is durable until the follower answers with it in its state; beside it the same question to the owner.',
      'A late follower: from its start until it serves, less what a follower of an empty journal takes; its snapshot is of the journal’s end.',
      'Owner, follower, publisher and load share the cores. No snapshots are written meanwhile.',
    ],
    figures: { ...plan, caughtUp, lags, asked, latencyMillis },
    failures: [...lags, asked].every((one) => one.isDigestEqual) ? [] : ["the follower's digest is not its owner's"],
  };
}
