/** What it costs to be answered by another process, to speak TLS, and to show a token: beside a plain call, in one run. */

import { create, toBinary } from '@bufbuild/protobuf';
import { IngestService } from '../gen/palate/ingest/v1/ingest_pb.ts';
import { RecommendRequestSchema } from '../gen/palate/recommendation/v1/recommendation_pb.ts';
import { createGrpcClient } from '../src/rpc/client/grpc-client.ts';
import { type BenchContext, type Benchmark, countOf } from './benchmark.ts';
import { connectGrpcCaller } from './load/grpc-caller.ts';
import { closedLoop } from './load/open-loop.ts';
import { type Side, startSides } from './mesh/sides.ts';
import { medianOf, percentilesOf } from './percentiles.ts';
import { recommendPath } from './recommend-load.ts';
import type { Report } from './report.ts';

export const mesh: Benchmark = {
  name: 'mesh',
  summary: 'What one more process on the way, TLS and a token add to a call, as ratios in one run',
  options: {
    rounds: { type: 'string', description: 'Rounds of all ways, in turn; the median counts. Default: 5.' },
    seconds: { type: 'string', description: 'How long each part of a round takes. Default: 2.' },
  },
  run,
};

const manyAtATime = 32;

interface Round {
  readonly p50: number;
  readonly p99: number;
  readonly callsPerSecond: number;
  readonly cpuMicrosACall: number;
  readonly errors: number;
}

async function run({ values, progress, folder }: BenchContext): Promise<Report> {
  const rounds = countOf(values, 'rounds', 5);
  const seconds = countOf(values, 'seconds', 2);
  progress('starting the processes');
  const sides = await startSides(folder);
  for (const side of sides) await fill(side);
  const measured = sides.map((): Round[] => []);
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, side] of sides.entries()) {
      progress(`round ${round} of ${rounds}: ${side.name}`);
      const one = await measure(side, seconds);
      if (round > 0) measured[index]!.push(one);
    }
  }
  for (const server of new Set(sides.flatMap(({ servers }) => servers))) await server.stop();
  return reportOf(sides, measured, rounds, seconds);
}

/** The same events everywhere: enough for an answer of twenty items. */
async function fill({ address, token, caFile }: Side): Promise<void> {
  const connection = {
    ...(token === undefined ? {} : { token }),
    ...(caFile === undefined ? {} : { tls: true, caFile }),
  };
  const client = createGrpcClient(IngestService, address, { connection });
  const events = Array.from({ length: 2_000 }, (_, index) => ({
    eventId: `01900000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    visitorId: `visitor-${index % 200}`,
    sessionId: `session-${index % 400}`,
    payload: { case: 'itemViewed', value: { itemId: `item-${(index * 7919) % 150}` } } as const,
  }));
  await client.call.publish({ events });
  client.close();
}

async function measure({ address, headers, ca, servers }: Side, seconds: number): Promise<Round> {
  const caller = await connectGrpcCaller(address, recommendPath, { headers, ca, readsStatus: true });
  const request = { placement: 'home', recentItemIds: ['item-1', 'item-2', 'item-3'], limit: 20 };
  const prepared = caller.prepare(toBinary(RecommendRequestSchema, create(RecommendRequestSchema, request)));
  const load = {
    next: (answered: Parameters<typeof caller.call>[1]) => caller.call(prepared, answered),
    isEmpty: (answer: Buffer) => answer.length === 0,
  };
  const cpuSeconds = () => servers.reduce((sum, server) => sum + server.cost().cpuSeconds, 0);
  try {
    const one = await closedLoop(load, { concurrency: 1, seconds });
    const before = cpuSeconds();
    const many = await closedLoop(load, { concurrency: manyAtATime, seconds });
    const calls = many.latencies.length;
    const { p50, p99 } = percentilesOf(one.latencies);
    return {
      p50,
      p99,
      callsPerSecond: calls / many.seconds,
      cpuMicrosACall: ((cpuSeconds() - before) / calls) * 1e6,
      errors: one.errors + many.errors,
    };
  } finally {
    caller.close();
  }
}

function reportOf(sides: readonly Side[], measured: readonly Round[][], rounds: number, seconds: number): Report {
  const figures = sides.map(({ name }, index) => figuresOf(name, measured[index]!, measured[0]!));
  const rows = figures.map((each) => [
    each.name,
    each.p50Millis.toFixed(2),
    each.p99Millis.toFixed(2),
    each.addedP50Millis.toFixed(2),
    Math.round(each.callsPerSecond).toLocaleString('en'),
    each.cpuMicrosACall.toFixed(0),
    each.cpuOfStraight.toFixed(2),
    String(each.errors),
  ]);
  const titles = ['way', 'p50 ms', 'p99', 'added p50', 'calls/s', 'CPU µs a call', 'of straight', 'errors'];
  return {
    tables: [{ titles, rows }],
    notes: [
      `Recommend of 20 items over one connection; p50 and p99 with one call at a time, the rest with ${manyAtATime}.`,
      'CPU is that of all processes on the way; medians of the rounds, and ratios within each round.',
    ],
    figures: { rounds, seconds, sides: figures },
    failures: figures.filter(({ errors }) => errors > 0).map(({ name, errors }) => `${name}: ${errors} calls failed`),
  };
}

function figuresOf(name: string, own: readonly Round[], straight: readonly Round[]) {
  const median = (value: (round: Round, index: number) => number) => medianOf(own.map(value));
  return {
    name,
    p50Millis: median(({ p50 }) => p50),
    p99Millis: median(({ p99 }) => p99),
    addedP50Millis: median(({ p50 }, index) => p50 - straight[index]!.p50),
    callsPerSecond: median(({ callsPerSecond }) => callsPerSecond),
    cpuMicrosACall: median(({ cpuMicrosACall }) => cpuMicrosACall),
    cpuOfStraight: median(({ cpuMicrosACall }, index) => cpuMicrosACall / straight[index]!.cpuMicrosACall),
    errors: own.reduce((sum, { errors }) => sum + errors, 0),
  };
}
