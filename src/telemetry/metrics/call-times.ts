import { Histogram, secondsBounds } from './histogram.ts';
import { histogram, type Labelled, type Metric } from './metric.ts';

/** The status of what a server answers for, by the semantic conventions: the other codes are the caller's doing. */
const serverErrors = new Set(['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS']);

/** What each port speaks; calls within the process have no name in the conventions. */
const systems = { grpc: 'grpc', http: 'connectrpc', memory: 'in_process' } as const;

type Port = keyof typeof systems;
type ByCode = Map<string, Histogram>;

/**
 * How long calls took, by port, method and code. Methods are those of the descriptors, and one for all others, so there is
 * a bound to them; a call costs two look-ups and an addition.
 */
export class CallTimes {
  readonly #ports: Readonly<Record<Port, Map<string, ByCode>>> = {
    grpc: new Map(),
    http: new Map(),
    memory: new Map(),
  };

  /** `path`: `/package.Service/Method`, from a descriptor. */
  readonly observe = (path: string, code: string, millis: number, port: Port): void => {
    const times = this.#ports[port].get(path)?.get(code) ?? this.#begin(path, code, port);
    times.observe(millis / 1_000);
  };

  #begin(path: string, code: string, port: Port): Histogram {
    const times = new Histogram(secondsBounds);
    const methods = this.#ports[port];
    const known = methods.get(path);
    if (known === undefined) methods.set(path, new Map([[code, times]]));
    else known.set(code, times);
    return times;
  }

  /** Labels as `callMetrics` names them. */
  *labelled(): Generator<Labelled> {
    for (const [port, methods] of Object.entries(this.#ports) as [Port, Map<string, ByCode>][]) {
      for (const [path, codes] of methods) {
        for (const [code, value] of codes) {
          const spelled = codeOf(port, code);
          const labels = [systems[port], path.slice(1), spelled, serverErrors.has(code) ? spelled : ''];
          yield { labels, value };
        }
      }
    }
  }
}

/** gRPC names its codes in capitals; Connect in small letters, and success not at all. */
function codeOf(port: Port, code: string): string {
  if (port !== 'http') return code;
  return code === 'OK' ? '' : code.toLowerCase();
}

/**
 * Named by the semantic conventions for RPC: `rpc.server.call.duration`, with `rpc.system.name`, `rpc.method`,
 * `rpc.status_code` and `error.type`, as Prometheus spells them.
 */
export const callMetrics: readonly Metric<CallTimes>[] = [
  histogram(
    'rpc_server_call_duration_seconds',
    'seconds',
    'Calls by method and status, and how long they took; a stream counts when it ends. error_type: the server failed.',
    (times) => times.labelled(),
    ['rpc_system_name', 'rpc_method', 'rpc_status_code', 'error_type'],
  ),
];
