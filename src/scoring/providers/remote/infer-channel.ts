import type { ModelInferResponse } from '../../../../gen/grpc_service_pb.ts';
import type { Span } from '../../../telemetry/tracing/tracer.ts';

export interface InferOptions {
  /** The id in the request. */
  readonly id: string;
  /** How long it may take. */
  readonly timeoutMillis: number;
  /** Takes it back: the server is told, too. */
  readonly signal: AbortSignal;
  /** Below which the call lies, where it is recorded; on a stream the request says it. */
  readonly span?: Span | undefined;
}

/** The way of batches to one server. */
export interface InferChannel {
  /** Sends the bytes of a `ModelInferRequest`. Rejects with what the server answered, or the connection. */
  infer(request: Uint8Array, options: InferOptions): Promise<ModelInferResponse>;
}
