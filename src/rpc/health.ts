import { Health, HealthCheckResponse_ServingStatus as Wire } from '../../gen/grpc/health/v1/health_pb.ts';
import { PalateError } from '../errors.ts';
import type { Call } from './call.ts';
import { type BoundService, bindService } from './handlers.ts';
import type { HealthBoard, ServingStatus } from './health-board.ts';

/** `grpc.health.v1.Health` over a board. https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
export function healthService(board: HealthBoard): BoundService<typeof Health> {
  return bindService(Health, {
    check({ service }) {
      const status = board.get(service);
      if (status === undefined) throw unknownService(service);
      return { status: wireStatus(status) };
    },
    list: () => ({
      statuses: Object.fromEntries([...board.list()].map(([name, status]) => [name, { status: wireStatus(status) }])),
    }),
    async *watch({ service }, call) {
      yield* watchStatus(board, service, call);
    },
  });
}

/** The status now, then at each change. An unknown service is SERVICE_UNKNOWN, as it may come to be known. */
async function* watchStatus(board: HealthBoard, service: string, call: Call): AsyncGenerator<{ status: Wire }> {
  let changed = Promise.withResolvers<void>();
  const wake = (): void => changed.resolve();
  const unsubscribe = board.onChange(wake);
  const endings = [call.signal, call.draining];
  for (const ending of endings) ending.addEventListener('abort', wake);
  try {
    let last: Wire | undefined;
    while (!call.signal.aborted) {
      const now = wireStatus(board.get(service));
      if (now !== last) yield { status: now };
      last = now;
      if (call.draining.aborted) return;
      await changed.promise;
      changed = Promise.withResolvers();
    }
  } finally {
    unsubscribe();
    for (const ending of endings) ending.removeEventListener('abort', wake);
  }
}

function wireStatus(status: ServingStatus | undefined): Wire {
  return status === undefined ? Wire.SERVICE_UNKNOWN : Wire[status];
}

function unknownService(service: string): PalateError {
  return new PalateError(
    'UNKNOWN_SERVICE',
    `there is no service ${JSON.stringify(service.slice(0, 200))}: List names those there are`,
  );
}
