import { PalateError } from '../../errors.ts';
import { entryBeside } from '../../threads/entry.ts';
import type { LogLevel } from '../../threads/messages.ts';
import { SupervisedWorker } from '../../threads/supervised-worker.ts';
import type { Log } from '../log.ts';
import type { SpanParts } from './span-parts.ts';

/** As `OTEL_EXPORTER_OTLP_PROTOCOL` names them. */
export const otlpProtocols = ['http/protobuf', 'http/json', 'grpc'] as const;

export type OtlpProtocol = (typeof otlpProtocols)[number];

/** What the thread starts with. */
export interface ExportData {
  readonly protocol: OtlpProtocol;
  /** Of this program. */
  readonly version: string;
}

export interface ExportThread {
  /** Resolves when the collector has taken them, or they are lost, which the log tells. */
  send(batch: readonly SpanParts[]): Promise<void>;
  stop(): Promise<void>;
}

/** So many batches may be with the thread. */
const maxBatches = 16;
/** What a thread takes to load the SDK, by far. */
const openMillis = 30_000;

/**
 * OpenTelemetry's SDK and exporter, in a thread of their own. On the thread that serves, the client of the exporter made each call
 * there dearer, recorded or not, by a tenth (bench/RESULTS.md, tracing): most likely Node's code for streams is fastest where it meets one kind of them only.
 * A collector that is away is told once in the log, and so is that it is back.
 *
 * @throws PalateError where the exporter cannot be made
 */
export async function openExportThread(data: ExportData, timeoutMillis: number, log: Log): Promise<ExportThread> {
  const worker = new SupervisedWorker({
    name: 'export of traces',
    entry: entryBeside(import.meta.url, './export.worker'),
    data,
    maxPending: maxBatches,
    log: linesTo(log),
  });
  try {
    await worker.request('open', undefined, { deadlineMillis: Date.now() + openMillis });
  } catch (thrown) {
    await worker.stop();
    throw thrown;
  }
  const outcome = outcomeLog(log);
  return {
    async send(batch) {
      try {
        await worker.request('export', batch, { deadlineMillis: Date.now() + timeoutMillis });
        outcome.exported();
      } catch (thrown) {
        outcome.lost(batch.length, PalateError.from(thrown));
      }
    },
    stop: () => worker.stop(),
  };
}

/** The lines of the thread. */
function linesTo(log: Log): Record<LogLevel, (fields: object, message: string) => void> {
  return {
    debug: (fields, message) => log.debug({ ...fields }, message),
    info: (fields, message) => log.info({ ...fields }, message),
    warn: (fields, message) => log.warn({ ...fields }, message),
    error: (fields, message) => log.error({ ...fields }, message),
  };
}

/** At most so often it is told that a collector is away. */
const tellEveryMillis = 60_000;

/** Tells when it begins to fail, and when that is over. */
function outcomeLog(log: Log) {
  let lost = 0;
  let isTold = false;
  let next = 0;
  return {
    exported() {
      if (isTold) log.info({ lostSpans: lost }, 'traces are exported again');
      isTold = false;
      lost = 0;
    },
    lost(spans: number, error: PalateError) {
      lost += spans;
      if (isTold || performance.now() < next) return;
      isTold = true;
      next = performance.now() + tellEveryMillis;
      log.warn({ problem: error.message.slice(0, 500) }, 'traces are not exported: they are lost');
    },
  };
}
