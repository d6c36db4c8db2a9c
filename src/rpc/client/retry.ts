import type { DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { ServiceConfig } from '@grpc/grpc-js';

/**
 * A gRPC service config (gRFC A6) that tries again when the server is UNAVAILABLE: unary methods only, and of those
 * only such as their proto declares idempotent or free of side effects.
 */
export function retryConfig(
  service: DescService,
  attempts: number,
): Pick<ServiceConfig, 'loadBalancingConfig' | 'methodConfig'> {
  const names = service.methods
    .filter(
      (method) =>
        method.methodKind === 'unary' && method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
    )
    .map((method) => ({ service: service.typeName, method: method.name }));
  if (attempts <= 1 || names.length === 0) return { loadBalancingConfig: [], methodConfig: [] };
  const retryPolicy = {
    maxAttempts: attempts,
    initialBackoff: '0.1s',
    maxBackoff: '2s',
    backoffMultiplier: 2,
    retryableStatusCodes: ['UNAVAILABLE'],
  };
  return { loadBalancingConfig: [], methodConfig: [{ name: names, retryPolicy }] };
}
