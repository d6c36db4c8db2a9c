/** How fast a server is back: it starts on a folder that holds a journal, and folds it again. */

import { RecommendationService } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { grouped } from '../src/commands/progress-bar.ts';
import { createGrpcClient } from '../src/rpc/client/grpc-client.ts';
import { type BenchContext, type Benchmark, countOf, serverOptions, textOf } from './benchmark.ts';
import { profileTable } from './cpu-profile.ts';
import { startMeasured } from './measured-server.ts';
import { startPublisher } from './publisher.ts';
import type { Report } from './report.ts';

export const replay: Benchmark = {
  name: 'replay',
  summary: 'Start of a server on a full journal: events folded a second, memory, and whether the digest is the same',
  options: {
    events: { type: 'string', description: 'Events in the journal. Default: 500000.' },
    ...serverOptions,
  },
  run,
};

interface Standing {
  readonly startSeconds: number;
  readonly startCpuSeconds: number;
  readonly residentBytes: number;
  readonly digest: string;
}

async function run(context: BenchContext): Promise<Report> {
  const events = countOf(context.values, 'events', 500_000);
  context.progress(`writing a journal of ${grouped(events)} events`);
  const empty = await fill(context, events);
  context.progress('starting on it');
  const server = await startMeasured({
    folder: context.folder,
    args: withoutSnapshots,
    profileFolder: textOf(context.values, 'profile'),
  });
  const full = await standing(server, server.startSeconds);
  const { functions } = await server.stop();
  const replaySeconds = Math.max(full.startSeconds - empty.startSeconds, 0.001);
  const cpuSeconds = full.startCpuSeconds - empty.startCpuSeconds;
  const figures = {
    events,
    emptyStartSeconds: empty.startSeconds,
    fullStartSeconds: full.startSeconds,
    eventsPerSecond: events / replaySeconds,
    eventsPerServerCpuSecond: events / cpuSeconds,
    residentBytesPerMillionEvents: ((full.residentBytes - empty.residentBytes) / events) * 1e6,
    residentBytesAfterIngest: empty.residentAfterIngest,
    residentBytesAfterReplay: full.residentBytes,
    isDigestEqual: empty.digestAfterIngest === full.digest,
  };
  const report = reportOf(figures);
  return functions.length === 0 ? report : { ...report, tables: [...report.tables, profileTable(functions)] };
}

/** A longer journal would have one, and the start would go by that. */
const withoutSnapshots = ['--set', 'recommendation.snapshots.everyEvents=0'];

/** A server on an empty folder takes the events in. What it was before, and what it knew after. */
async function fill({ folder }: BenchContext, events: number) {
  const publisher = startPublisher();
  try {
    await publisher.prepare({ seed: 1, startMicros: (Date.now() - 3_600_000) * 1_000 }, events);
    const server = await startMeasured({ folder, args: withoutSnapshots });
    const before = await standing(server, server.startSeconds);
    await publisher.publish({ address: server.grpc, streams: 1, batchEvents: 1_000, from: 0, events });
    const after = await standing(server, server.startSeconds);
    await server.stop();
    return { ...before, digestAfterIngest: after.digest, residentAfterIngest: after.residentBytes };
  } finally {
    publisher.stop();
  }
}

async function standing(
  server: { grpc: string; cost(): { cpuSeconds: number; residentBytes: number } },
  startSeconds: number,
): Promise<Standing> {
  const { cpuSeconds, residentBytes } = server.cost();
  const { call, close } = createGrpcClient(RecommendationService, server.grpc);
  try {
    const { digest } = await call.getStateStatus({ liveDigest: true });
    return { startSeconds, startCpuSeconds: cpuSeconds, residentBytes, digest };
  } finally {
    close();
  }
}

interface ReplayFigures {
  readonly events: number;
  readonly emptyStartSeconds: number;
  readonly fullStartSeconds: number;
  readonly eventsPerSecond: number;
  readonly eventsPerServerCpuSecond: number;
  readonly residentBytesPerMillionEvents: number;
  readonly residentBytesAfterIngest: number;
  readonly residentBytesAfterReplay: number;
  readonly isDigestEqual: boolean;
}

function reportOf(figures: ReplayFigures): Report {
  const mebibytes = (bytes: number) => grouped(bytes / 1_048_576);
  const rows = [
    ['events in the journal', grouped(figures.events)],
    ['start on an empty folder, s', figures.emptyStartSeconds.toFixed(2)],
    ['start on the journal, s', figures.fullStartSeconds.toFixed(2)],
    ['replayed events/s', grouped(figures.eventsPerSecond)],
    ['replayed events a server CPU-s', grouped(figures.eventsPerServerCpuSecond)],
    ['resident memory after ingest, MiB', mebibytes(figures.residentBytesAfterIngest)],
    ['resident memory after replay, MiB', mebibytes(figures.residentBytesAfterReplay)],
    ['… a million events, MiB', mebibytes(figures.residentBytesPerMillionEvents)],
    ['digest as before the restart', figures.isDigestEqual ? 'yes' : 'NO'],
  ];
  return {
    tables: [{ titles: ['what', 'figure'], rows }],
    notes: [
      'Replay is what the start takes longer than on an empty folder: duplicates recalled, events decoded and folded.',
      'The budget (design.md): 500,000 events/s, aim 1,000,000.',
    ],
    figures,
  };
}
