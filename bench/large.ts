/**
 * A shop's whole history: millions of made-up events in a journal, and what a server needs to be back on it, with and
 * without a snapshot. The journal is written straight, without a server.
 */

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RecommendationService } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { grouped } from '../src/commands/progress-bar.ts';
import { PalateError } from '../src/errors.ts';
import type { Journal } from '../src/journal/journal.ts';
import { openJournal } from '../src/journal/open-journal.ts';
import { createGrpcClient } from '../src/rpc/client/grpc-client.ts';
import { type BenchContext, type Benchmark, countOf, serverOptions, textOf } from './benchmark.ts';
import { profileTable } from './cpu-profile.ts';
import { startMeasured } from './measured-server.ts';
import type { Report } from './report.ts';
import type { ProbeReadings, ProbeSample } from './server-probe.ts';
import { createWorkload } from './workload.ts';

export const large: Benchmark = {
  name: 'large',
  summary: 'Ten million events: journal on disk, start by replay and from a snapshot, memory, and the digest',
  options: {
    events: { type: 'string', description: 'How many. Default: 10000000.' },
    keep: {
      type: 'string',
      description: 'Folder: write the journal there and leave it, or use the one that is there.',
    },
    ...serverOptions,
  },
  run,
};

interface JournalFigures {
  readonly bytes: number;
  readonly segments: number;
  /** 0: it was there. */
  readonly writeSeconds: number;
}

interface Standing {
  readonly startSeconds: number;
  readonly cpuSeconds: number;
  /** Of the start, ready to run while another program had the core. */
  readonly deniedSeconds: number;
  readonly residentBytes: number;
  /** Of the probe's last sample. */
  readonly memory: ProbeSample | undefined;
  /** Of the state that served. */
  readonly served: ProbeReadings['served'];
  readonly items: number;
  readonly people: number;
  readonly sessions: number;
}

interface SnapshotFigures {
  readonly bytes: number;
  readonly writeSeconds: number;
  readonly foldSeconds: number;
  readonly digests: Readonly<Record<string, string>>;
}

interface LargeFigures {
  readonly events: number;
  readonly journal: JournalFigures;
  readonly empty: Standing;
  readonly replayed: Standing;
  readonly snapshot: SnapshotFigures;
  readonly restored: Standing;
}

async function run(context: BenchContext): Promise<Report> {
  const { values, progress } = context;
  const events = countOf(values, 'events', 10_000_000);
  const folder = textOf(values, 'keep') ?? context.folder;
  progress('starting on an empty folder');
  const journalFolder = join(folder, 'data', 'journal');
  // A journal of its own making tells a server that nobody is being erased: of another one it would read every record to find out.
  const emptyFolder = existsSync(journalFolder) ? join(context.folder, 'empty') : folder;
  mkdirSync(emptyFolder, { recursive: true });
  const { standing: empty } = await startOn(emptyFolder, []);
  const journal = await fill(journalFolder, events, progress);
  progress('starting on the journal, without a snapshot');
  const profileFolder = textOf(values, 'profile');
  const withoutSnapshots = ['--set', 'recommendation.snapshots.everyEvents=0'];
  const { standing: replayed, functions } = await startOn(folder, withoutSnapshots, profileFolder);
  progress(`${replayed.startSeconds.toFixed(1)} s; writing a snapshot`);
  const snapshot = await writeSnapshot(folder);
  progress('starting from the snapshot');
  const { standing: restored } = await startOn(folder, []);
  const report = reportOf({ events, journal, empty, replayed, snapshot, restored });
  return functions.length === 0 ? report : { ...report, tables: [...report.tables, profileTable(functions)] };
}

const batchEvents = 1_000;
/** Batches that wait for the disk at a time: memory stays bounded. */
const batchesUnderWay = 32;

/** Writes what is missing of a journal with so many events. Throws USAGE where there are others. */
async function fill(folder: string, events: number, progress: BenchContext['progress']): Promise<JournalFigures> {
  mkdirSync(folder, { recursive: true });
  const journal = await openJournal({ folder, durability: 'os' });
  try {
    const found = journal.status().lastSequence;
    if (found !== 0 && found !== events) {
      throw new PalateError('USAGE', `the journal in ${folder} has ${found} events, not ${events}`);
    }
    const startedAt = performance.now();
    if (found === 0) await write(journal, events, progress);
    const writeSeconds = found === 0 ? (performance.now() - startedAt) / 1_000 : 0;
    const { bytes, segments } = journal.status();
    return { bytes, segments, writeSeconds };
  } finally {
    await journal.close();
  }
}

async function write(journal: Journal, events: number, progress: BenchContext['progress']): Promise<void> {
  // Event time goes as fast as it would with 1,000 events a second, and ends with now.
  const stepMicros = 1_000;
  const startMicros = Date.now() * 1_000 - events * stepMicros;
  const workload = createWorkload({ seed: 1, startMicros, stepMicros });
  const trace = new Uint8Array(0);
  let nextProgress = events / 10;
  for (let written = 0; written < events; ) {
    let last = 0;
    for (let batch = 0; batch < batchesUnderWay && written < events; batch++) {
      const count = Math.min(batchEvents, events - written);
      const made = Array.from({ length: count }, () => workload.nextBytes());
      last = journal.append({ tenant: '', trace, events: made }).lastSequence;
      written += count;
    }
    await journal.durable(last);
    if (written < nextProgress) continue;
    progress(`${grouped(written)} events written`);
    nextProgress += events / 10;
  }
}

async function startOn(folder: string, args: readonly string[], profileFolder?: string) {
  const server = await startMeasured({ folder, args, isSampled: true, isDigested: true, profileFolder });
  const { cpuSeconds, deniedSeconds, residentBytes } = server.cost();
  const { call, close } = createGrpcClient(RecommendationService, server.grpc, { timeoutMillis: 300_000 });
  try {
    const memory = await nextSample(() => server.samples());
    const { items, people, sessions } = await call.getStateStatus({ omitDigest: true });
    const { startSeconds } = server;
    const counts = { items: Number(items), people: Number(people), sessions: Number(sessions) };
    const { probe, functions } = await server.stop();
    const standing: Standing = {
      startSeconds,
      cpuSeconds,
      deniedSeconds,
      residentBytes,
      memory,
      served: probe.served,
      ...counts,
    };
    return { standing, functions };
  } finally {
    close();
  }
}

/** The first sample after the start: the one that the probe writes next. */
async function nextSample(read: () => readonly ProbeSample[]): Promise<ProbeSample | undefined> {
  const before = read().length;
  for (let tries = 0; tries < 50 && read().length === before; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return read().at(-1);
}

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

async function writeSnapshot(folder: string): Promise<SnapshotFigures> {
  const args = [main, 'snapshot', '--data', join(folder, 'data'), '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 });
  return JSON.parse(stdout) as SnapshotFigures;
}

function reportOf(figures: LargeFigures): Report {
  const { events, journal, empty, replayed, snapshot, restored } = figures;
  const replaySeconds = Math.max(0.001, replayed.startSeconds - empty.startSeconds);
  const digests = [replayed.served?.digest, restored.served?.digest, snapshot.digests['']];
  const isDigestEqual = digests[0] !== undefined && digests.every((digest) => digest === digests[0]);
  const rows = [
    ['events', grouped(events)],
    ['journal, bytes an event', (journal.bytes / events).toFixed(1)],
    ['journal, MiB', `${mebibytes(journal.bytes)} in ${journal.segments} segments`],
    ['written without a server, events/s', journal.writeSeconds === 0 ? '' : grouped(events / journal.writeSeconds)],
    ['items, people, sessions', [replayed.items, replayed.people, replayed.sessions].map(grouped).join(', ')],
    ['start on an empty folder, s', startOf(empty)],
    ['start by replay, s', startOf(replayed)],
    ['replayed events/s', grouped(events / replaySeconds)],
    ['replayed events a server CPU-s', grouped(events / Math.max(0.001, replayed.cpuSeconds - empty.cpuSeconds))],
    ['snapshot, MiB', mebibytes(snapshot.bytes)],
    ['… bytes an event', (snapshot.bytes / events).toFixed(1)],
    ['… written in, s', snapshot.writeSeconds.toFixed(2)],
    ['start from the snapshot, s', startOf(restored)],
    ['… after a fold outside a server of, s', snapshot.foldSeconds.toFixed(2)],
    ['digest: replayed = restored = folded outside', isDigestEqual ? 'yes' : 'NO'],
  ];
  const memory = memoryRows(figures);
  return {
    tables: [{ titles: ['what', 'figure'], rows }, memory],
    notes: [
      '33 event types, Zipf items, 2,000 sessions at a time, 1,000 events a second of event time, one tenant.',
      'A start takes from the process to the first answer: the duplicates of the last million events are recalled in it.',
      'The budget (issue 3): start from a snapshot under 15 s; replay (design.md) 500,000 events/s, aim 1,000,000.',
    ],
    figures,
    failures: isDigestEqual
      ? []
      : ['the digests of the replayed state, the restored one and the one folded outside differ'],
  };
}

function startOf({ startSeconds, cpuSeconds, deniedSeconds }: Standing): string {
  const parts = `${cpuSeconds.toFixed(1)} of CPU, ${deniedSeconds.toFixed(1)} denied`;
  return `${startSeconds.toFixed(2)} (${parts})`;
}

/** Resident memory and its parts, for a server that holds nothing and after both starts. */
function memoryRows({ events, empty, replayed, restored }: LargeFigures) {
  const parts: readonly (readonly [string, (one: Standing) => number])[] = [
    ['resident', ({ residentBytes }) => residentBytes],
    ['V8 heap in use', ({ memory }) => memory?.heapUsedBytes ?? 0],
    ['V8 heap reserved', ({ memory }) => memory?.heapTotalBytes ?? 0],
    ['typed arrays and buffers', ({ memory }) => memory?.arrayBufferBytes ?? 0],
  ];
  return {
    titles: ['memory, MiB', 'empty', 'after replay', 'from snapshot', 'replay, a million events'],
    rows: parts.map(([name, of]) => [
      name,
      ...[empty, replayed, restored].map((one) => mebibytes(of(one))),
      (((of(replayed) - of(empty)) / 1_048_576 / events) * 1e6).toFixed(1),
    ]),
  };
}

function mebibytes(bytes: number): string {
  return grouped(bytes / 1_048_576);
}
