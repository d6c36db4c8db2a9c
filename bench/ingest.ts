/** How fast events become durable and applied over `PublishStream`. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { grouped } from '../src/commands/progress-bar.ts';
import { type BenchContext, type Benchmark, countOf, countsOf, serverOptions, textOf } from './benchmark.ts';
import { type FunctionCost, profileTable } from './cpu-profile.ts';
import { startMeasured } from './measured-server.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import { type Publisher, startPublisher } from './publisher.ts';
import type { Report } from './report.ts';

/** One size of batch over one number of streams, against a fresh server. */
interface IngestCase {
  readonly batchEvents: number;
  readonly streams: number;
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly eventsPerServerCpuSecond: number;
  readonly clientCpuShare: number;
  readonly ackMillis: Percentiles;
  readonly loopDelayP99Millis: number;
  /** Of the wall time: the garbage collector, and waiting for a core that another program had. */
  readonly collectionShare: number;
  readonly deniedShare: number;
}

/** So many messages are enough for a figure, however small they are. */
const maxMessages = 20_000;
const warmUpShare = 0.2;

export const ingest: Benchmark = {
  name: 'ingest',
  summary: 'Durable and applied events a second over PublishStream, all types mixed, by batch size and streams',
  options: {
    events: { type: 'string', description: 'Events of a case, a fifth more to warm up. Default: 500000.' },
    batches: { type: 'string', description: 'Events a message: a list. Default: 1,10,200,1000.' },
    streams: { type: 'string', description: 'Streams at a time: a list. Default: 1,8.' },
    'in-flight': { type: 'string', description: 'Batches of a stream that wait for an acknowledgement. Default: 64.' },
    durability: { type: 'string', description: 'disk (default) or os.' },
    roles: { type: 'string', description: 'Of the server. Default: all. With ingest alone nothing is folded.' },
    ...serverOptions,
  },
  run,
};

async function run(context: BenchContext): Promise<Report> {
  const { values, progress } = context;
  const events = countOf(values, 'events', 500_000);
  const publisher = startPublisher();
  try {
    const prepared = Math.ceil(events * (1 + warmUpShare));
    progress(`encoding ${grouped(prepared)} events`);
    const bytes = await publisher.prepare({ seed: 1, startMicros: (Date.now() - 3_600_000) * 1_000 }, prepared);
    const cases: IngestCase[] = [];
    const functions: FunctionCost[][] = [];
    for (const batchEvents of countsOf(values, 'batches', [1, 10, 200, 1_000])) {
      for (const streams of countsOf(values, 'streams', [1, 8])) {
        const outcome = await runCase(context, publisher, { batchEvents, streams, events });
        cases.push(outcome.figures);
        functions.push([...outcome.functions]);
        const { eventsPerSecond } = outcome.figures;
        progress(`${batchEvents} a message, ${streams} streams: ${grouped(eventsPerSecond)} events/s`);
      }
    }
    return reportOf(cases, functions, bytes / prepared);
  } finally {
    publisher.stop();
  }
}

function serverArguments(values: BenchContext['values']): string[] {
  const roles = textOf(values, 'roles');
  const durability = ['--set', `journal.durability=${textOf(values, 'durability') ?? 'disk'}`];
  return roles === undefined ? durability : [...durability, '--roles', roles];
}

async function runCase(
  { values, folder }: BenchContext,
  publisher: Publisher,
  { batchEvents, streams, events }: { batchEvents: number; streams: number; events: number },
) {
  const server = await startMeasured({
    folder,
    args: serverArguments(values),
    profileFolder: textOf(values, 'profile'),
  });
  const counted = Math.min(events, maxMessages * batchEvents);
  const warmUp = Math.ceil(counted * warmUpShare);
  const order = { address: server.grpc, streams, batchEvents, maxInFlight: countOf(values, 'in-flight', 64) };
  await publisher.publish({ ...order, from: 0, events: warmUp });
  server.resetProbe();
  const before = server.cost();
  const result = await publisher.publish({ ...order, from: warmUp, events: counted });
  const after = server.cost();
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  const { probe, functions } = await server.stop();
  rmSync(join(folder, 'data'), { recursive: true });
  const figures: IngestCase = {
    batchEvents,
    streams,
    events: counted,
    eventsPerSecond: counted / result.seconds,
    eventsPerServerCpuSecond: counted / cpuSeconds,
    clientCpuShare: result.clientCpuSeconds / result.seconds,
    ackMillis: percentilesOf(result.ackMillis),
    loopDelayP99Millis: probe.loopDelayMillis.p99,
    collectionShare: probe.collectionMillis / 1_000 / result.seconds,
    deniedShare: (after.deniedSeconds - before.deniedSeconds) / result.seconds,
  };
  return { figures, functions };
}

function reportOf(cases: readonly IngestCase[], functions: readonly FunctionCost[][], bytesPerEvent: number): Report {
  const rows = cases.map((one) => [
    grouped(one.batchEvents),
    String(one.streams),
    grouped(one.events),
    grouped(one.eventsPerSecond),
    grouped(one.eventsPerServerCpuSecond),
    one.ackMillis.p50.toFixed(1),
    one.ackMillis.p99.toFixed(1),
    one.loopDelayP99Millis.toFixed(1),
    percent(one.collectionShare),
    percent(one.clientCpuShare),
    percent(one.deniedShare),
  ]);
  const titles = [
    'events a message',
    'streams',
    'events',
    'events/s',
    'a server CPU-s',
    'ack p50 ms',
    'p99 ms',
    'loop p99 ms',
    'collector',
    'client CPU',
    'denied',
  ];
  const profiles = functions.filter((list) => list.length > 0).map((list) => profileTable(list));
  return {
    tables: [{ titles, rows }, ...profiles],
    notes: [
      `33 event types mixed, ${bytesPerEvent.toFixed(0)} bytes an event on average with its frame; a fresh server for each line.`,
      'Each batch is durable (fdatasync) and folded before it is acknowledged.',
      'Denied: time in which the server was ready and another program had the core. Beyond a few percent the run is noisy.',
      'The budget (design.md): 150,000 events/s, aim 400,000, in batches of 200.',
    ],
    figures: { bytesPerEvent, cases },
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
