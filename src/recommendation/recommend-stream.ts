import { durationMs } from '@bufbuild/protobuf/wkt';
import {
  type RecommendResponse,
  type RecommendStreamRequest,
  RecommendStreamRequestSchema,
} from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { answerById, type OnHidden } from '../rpc/answer-by-id.ts';
import type { Call } from '../rpc/call.ts';
import type { ReadCall } from './reading.ts';
import type { RecommendQuestion, recommend } from './recommend.ts';

/** So many requests of one stream may wait for the state at once; then no further one is read. */
const maxWaiting = 64;

type Recommended = Awaited<ReturnType<typeof recommend>>;

/** Answers one request. */
export type Recommend = (question: RecommendQuestion, call: ReadCall) => Promise<Recommended | RecommendResponse>;

/** Answers `RecommendStream`: answers come as they are ready, and a request that fails does not end the stream. */
export function recommendStream(
  recommend: Recommend,
  requests: AsyncIterable<Uint8Array>,
  call: Call,
  onHidden: OnHidden,
) {
  return answerById(requests, call, {
    schema: RecommendStreamRequestSchema,
    failure: 'status',
    limit: maxWaiting,
    onHidden,
    answer: (request) => recommend(request, withinItsTime(request, call)),
  });
}

/** Waits for the state no longer than the request's own timeout allows. */
function withinItsTime({ timeout }: RecommendStreamRequest, { tenant, signal, deadlineMillis }: Call): ReadCall {
  const ownDeadline = timeout === undefined ? Number.POSITIVE_INFINITY : Date.now() + durationMs(timeout);
  return { tenant, signal, deadlineMillis: Math.min(deadlineMillis, ownDeadline) };
}
