/** How quick recommendations are, while events come in and alone. */

import { grouped } from '../src/commands/progress-bar.ts';
import { type BenchContext, type Benchmark, countOf, serverOptions, textOf } from './benchmark.ts';
import { profileTable } from './cpu-profile.ts';
import { closedLoop, type LoadResult, openLoop } from './load/open-loop.ts';
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

interface RecommendCase {
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly eventsPerSecond: number;
  readonly latencyMillis: Percentiles;
  /** The same from the moment of sending: without what the load itself was late. */
  readonly sinceSentMillis: Percentiles;
  /** How late the load itself was. */
  readonly latenessMillis: Percentiles;
  readonly errors: number;
  readonly empty: number;
  /** Of one core. */
  readonly serverCpuShare: number;
  /** Of the wall time: the server was ready, and another program had the core. */
  readonly deniedShare: number;
  /** The same of the load's own process. */
  readonly loadCpuShare: number;
  readonly loadDeniedShare: number;
  /** Of the process that publishes the events. */
  readonly publisherCpuShare: number;
}

const concurrency = 32;

export const recommend: Benchmark = {
  name: 'recommend',
  summary: 'Latency of Recommend at a fixed pace while events come in (open loop), at rest, and at its fastest',
  options: {
    rate: { type: 'string', description: 'Requests a second. Default: 1000.' },
    events: { type: 'string', description: 'Events a second that come in meanwhile. Default: 20000.' },
    seconds: { type: 'string', description: 'How long each part takes. Default: 15.' },
    preload: { type: 'string', description: 'Events in the state beforehand. Default: 300000.' },
    snapshots: {
      type: 'string',
      description: 'Write a snapshot every so many seconds. Default: by the number of events.',
    },
    ...serverOptions,
  },
  run,
};

async function run(context: BenchContext): Promise<Report> {
  const { values, progress, folder } = context;
  const plan: Plan = {
    perSecond: countOf(values, 'rate', 1_000),
    eventsPerSecond: countOf(values, 'events', 20_000),
    seconds: countOf(values, 'seconds', 15),
    preload: countOf(values, 'preload', 300_000),
  };
  const publisher = startPublisher();
  try {
    const events = plan.preload + plan.eventsPerSecond * plan.seconds;
    progress(`encoding ${grouped(events)} events`);
    await publisher.prepare({ seed: 1, startMicros: (Date.now() - 3_600_000) * 1_000 }, events);
    const every = values['snapshots'] === undefined ? 0 : countOf(values, 'snapshots', 1);
    const args = every === 0 ? [] : ['--set', `recommendation.snapshots.every=${every}s`];
    const server = await startMeasured({ folder, args, profileFolder: textOf(values, 'profile') });
    progress(`loading ${grouped(plan.preload)} of them`);
    await publisher.publish({ address: server.grpc, streams: 1, batchEvents: 500, from: 0, events: plan.preload });
    const cases = await measure(server, publisher, plan, progress);
    const { functions } = await server.stop();
    const report = reportOf(plan, cases);
    return functions.length === 0 ? report : { ...report, tables: [...report.tables, profileTable(functions)] };
  } finally {
    publisher.stop();
  }
}

async function measure(
  server: MeasuredServer,
  publisher: Publisher,
  plan: Plan,
  progress: BenchContext['progress'],
): Promise<RecommendCase[]> {
  const { perSecond, eventsPerSecond, seconds, preload } = plan;
  const load = await connectRecommendLoad(server.grpc, 2);
  const pace = { perSecond, moments: perSecond * seconds };
  try {
    await closedLoop(load, { concurrency, seconds: 2 });
    progress(`${grouped(perSecond)} requests/s at rest`);
    const atRest = await timed(server, () => openLoop(load, pace));
    progress(`${grouped(perSecond)} requests/s while ${grouped(eventsPerSecond)} events/s come in`);
    const order = {
      address: server.grpc,
      streams: 1,
      batchEvents: 200,
      from: preload,
      events: eventsPerSecond * seconds,
    };
    const [busy, published] = await Promise.all([
      timed(server, () => openLoop(load, pace)),
      publisher.publish({ ...order, eventsPerSecond }),
    ]);
    progress(`as fast as it goes, ${concurrency} at a time`);
    const fastest = await timed(server, () => closedLoop(load, { concurrency, seconds: Math.min(seconds, 5) }));
    return [
      caseOf('open loop, at rest', atRest, 0),
      caseOf('open loop, events coming in', busy, order.events / published.seconds, published.clientCpuSeconds),
      caseOf(`closed loop, ${concurrency} at a time`, fastest, 0),
    ];
  } finally {
    load.close();
  }
}

type Timed = LoadResult & Pick<RecommendCase, 'serverCpuShare'> & { readonly serverDeniedShare: number };

async function timed(server: MeasuredServer, load: () => Promise<LoadResult>): Promise<Timed> {
  const before = server.cost();
  const result = await load();
  const after = server.cost();
  return {
    ...result,
    serverCpuShare: (after.cpuSeconds - before.cpuSeconds) / result.seconds,
    serverDeniedShare: (after.deniedSeconds - before.deniedSeconds) / result.seconds,
  };
}

function caseOf(name: string, load: Timed, eventsPerSecond: number, publisherCpuSeconds = 0): RecommendCase {
  return {
    name,
    requestsPerSecond: load.latencies.length / load.seconds,
    eventsPerSecond,
    latencyMillis: percentilesOf(load.latencies),
    sinceSentMillis: percentilesOf(load.sinceSent),
    latenessMillis: percentilesOf(load.lateness),
    errors: load.errors,
    empty: load.empty,
    serverCpuShare: load.serverCpuShare,
    deniedShare: load.serverDeniedShare,
    loadCpuShare: load.cpuShare,
    loadDeniedShare: load.deniedShare,
    publisherCpuShare: publisherCpuSeconds / load.seconds,
  };
}

const shownPercentiles = ['p50', 'p90', 'p99', 'p999'] as const;

function reportOf(plan: Plan, cases: readonly RecommendCase[]): Report {
  const rows = cases.map((one) => [
    one.name,
    grouped(one.requestsPerSecond),
    grouped(one.eventsPerSecond),
    ...shownPercentiles.map((name) => one.latencyMillis[name].toFixed(2)),
    ...(['p50', 'p99'] as const).map((name) => one.sinceSentMillis[name].toFixed(2)),
    ...(['p50', 'p99'] as const).map((name) => one.latenessMillis[name].toFixed(2)),
    String(one.errors),
    String(one.empty),
    ...[one.serverCpuShare, one.deniedShare, one.loadCpuShare, one.loadDeniedShare, one.publisherCpuShare].map(percent),
  ]);
  const titles = [
    'load',
    'requests/s',
    'events/s',
    'p50 ms',
    'p90',
    'p99',
    'p99.9',
    'since sent p50',
    'p99',
    'sent late p50',
    'p99',
    'errors',
    'empty',
    'server CPU',
    'denied',
    'load CPU',
    'denied',
    'publisher CPU',
  ];
  return {
    tables: [{ titles, rows }],
    notes: [
      `${grouped(plan.preload)} events in the state beforehand; home and item, 20 items, 1 to 5 recent items each.`,
      'Open loop: latency counts from the moment at which the request was due. Of that, “sent late” is the load’s own doing; “since sent” is without it.',
      'Denied: time in which server or load was ready and another program had the core. Beyond a few percent the run is noisy.',
      'The budget (design.md), events coming in: p99 < 10 ms; aim p90 < 2 ms, p99 < 5 ms.',
    ],
    figures: { ...plan, cases },
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
