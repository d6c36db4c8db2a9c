import { fromBinary } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { type ScoreStreamRequest, ScoreStreamRequestSchema } from '../../gen/palate/scoring/v1/scoring_pb.ts';
import { PalateError } from '../errors.ts';
import { answerAsReady } from '../rpc/answer-as-ready.ts';
import type { Call } from '../rpc/call.ts';
import { validationOf } from '../rpc/interceptors/validation.ts';
import { disclose, toStatus } from '../rpc/status.ts';
import { scoreResponse } from './answers.ts';
import type { ScorePhoto } from './pipeline.ts';
import { callerOf } from './question.ts';

/** So many photos of one stream may be under way at once; then no further one is read. */
const maxUnderWay = 64;

const check = validationOf(ScoreStreamRequestSchema);

/** Told of a cause that does not go on the wire, with the id that does. */
export type OnHidden = (errorId: string, cause: unknown) => void;

/**
 * Answers `ScoreStream`: answers come as they are ready, and a photo that fails does not end the stream. Requests come as
 * their bytes, so that one that is not valid is answered by its id. `defaultMillis`: how long one that names no timeout may
 * take.
 */
export function scoreStream(
  score: ScorePhoto,
  requests: AsyncIterable<Uint8Array>,
  call: Call,
  defaultMillis: number,
  onHidden: OnHidden,
) {
  const underWay = new Set<string>();
  const work = async (bytes: Uint8Array) => {
    const began = performance.now();
    const request = decode(bytes);
    const { requestId } = request;
    const isTwin = underWay.has(requestId);
    underWay.add(requestId);
    try {
      if (isTwin) throw twin(requestId);
      check?.(request);
      const answer = await score(request, callerOf(call, millisOf(request, defaultMillis)));
      const totalMicros = Math.round((performance.now() - began) * 1e3);
      return { requestId, outcome: { case: 'result' as const, value: scoreResponse(requestId, answer, totalMicros) } };
    } catch (error) {
      return { requestId, outcome: { case: 'error' as const, value: toStatus(disclose(error, onHidden)) } };
    } finally {
      if (!isTwin) underWay.delete(requestId);
    }
  };
  return answerAsReady(requests, maxUnderWay, work, { signal: call.draining, error: stopping });
}

function millisOf({ timeout }: ScoreStreamRequest, defaultMillis: number): number {
  return timeout === undefined ? defaultMillis : durationMs(timeout);
}

function decode(bytes: Uint8Array): ScoreStreamRequest {
  try {
    return fromBinary(ScoreStreamRequestSchema, bytes);
  } catch (cause) {
    throw new PalateError('MALFORMED_MESSAGE', 'the request is not a ScoreStreamRequest', { cause });
  }
}

function twin(requestId: string): PalateError {
  return new PalateError('INVALID_REQUEST', `request_id "${requestId}" is that of a photo that is not answered yet`, {
    violations: [{ field: 'request_id', description: 'must differ from those that are not answered yet' }],
  });
}

function stopping(): PalateError {
  return new PalateError('SHUTTING_DOWN', 'the server is stopping: send the rest elsewhere, or later');
}
