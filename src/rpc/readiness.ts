import type { DescMethod } from '@bufbuild/protobuf';
import { PalateError } from '../errors.ts';
import type { AnyHandler, BoundMethod, BoundService } from './handlers.ts';

/**
 * The same service, each of whose methods is refused with STARTING until `isReady` says yes, but those of `always`: a port can
 * listen, and health and reflection answer, while what stands behind it still starts.
 */
export function refuseUntilReady(
  bound: BoundService,
  isReady: () => boolean,
  always: readonly DescMethod[] = [],
): BoundService {
  const guard = (method: BoundMethod) => (always.includes(method.method) ? method : guarded(method, isReady));
  return { ...bound, methods: bound.methods.map(guard) };
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
