/** Everything that is loaded where tracing is on, by the variables of OpenTelemetry. */
import { PalateError } from '../../errors.ts';
import type { Log } from '../log.ts';
import { type OtlpProtocol, openExportThread, otlpProtocols } from './export-thread.ts';
import { recordingTracer } from './recording.ts';
import { samplerOf } from './sampling.ts';
import { openSpanQueue } from './span-queue.ts';
import { type Tracer, useTracer } from './tracer.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** A tracer whose spans go to the collector. */
export interface Recorder {
  readonly tracer: Tracer;
  /** Exports what waits; resolves when it was taken, or is lost. */
  flush(): Promise<void>;
  /** Exports what waits, and ends the thread; it takes no longer than `OTEL_BSP_EXPORT_TIMEOUT`, at most 5 s. */
  stop(): Promise<void>;
}

/**
 * Begins to trace. The result ends it, as `Recorder.stop` does.
 * @throws PalateError CONFIG_INVALID
 */
export async function startExport(env: Variables, version: string, log: Log): Promise<() => Promise<void>> {
  const { tracer, stop } = await openRecorder(env, version, log);
  const end = useTracer(tracer);
  return () => {
    end();
    return stop();
  };
}

/**
 * What traces as the variables say, for whoever is to use it.
 * @throws PalateError CONFIG_INVALID
 */
export async function openRecorder(env: Variables, version: string, log: Log): Promise<Recorder> {
  const sample = samplerOf(env['OTEL_TRACES_SAMPLER'] || undefined, env['OTEL_TRACES_SAMPLER_ARG'] || undefined);
  const exportTimeoutMillis = Math.min(5_000, count(env, 'OTEL_BSP_EXPORT_TIMEOUT', 5_000));
  const limits = {
    maxQueueSize: count(env, 'OTEL_BSP_MAX_QUEUE_SIZE', 2_048),
    maxExportBatchSize: count(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512),
    scheduledDelayMillis: count(env, 'OTEL_BSP_SCHEDULE_DELAY', 5_000),
  };
  const thread = await openExportThread({ protocol: protocolOf(env), version }, exportTimeoutMillis, log);
  const queue = openSpanQueue(limits, thread.send, droppedLog(log));
  return {
    tracer: recordingTracer(sample, queue.add),
    flush: queue.flush,
    async stop() {
      await Promise.race([queue.flush(), patience(exportTimeoutMillis)]);
      await thread.stop();
    },
  };
}

/** So often at most it is told that spans came faster than they are exported. */
const tellEveryMillis = 60_000;

/** What is wrong with the collector tells whoever exports. */
function droppedLog(log: Log): () => void {
  let dropped = 0;
  let next = 0;
  return () => {
    dropped += 1;
    if (performance.now() < next) return;
    next = performance.now() + tellEveryMillis;
    log.warn({ droppedSpans: dropped }, 'spans come faster than they are exported: some are lost');
  };
}

function protocolOf(env: Variables): OtlpProtocol {
  const named = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || 'http/protobuf';
  const protocol = otlpProtocols.find((known) => known === named);
  if (protocol !== undefined) return protocol;
  const message = `OTEL_EXPORTER_OTLP_PROTOCOL is ${named}; there are ${otlpProtocols.join(', ')}.`;
  throw new PalateError('CONFIG_INVALID', message);
}

function count(env: Variables, name: string, otherwise: number): number {
  const text = env[name] ?? '';
  if (text === '') return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0 && value <= 1_000_000) return value;
  throw new PalateError('CONFIG_INVALID', `${name} is ${text}; it is a whole number from 1 to 1000000.`);
}

function patience(millis: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, millis).unref());
}
