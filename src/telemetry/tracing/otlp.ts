/** Everything that is loaded where tracing is on: OpenTelemetry's SDK, and the exporter of the protocol that was asked for. */
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { PalateError } from '../../errors.ts';
import type { Log } from '../log.ts';
import { otelTracer } from './otel-tracer.ts';
import { samplerOf } from './sampling.ts';
import { useTracer } from './tracer.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Begins to trace. The exporters read the variables of their endpoint, headers, compression and certificates themselves.
 * The result exports what waits, and ends it; it takes no longer than `OTEL_BSP_EXPORT_TIMEOUT`, at most 5 s.
 * @throws PalateError CONFIG_INVALID
 */
export async function startExport(env: Variables, version: string, log: Log): Promise<() => Promise<void>> {
  const sample = samplerOf(env['OTEL_TRACES_SAMPLER'] || undefined, env['OTEL_TRACES_SAMPLER_ARG'] || undefined);
  reportTo(log);
  const exporter = await exporterOf(env);
  const exportTimeoutMillis = Math.min(5_000, count(env, 'OTEL_BSP_EXPORT_TIMEOUT', 5_000));
  const processor = new BatchSpanProcessor({
    exporter,
    exportTimeoutMillis,
    maxQueueSize: count(env, 'OTEL_BSP_MAX_QUEUE_SIZE', 2_048),
    maxExportBatchSize: count(env, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512),
    scheduledDelayMillis: count(env, 'OTEL_BSP_SCHEDULE_DELAY', 5_000),
  });
  const own = resourceFromAttributes({ 'service.name': 'palate', 'service.version': version });
  const resource = defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new TracerProvider({ resource, sampler: new AlwaysOnSampler(), spanProcessors: [processor] });
  const end = useTracer(otelTracer(provider.getTracer('palate', version), sample));
  return async () => {
    end();
    await Promise.race([provider.shutdown(), patience(exportTimeoutMillis)]).catch((err: unknown) =>
      log.warn({ err }, 'the last spans were not exported'),
    );
    diag.disable();
  };
}

/** What cannot be exported costs spans, and a line in the log. */
function reportTo(log: Log): void {
  const say = (problem: string) =>
    log.warn({ problem: problem.slice(0, 500) }, 'traces are not exported as they should be');
  const quiet = () => {};
  const logger = { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

async function exporterOf(env: Variables): Promise<SpanExporter> {
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || 'http/protobuf';
  switch (protocol) {
    case 'http/protobuf':
      return new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter();
    case 'http/json':
      return new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter();
    case 'grpc':
      return new (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter();
    default: {
      const message = `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}; there are http/protobuf, http/json and grpc.`;
      throw new PalateError('CONFIG_INVALID', message);
    }
  }
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
