/** How fast a follower takes the journal of another process, how far behind it is, and how quick it answers meanwhile. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { IngestService } from '../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendationService } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { grouped } from '../src/commands/progress-bar.ts';
import { createGrpcClient, type GrpcClient } from '../src/rpc/client/grpc-client.ts';
import { type BenchContext, type Benchmark, countOf } from './benchmark.ts';
import { openLoop } from './load/open-loop.ts';
import { type MeasuredServer, startMeasured } from './measured-server.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import { type Publisher, startPublisher } from './publisher.ts';
import { connectRecommendLoad } from './recommend-load.ts';
import type { Report } from './report.ts';

interface Plan {
  readonly perSecond: number;
  readonly eventsPerSecond: number;
  readonly seconds: number;
  readonly preload: number;
}

interface CatchUp {
  readonly events: number;
  readonly seconds: number;
  /** Of the follower, all its threads. */
  readonly cpuSeconds: number;
}

interface Following {
  readonly eventsPerSecond: number;
  /** From an acknowledgement at the owner until the follower answers with that event in its state. */
  readonly lagMillis: Percentiles;
  /** The same question to the owner, which has the event in its state: what asking costs. */
  readonly ownerMillis: Percentiles;
  readonly looks: number;
  readonly followerCpuShare: number;
  readonly ownerCpuShare: number;
  readonly followerDeniedShare: number;
}

/** So often it is looked how far the follower is behind. */
const lookMillis = 20;

export const followers: Benchmark = {
  name: 'followers',
  summary: 'A recommender in another process: events/s that it takes, its lag, and Recommend on it',
  options: {
    rate: { type: 'string', description: 'Requests a second, to the follower. Default: 1000.' },
    events: { type: 'string', description: 'Events a second, to the owner. Default: 20000.' },
    seconds: { type: 'string', description: 'How long each part takes. Default: 15.' },
    preload: { type: 'string', description: 'Events that a late follower has to take. Default: 500000.' },
  },
  run,
};

async function run({ values, progress, folder }: BenchContext): Promise<Report> {
  const plan: Plan = {
    perSecond: countOf(values, 'rate', 1_000),
    eventsPerSecond: countOf(values, 'events', 20_000),
    seconds: countOf(values, 'seconds', 15),
    preload: countOf(values, 'preload', 500_000),
  };
  const publisher = startPublisher();
  try {
    const events = plan.preload + 2 * plan.eventsPerSecond * plan.seconds;
    progress(`encoding ${grouped(events)} events`);
    await publisher.prepare({ seed: 1, startMicros: (Date.now() - 3_600_000) * 1_000 }, events);
    const owner = await startMeasured({ folder: folderOf(folder, 'owner') });
    // What a start costs that has nothing to take.
    const empty = await startFollower(folderOf(folder, 'empty'), owner);
    const idle = { seconds: empty.startSeconds, cpuSeconds: empty.cost().cpuSeconds };
    await empty.stop();
    progress(`loading ${grouped(plan.preload)} of them`);
    await publisher.publish({ address: owner.grpc, streams: 1, batchEvents: 500, from: 0, events: plan.preload });
    progress('a late follower');
    const late = await startFollower(folderOf(folder, 'late'), owner);
    const caughtUp: CatchUp = {
      events: plan.preload,
      seconds: late.startSeconds - idle.seconds,
      cpuSeconds: late.cost().cpuSeconds - idle.cpuSeconds,
    };
    const measured = await follow(owner, late, publisher, plan, progress);
    await late.stop();
    await owner.stop();
    return reportOf(plan, caughtUp, measured);
  } finally {
    publisher.stop();
  }
}

function folderOf(folder: string, name: string): string {
  const own = join(folder, name);
  mkdirSync(own);
  return own;
}

function startFollower(folder: string, owner: MeasuredServer): Promise<MeasuredServer> {
  return startMeasured({
    folder,
    args: ['--roles', 'recommendation', '--follow', owner.grpc, '--set', 'journal.maxLagEvents=0'],
  });
}

async function follow(
  owner: MeasuredServer,
  follower: MeasuredServer,
  publisher: Publisher,
  { perSecond, eventsPerSecond, seconds, preload }: Plan,
  progress: BenchContext['progress'],
) {
  const events = eventsPerSecond * seconds;
  const order = { address: owner.grpc, streams: 1, batchEvents: 200, events, eventsPerSecond };
  progress(`${grouped(eventsPerSecond)} events/s come in`);
  const quiet = await followed(owner, follower, () => publisher.publish({ ...order, from: preload }));
  progress(`and ${grouped(perSecond)} requests/s to the follower`);
  const load = await connectRecommendLoad(follower.grpc, 2);
  try {
    const asked = openLoop(load, { perSecond, moments: perSecond * seconds });
    const busy = await followed(owner, follower, () => publisher.publish({ ...order, from: preload + events }));
    return { quiet, busy, load: await asked };
  } finally {
    load.close();
  }
}

/** Looks at the lag all the while. */
async function followed(
  owner: MeasuredServer,
  follower: MeasuredServer,
  publish: () => ReturnType<Publisher['publish']>,
): Promise<Following> {
  const before = [owner.cost(), follower.cost()] as const;
  let isOver = false;
  const looking = lags(owner.grpc, follower.grpc, () => isOver);
  const { accepted, seconds } = await publish();
  isOver = true;
  const found = await looking;
  const [ownerCost, followerCost] = [owner.cost(), follower.cost()];
  return {
    eventsPerSecond: accepted / seconds,
    lagMillis: percentilesOf(found.map(([lag]) => lag)),
    ownerMillis: percentilesOf(found.map(([, own]) => own)),
    looks: found.length,
    ownerCpuShare: (ownerCost.cpuSeconds - before[0].cpuSeconds) / seconds,
    followerCpuShare: (followerCost.cpuSeconds - before[1].cpuSeconds) / seconds,
    followerDeniedShare: (followerCost.deniedSeconds - before[1].deniedSeconds) / seconds,
  };
}

/** Pairs of milliseconds: of the follower, and of the owner. */
async function lags(owner: string, follower: string, isOver: () => boolean): Promise<(readonly [number, number])[]> {
  const ingest = createGrpcClient(IngestService, owner);
  const [there, own] = [follower, owner].map((address) => createGrpcClient(RecommendationService, address)) as [
    GrpcClient<typeof RecommendationService>,
    GrpcClient<typeof RecommendationService>,
  ];
  const asked = async ({ call }: typeof own, minSequence: bigint) => {
    const from = performance.now();
    await call.getStateStatus({ minSequence, omitDigest: true });
    return performance.now() - from;
  };
  const found: (readonly [number, number])[] = [];
  try {
    while (!isOver()) {
      const { lastSequence } = await ingest.call.getJournalStatus({});
      found.push(await Promise.all([asked(there, lastSequence), asked(own, lastSequence)]));
      await sleep(lookMillis);
    }
    return found;
  } finally {
    for (const client of [ingest, there, own]) client.close();
  }
}

type Measured = Awaited<ReturnType<typeof follow>>;

function reportOf(plan: Plan, caughtUp: CatchUp, { quiet, busy, load }: Measured): Report {
  const perSecond = Math.round(caughtUp.events / caughtUp.seconds);
  const perCpuSecond = Math.round(caughtUp.events / caughtUp.cpuSeconds);
  const latencyMillis = percentilesOf(load.latencies);
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  const millis = ({ p50, p90, p99, max }: Percentiles) => [p50, p90, p99, max].map((value) => value.toFixed(1));
  const row = (name: string, one: Following) => [
    name,
    grouped(Math.round(one.eventsPerSecond)),
    ...millis(one.lagMillis),
    ...[one.ownerMillis.p50, one.ownerMillis.p99].map((value) => value.toFixed(1)),
    ...[one.ownerCpuShare, one.followerCpuShare, one.followerDeniedShare].map(percent),
  ];
  return {
    tables: [
      {
        titles: ['a late follower', 'events', 'seconds', 'events/s', 'a CPU-s'],
        rows: [
          ['takes', grouped(caughtUp.events), caughtUp.seconds.toFixed(2), grouped(perSecond), grouped(perCpuSecond)],
        ],
      },
      {
        titles: [
          'lag',
          'events/s',
          'p50 ms',
          'p90',
          'p99',
          'max',
          'owner p50',
          'p99',
          'owner CPU',
          'follower CPU',
          'denied',
        ],
        rows: [row('no requests', quiet), row(`${grouped(plan.perSecond)} requests/s`, busy)],
      },
      {
        titles: ['Recommend on it', 'p50 ms', 'p90', 'p99', 'max', 'errors', 'empty'],
        rows: [['meanwhile', ...millis(latencyMillis), String(load.errors), String(load.empty)]],
      },
    ],
    notes: [
      'Lag: from when the owner has said that an event is durable until the follower answers with it in its state; beside it the same question to the owner.',
      'A late follower: from its start until it serves, less what a follower of an empty journal takes.',
      'Owner, follower, publisher and load share the cores.',
    ],
    figures: { ...plan, caughtUp: { ...caughtUp, perSecond, perCpuSecond }, quiet, busy, latencyMillis },
  };
}
