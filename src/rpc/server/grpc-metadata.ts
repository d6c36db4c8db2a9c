import { Metadata } from '@grpc/grpc-js';
import type { PalateError } from '../../errors.ts';
import type { CallMetadata } from '../call.ts';
import type { Field } from '../live-call.ts';
import { statusDetailsBytes } from '../status-bytes.ts';

/** The key of `google.rpc.Status` beside a gRPC status. */
export const detailsKey = 'grpc-status-details-bin';

/** grpc-js metadata as a handler sees it. */
export class GrpcCallMetadata implements CallMetadata {
  readonly #metadata: Metadata;

  constructor(metadata: Metadata) {
    this.#metadata = metadata;
  }

  get(name: string): string | undefined {
    const [value] = this.#metadata.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  getBinary(name: string): Uint8Array | undefined {
    const [value] = this.#metadata.get(name);
    return typeof value === 'string' ? undefined : value;
  }
}

/** Headers or trailers that a handler has set, in grpc-js's form. */
export function grpcMetadata(fields: readonly Field[] | undefined): Metadata {
  const metadata = new OwnMetadata();
  for (const [name, value] of fields ?? []) metadata.add(name, toValue(value));
  return metadata;
}

/** grpc-js copies what it sends; these were made for one call. */
class OwnMetadata extends Metadata {
  override clone(): this {
    return this;
  }
}

/** The trailers of a failed call: the handler's own, and the error's details. */
export function errorTrailers(error: PalateError, fields: readonly Field[] | undefined): Metadata {
  const metadata = grpcMetadata(fields);
  metadata.set(detailsKey, toValue(statusDetailsBytes(error)));
  return metadata;
}

function toValue(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
