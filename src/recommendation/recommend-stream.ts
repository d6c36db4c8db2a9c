import { fromBinary } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import {
  type RecommendResponse,
  type RecommendStreamRequest,
  RecommendStreamRequestSchema,
} from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../errors.ts';
import { answerAsReady } from '../rpc/answer-as-ready.ts';
import type { Call } from '../rpc/call.ts';
import { validationOf } from '../rpc/interceptors/validation.ts';
import { disclose, toStatus } from '../rpc/status.ts';
import type { ReadCall } from './reading.ts';
import type { RecommendQuestion, recommend } from './recommend.ts';

/** So many requests of one stream may wait for the state at once; then no further one is read. */
const maxWaiting = 64;

const check = validationOf(RecommendStreamRequestSchema);

type Recommended = Awaited<ReturnType<typeof recommend>>;

/** Answers one request. */
export type Recommend = (question: RecommendQuestion, call: ReadCall) => Promise<Recommended | RecommendResponse>;

/** Told of a cause that does not go on the wire, with the id that does. */
export type OnHidden = (errorId: string, cause: unknown) => void;

/**
 * Answers `RecommendStream`. It takes the requests as their bytes, so that one that is not valid is answered with its
 * status like any other failure. Only bytes that are no request at all end the stream: there is no id to answer to.
 */
export function recommendStream(
  recommend: Recommend,
  requests: AsyncIterable<Uint8Array>,
  call: Call,
  onHidden: OnHidden,
) {
  const waiting = new Set<string>();
  const work = async (bytes: Uint8Array) => {
    const request = decode(bytes);
    const { requestId } = request;
    const isTwin = waiting.has(requestId);
    waiting.add(requestId);
    try {
      if (isTwin) throw twin(requestId);
      return { requestId, outcome: { case: 'result' as const, value: await answer(recommend, request, call) } };
    } catch (error) {
      return { requestId, outcome: { case: 'status' as const, value: toStatus(disclose(error, onHidden)) } };
    } finally {
      if (!isTwin) waiting.delete(requestId);
    }
  };
  return answerAsReady(requests, maxWaiting, work, { signal: call.draining, error: stopping });
}

function stopping(): PalateError {
  return new PalateError('SHUTTING_DOWN', 'the server is stopping: ask the rest elsewhere, or later');
}

function decode(bytes: Uint8Array): RecommendStreamRequest {
  try {
    return fromBinary(RecommendStreamRequestSchema, bytes);
  } catch (cause) {
    throw new PalateError('MALFORMED_MESSAGE', 'the request is not a RecommendStreamRequest', { cause });
  }
}

/** Waits for the state no longer than the request's own timeout allows. */
function answer(recommend: Recommend, request: RecommendStreamRequest, call: Call) {
  check?.(request);
  const { timeout } = request;
  const ownDeadline = timeout === undefined ? Number.POSITIVE_INFINITY : Date.now() + durationMs(timeout);
  const { tenant, signal } = call;
  return recommend(request, { tenant, signal, deadlineMillis: Math.min(call.deadlineMillis, ownDeadline) });
}

function twin(requestId: string): PalateError {
  return new PalateError('INVALID_REQUEST', `request_id "${requestId}" is that of a request that is not answered yet`, {
    violations: [{ field: 'request_id', description: 'must differ from those that are not answered yet' }],
  });
}
