import { durationMs } from '@bufbuild/protobuf/wkt';
import { ScoreStreamRequestSchema } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { answerById, type OnHidden } from '../rpc/answer-by-id.ts';
import type { Call } from '../rpc/call.ts';
import { scoreResponse } from './answers.ts';
import type { ScorePhoto } from './pipeline.ts';
import { callerOf } from './question.ts';

/** So many photos of one stream may be under way at once; then no further one is read. */
const maxUnderWay = 64;

/**
 * Answers `ScoreStream`: answers come as they are ready, and a photo that fails does not end the stream. `defaultMillis`: how
 * long one that names no timeout may take.
 */
export function scoreStream(
  score: ScorePhoto,
  requests: AsyncIterable<Uint8Array>,
  call: Call,
  defaultMillis: number,
  onHidden: OnHidden,
) {
  return answerById(requests, call, {
    schema: ScoreStreamRequestSchema,
    failure: 'error',
    limit: maxUnderWay,
    onHidden,
    answer: async (request, beganMillis) => {
      const { requestId, timeout } = request;
      const millis = timeout === undefined ? defaultMillis : durationMs(timeout);
      const answer = await score(request, callerOf(call, millis));
      return scoreResponse(requestId, answer, Math.round((performance.now() - beganMillis) * 1e3));
    },
  });
}
