/** What it costs to be answered by another process, to speak TLS and to show a token: beside a plain call, in one run. */

import { type BenchContext, type Benchmark, countOf, textOf } from './benchmark.ts';
import { connectGrpcCaller } from './load/grpc-caller.ts';
import { closedLoop } from './load/open-loop.ts';
import { fill, recommendRequest } from './mesh/fill.ts';
import { type Side, startSides } from './mesh/sides.ts';
import { medianOf, percentilesOf } from './percentiles.ts';
import { recommendPath } from './recommend-load.ts';
import type { Report } from './report.ts';

export const mesh: Benchmark = {
  name: 'mesh',
  summary: 'What one more process on the way, TLS and a token add to a call, as ratios in one run',
  options: {
    starts: { type: 'string', description: 'How often all processes are started: two starts differ. Default: 1.' },
    rounds: { type: 'string', description: 'Rounds of all ways a start, in turn; the median counts. Default: 5.' },
    millis: { type: 'string', description: 'How long each part of a round takes, in milliseconds. Default: 2000.' },
    only: { type: 'string', description: 'Words: only the ways whose name has one of them, beside straight.' },
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
  const starts = countOf(values, 'starts', 1);
  const rounds = countOf(values, 'rounds', 5);
  const millis = countOf(values, 'millis', 2_000);
  const words = textOf(values, 'only')?.split(',') ?? [];
  const measured = new Map<string, Round[]>();
  for (let nth = 1; nth <= starts; nth++) {
    progress(`start ${nth} of ${starts}`);
    const sides = await startSides(folder, words);
    for (const side of sides) {
      await fillSide(side);
      if (nth === 1) measured.set(side.name, []);
    }
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      progress(`start ${nth} of ${starts}, round ${round} of ${rounds}`);
      // To and fro: what drifts hits all alike.
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        const one = await measure(side, millis / 1_000);
        if (round > 0) measured.get(side.name)!.push(one);
      }
    }
    for (const server of new Set(sides.flatMap(({ servers }) => servers))) await server.stop();
  }
  return reportOf(measured, { starts, rounds, millis });
}

function fillSide({ address, token, caFile }: Side): Promise<void> {
  return fill(address, {
    ...(token === undefined ? {} : { token }),
    ...(caFile === undefined ? {} : { tls: true, caFile }),
  });
}

async function measure({ address, headers, ca, servers }: Side, seconds: number): Promise<Round> {
  const caller = await connectGrpcCaller(address, recommendPath, { headers, ca, readsStatus: true });
  const prepared = caller.prepare(recommendRequest());
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

interface Run {
  readonly starts: number;
  readonly rounds: number;
  readonly millis: number;
}

function reportOf(measured: ReadonlyMap<string, readonly Round[]>, run: Run): Report {
  const straight = measured.get('straight') ?? [];
  const figures = [...measured].map(([name, rounds]) => figuresOf(name, rounds, straight));
  const rows = figures.map((each) => [
    each.name,
    each.p50Millis.toFixed(2),
    each.p99Millis.toFixed(2),
    each.addedP50Millis.toFixed(2),
    Math.round(each.callsPerSecond).toLocaleString('en'),
    each.cpuMicrosACall.toFixed(0),
    each.cpuOfStraight.toFixed(3),
    each.cpuOfStraightError.toFixed(3),
    String(each.errors),
  ]);
  const titles = ['way', 'p50 ms', 'p99', 'added p50', 'calls/s', 'CPU µs a call', 'of straight', '±', 'errors'];
  const { starts, rounds, millis } = run;
  return {
    tables: [{ titles, rows }],
    notes: [
      `Recommend of 20 items over one connection; p50 and p99 with one call at a time, the rest with ${manyAtATime}.`,
      'CPU is that of all processes on the way; medians of the rounds, and ratios within each round; ±: the standard error of their median.',
      `${starts} starts of ${rounds} rounds, ${millis} ms a part.`,
    ],
    figures: { ...run, sides: figures },
    failures: figures.filter(({ errors }) => errors > 0).map(({ name, errors }) => `${name}: ${errors} calls failed`),
  };
}

function figuresOf(name: string, own: readonly Round[], straight: readonly Round[]) {
  const median = (value: (round: Round, index: number) => number) => medianOf(own.map(value));
  const ratios = own.map(({ cpuMicrosACall }, index) => cpuMicrosACall / straight[index]!.cpuMicrosACall);
  return {
    name,
    p50Millis: median(({ p50 }) => p50),
    p99Millis: median(({ p99 }) => p99),
    addedP50Millis: median(({ p50 }, index) => p50 - straight[index]!.p50),
    callsPerSecond: median(({ callsPerSecond }) => callsPerSecond),
    cpuMicrosACall: median(({ cpuMicrosACall }) => cpuMicrosACall),
    cpuOfStraight: medianOf(ratios),
    cpuOfStraightError: errorOfMedian(ratios),
    errors: own.reduce((sum, { errors }) => sum + errors, 0),
  };
}

/** The standard error of a median, from the median distance to it, as if the values were spread like a bell. */
function errorOfMedian(values: readonly number[]): number {
  const middle = medianOf(values);
  const deviation = 1.4826 * medianOf(values.map((value) => Math.abs(value - middle)));
  return (1.2533 * deviation) / Math.sqrt(values.length);
}
