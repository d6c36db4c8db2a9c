import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  InferParameterSchema,
  type ModelInferRequest,
  type ModelStreamInferResponseSchema,
} from '../../../gen/grpc_service_pb.ts';
import { PalateError } from '../../errors.ts';
import type { OnHidden } from '../../rpc/answer-by-id.ts';
import type { Call } from '../../rpc/call.ts';
import { disclose, wireMessage } from '../../rpc/status.ts';
import { activeTracer, endFailed, type Span } from '../../telemetry/tracing/tracer.ts';
import { callerOf } from '../question.ts';
import { answerInOrder } from './answer-in-order.ts';
import type { Infer } from './infer.ts';
import { textParameter } from './parameters.ts';

/** So many requests of one stream may be under way at once; then no further one is read. */
const maxUnderWay = 64;

type StreamResponse = MessageInitShape<typeof ModelStreamInferResponseSchema>;

/**
 * Answers `ModelStreamInfer` as Triton does: one answer for each request, in their order, which is the last one for it. A request
 * that fails is answered by its message and goes on, unless the caller's header `triton_grpc_error` asks that the call ends
 * with the status. `defaultMillis`: how long a request that names no timeout may take.
 */
export function inferStream(
  infer: Infer,
  requests: AsyncIterable<ModelInferRequest>,
  call: Call,
  defaultMillis: number,
  onHidden: OnHidden,
): AsyncGenerator<StreamResponse, void, undefined> {
  const endsByFailure = call.metadata.get('triton_grpc_error') === 'true';
  const work = async (request: ModelInferRequest): Promise<StreamResponse> => {
    const span = requestSpan(request, call);
    try {
      const answer = await infer(request, callerOf(call, defaultMillis, span));
      span?.end();
      return { inferResponse: { ...answer, parameters: { ...answer.parameters, ...final } } };
    } catch (error) {
      endFailed(span, error);
      if (endsByFailure) throw error;
      return failure(request, disclose(error, onHidden));
    }
  };
  return answerInOrder(requests, maxUnderWay, work, { signal: call.draining, error: stopping });
}

/** A request that says which trace it belongs to has a span there, as a call has by its headers. */
function requestSpan({ parameters }: ModelInferRequest, { method }: Call): Span | undefined {
  const parent = textParameter(parameters, 'traceparent');
  if (parent === undefined) return undefined;
  const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': `${method.parent.typeName}/${method.name}` };
  const state = textParameter(parameters, 'tracestate');
  return activeTracer()?.startCall('infer request', parent, state, { kind: 'server', attributes });
}

const final = {
  triton_final_response: create(InferParameterSchema, { parameterChoice: { case: 'boolParam', value: true } }),
};

/** Says which request it was, and, for programs, the reason from our closed list. */
function failure({ id, modelName, modelVersion }: ModelInferRequest, error: PalateError): StreamResponse {
  const reason = create(InferParameterSchema, { parameterChoice: { case: 'stringParam', value: error.reason } });
  const inferResponse = { id, modelName, modelVersion, parameters: { ...final, error_reason: reason } };
  return { errorMessage: wireMessage(error), inferResponse };
}

function stopping(): PalateError {
  return new PalateError('SHUTTING_DOWN', 'the server is stopping: send the rest elsewhere, or later');
}
