/** The thread that exports: OTLP's messages are made here, sent, and sent again. */
import { workerData } from 'node:worker_threads';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { PalateError } from '../../errors.ts';
import { serveRequests, workerLog } from '../../threads/serve-requests.ts';
import type { ExportData, OtlpProtocol } from './export-thread.ts';
import { type SpanOwner, type SpanParts, spanOfParts } from './span-parts.ts';

const { protocol, version } = workerData as ExportData;

/** The exporters read the variables of their endpoint, headers, compression and certificates themselves. */
const makers: Readonly<Record<OtlpProtocol, () => Promise<SpanExporter>>> = {
  'http/protobuf': async () => new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter(),
  'http/json': async () => new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter(),
  grpc: async () => new (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter(),
};

const say = (problem: string) => workerLog.warn({ problem: problem.slice(0, 500) }, 'traces are exported, but');
const quiet = () => {};
const logger = { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet };
diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });

const owner: SpanOwner = {
  resource: defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'palate', 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] })),
  instrumentationScope: { name: 'palate', version },
};
const exporter = await makers[protocol]();

serveRequests({
  open: () => undefined,
  export(spans: readonly SpanParts[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    exporter.export(
      spans.map((span) => spanOfParts(span, owner)),
      ({ code, error }) => {
        if (code === 0) resolve();
        else reject(new PalateError('UNREACHABLE', error?.message ?? 'the collector did not take them'));
      },
    );
    return promise;
  },
});
