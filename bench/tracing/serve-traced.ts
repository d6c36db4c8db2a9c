/**
 * `palate serve`, in a process that holds several ways of being traced and changes between them as it is told over its channel. It is
 * started with `OTEL_TRACES_EXPORTER=none`: what traces it is not opened by the command, but the same.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { runPalate } from '../../src/commands/run-palate.ts';
import { inputOf, outputOf } from '../../src/commands/terminal.ts';
import type { Recorder } from '../../src/telemetry/tracing/otlp.ts';
import { useTracer } from '../../src/telemetry/tracing/tracer.ts';
import type { Cost, Order, Way } from './orders.ts';

const ratios: readonly (readonly [Way, number])[] = [
  ['1 %', 0.01],
  ['all', 1],
];
/** So long a thread that exports may have something left to do when its batch was taken. */
const settleMillis = 20;
/** Before they are counted, each thread has exported so many batches of so many spans: the code of its first ones is not compiled. */
const warmUp = { batches: 40, spans: 50 };

const recorders = new Map<Way, Recorder>();
const interrupted = new AbortController();
let endTracing = () => {};

/** Loaded when it serves, as the command does: by then V8 is told how it is to keep what is young. */
async function open(): Promise<void> {
  const { tracingVariables } = await import('../../src/config.ts');
  const { createLog } = await import('../../src/telemetry/log.ts');
  const { openRecorder } = await import('../../src/telemetry/tracing/otlp.ts');
  const log = createLog({ level: 'warn', format: 'json' });
  for (const [way, ratio] of ratios) {
    const env = {
      ...tracingVariables(),
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: String(ratio),
      // A batch goes when the bench says so.
      OTEL_BSP_SCHEDULE_DELAY: '1000000',
    };
    const recorder = await openRecorder(env, '0.0.0', log);
    recorders.set(way, recorder);
    for (let batch = 0; batch < warmUp.batches; batch++) await exportSome(recorder);
  }
}

async function exportSome({ tracer, flush }: Recorder): Promise<void> {
  const method = 'palate.recommendation.v1.RecommendationService/Recommend';
  const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method };
  for (let nth = 0; nth < warmUp.spans; nth++) {
    const span = tracer.startCall(method, undefined, undefined, { kind: 'server', attributes });
    span?.set({ 'rpc.status_code': 'OK' });
    span?.end();
  }
  await flush();
}

function trace(way: Way): void {
  endTracing();
  const recorder = recorders.get(way);
  endTracing = recorder === undefined ? () => {} : useTracer(recorder.tracer);
}

function cost(): Cost {
  const [thread, all] = [process.threadCpuUsage(), process.cpuUsage()];
  return { thread: thread.user + thread.system, process: all.user + all.system };
}

function since(before: Cost): Cost {
  const now = cost();
  return { thread: now.thread - before.thread, process: now.process - before.process };
}

/** Less what the process costs in as long a time while it does nothing. */
async function flush(way: Way): Promise<Cost> {
  // Of a thread that runs the kernel tells what it has used up to when it last waited, or up to the last tick.
  await wait(1);
  const begunAt = performance.now();
  const before = cost();
  await recorders.get(way)?.flush();
  await wait(settleMillis);
  const busy = since(before);
  const beforeIdle = cost();
  await wait(performance.now() - begunAt);
  const idle = since(beforeIdle);
  return { thread: busy.thread - idle.thread, process: busy.process - idle.process };
}

async function obey(order: Order): Promise<Cost> {
  if (order.kind === 'open') await open();
  else if (order.kind === 'trace') trace(order.way);
  else if (order.kind === 'flush') return flush(order.way);
  return cost();
}

process.on('message', async (order: Order) => process.send?.(await obey(order)));
process.on('disconnect', () => interrupted.abort());

process.exitCode = await runPalate({
  args: process.argv.slice(2),
  stdin: inputOf(() => process.stdin),
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  signal: interrupted.signal,
});
// The threads that export are still there.
process.exit();
