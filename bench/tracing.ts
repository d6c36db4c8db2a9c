/** What tracing costs: off beside off, one call in a hundred, and all of them, in turns within one server. */

import { join } from 'node:path';
import { type BenchContext, type Benchmark, countOf } from './benchmark.ts';
import { medianOf } from './percentiles.ts';
import { type Estimate, ratioOf, weightedMeanOf } from './ratios.ts';
import type { Report } from './report.ts';
import { callKinds, callsPerTurn, type Measured, measureStart } from './tracing/measure-start.ts';
import { type Cost, ways } from './tracing/orders.ts';
import { startTraceSink } from './tracing/trace-sink.ts';

export const tracing: Benchmark = {
  name: 'tracing',
  summary: 'What tracing adds to a call at 1 % and at 100 %, as ratios between turns within one server',
  options: {
    starts: { type: 'string', description: 'How often the server is started. Default: 3.' },
    seconds: { type: 'string', description: 'How long each kind of call is measured a start. Default: 12.' },
    'warm-up': { type: 'string', description: 'So many seconds of each before. Default: 4.' },
  },
  run,
};

async function run({ values, progress, folder }: BenchContext): Promise<Report> {
  const starts = countOf(values, 'starts', 3);
  const plan = { seconds: countOf(values, 'seconds', 12), warmUpSeconds: countOf(values, 'warm-up', 4) };
  const sink = await startTraceSink();
  const measured: Measured[] = [];
  for (let nth = 1; nth <= starts; nth++) {
    progress(`start ${nth} of ${starts}`);
    measured.push(...(await measureStart(join(folder, `start-${nth}`), sink.endpoint, plan)));
  }
  const traceBytes = await sink.bytes();
  sink.stop();
  return reportOf(measured, { starts, ...plan, traceBytes });
}

interface Plan {
  readonly starts: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly traceBytes: number;
}

function reportOf(measured: readonly Measured[], plan: Plan): Report {
  const figures = callKinds.flatMap((kind) =>
    ways.map((way) => figuresOf(measured.filter((one) => one.kind === kind && one.way === way))),
  );
  const rows = figures.map((each) => [
    each.kind,
    each.way,
    each.offMicros.toFixed(1),
    ...shown(each.turns),
    each.handOverMicros.toFixed(2),
    each.exportMicros.toFixed(2),
    ...shown(each.all),
  ]);
  const titles = [
    'call',
    'traced',
    'off, CPU µs a call',
    'recorded, of off',
    '±',
    'handed over, µs',
    'exported, µs',
    'all, of off',
    '±',
  ];
  const { starts, traceBytes } = plan;
  return {
    tables: [{ titles, rows }],
    notes: [
      `CPU of all threads of one server that changes between the ways in turns of ${callsPerTurn} calls: trimmed means of the ratios of neighbouring turns, of ${starts} starts, with standard errors.`,
      'What was recorded goes between the turns, in batches of 50 spans at 1 % and of 300 at 100 %, and is counted by itself, by the median batch: on the thread that serves (handed over) and on the others (exported), µs a call, recorded or not. “±” is of the turns alone.',
      `Each exporting thread has sent 40 batches before. Traces went to a process whose CPU is not counted: ${traceBytes.toLocaleString('en')} bytes.`,
      'The budget: off nothing that can be measured, 1 % below 1.02.',
    ],
    figures: { ...plan, callsPerTurn, rows: figures },
    failures: figures
      .filter(({ way, batches }) => way !== 'off' && batches === 0)
      .map(
        ({ kind, way }) => `${kind}, ${way}: no batch was exported, which is a part of its cost; take more --seconds`,
      ),
  };
}

/** Of one kind of call and one way, all starts. */
function figuresOf(starts: readonly Measured[]) {
  const { kind, way } = starts[0]!;
  const off = medianOf(starts.flatMap(({ pairs }) => pairs.map(([without]) => without)));
  const batches = starts.flatMap((start) => start.batches);
  const typical = (of: (batch: Cost) => number) => (batches.length === 0 ? 0 : medianOf(batches.map(of)));
  const handOverMicros = typical(({ thread }) => thread);
  const exportMicros = typical((batch) => batch.process - batch.thread);
  const ofStarts = starts.map(({ pairs }) => ratioOf(pairs));
  const turns = weightedMeanOf(ofStarts);
  return {
    kind,
    way,
    offMicros: off,
    turns,
    handOverMicros,
    exportMicros,
    batches: batches.length,
    all: { value: turns.value + (handOverMicros + exportMicros) / off, error: turns.error },
    starts: ofStarts,
  };
}

function shown({ value, error }: Estimate): readonly string[] {
  return [value.toFixed(3), error.toFixed(3)];
}
