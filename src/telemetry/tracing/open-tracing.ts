/** Whether this process is traced: as the standard `OTEL_*` variables say. */
import { PalateError } from '../../errors.ts';
import type { Log } from '../log.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** On where an exporter or an endpoint is named, and nothing says that it is off. @throws PalateError CONFIG_INVALID */
export function isTracingOn(env: Variables): boolean {
  if (env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  const exporter = env['OTEL_TRACES_EXPORTER'] ?? '';
  if (exporter === 'none') return false;
  if (exporter !== '' && exporter !== 'otlp') {
    throw new PalateError('CONFIG_INVALID', `OTEL_TRACES_EXPORTER is ${exporter}; there are otlp and none.`);
  }
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  return exporter === 'otlp' || Boolean(endpoint);
}

/**
 * Begins to trace where it is on; where it is not, nothing is loaded. The result ends it.
 * @throws PalateError CONFIG_INVALID for a variable that makes no sense.
 */
export async function openTracing(env: Variables, version: string, log: Log): Promise<() => Promise<void>> {
  if (!isTracingOn(env)) return async () => {};
  const { startExport } = await import('./otlp.ts');
  const stop = await startExport(env, version, log);
  log.info({}, 'tracing');
  return stop;
}
