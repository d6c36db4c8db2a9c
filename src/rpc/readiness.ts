import { PalateError } from '../errors.ts';
import type { AnyHandler, BoundMethod, BoundService } from './handlers.ts';

/**
 * The same service, each of whose methods is refused with STARTING until `isReady` says yes: a port can listen, and
 * health and reflection answer, while what stands behind it still starts.
 */
export function refuseUntilReady(bound: BoundService, isReady: () => boolean): BoundService {
  return { ...bound, methods: bound.methods.map((method) => guarded(method, isReady)) };
}

function guarded(method: BoundMethod, isReady: () => boolean): BoundMethod {
  const { handler } = method;
  if (handler === undefined) return method;
  const whenReady: AnyHandler = (input, call) => {
    if (isReady()) return handler(input, call);
    throw new PalateError('STARTING', 'the server folds its journal and will answer in a while');
  };
  return { ...method, handler: whenReady };
}
