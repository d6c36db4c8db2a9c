/** Reads of the past: what a method answered at an earlier moment. */
import { create, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import {
  type RecommendationService,
  RecommendRequestSchema,
  type RecommendResponse,
  RecommendResponseSchema,
} from '../../gen/palate/recommendation/v1/recommendation_pb.ts';
import { PalateError } from '../errors.ts';
import type { ReadCall } from './reading.ts';
import type { ReadMethod } from './reads.ts';
import type { RecommendQuestion } from './recommend.ts';

type RequestOf<M extends ReadMethod> = MessageShape<(typeof RecommendationService.method)[M]['input']>;

/** Answers requests that have `as_of`. */
export interface Past {
  /** The bytes of the answer. Rejects with SEQUENCE_UNAVAILABLE, OVERLOADED and what the method itself throws. */
  answer<M extends ReadMethod>(method: M, request: RequestOf<M>, call: ReadCall): Promise<Uint8Array>;
}

/** The answer of the past where the request asks for it, else that of the present. */
export function inTime<M extends ReadMethod, Answer>(
  method: M,
  present: (request: RequestOf<M>, call: ReadCall) => Answer,
  past: Past | undefined,
) {
  return (request: RequestOf<M>, call: ReadCall): Answer | Promise<Uint8Array> => {
    if (request.asOf === undefined) return present(request, call);
    if (past === undefined) {
      throw new PalateError('AS_OF_UNAVAILABLE', 'as_of: this server answers from its present state only');
    }
    return past.answer(method, request, call);
  };
}

/** As {@link inTime}, for one request of a stream. */
export function recommendInTime<Answer>(
  present: (request: RecommendQuestion, call: ReadCall) => Answer | Promise<Answer>,
  past: Past | undefined,
) {
  const ask = inTime('recommend', present, past);
  return async (question: RecommendQuestion, call: ReadCall): Promise<Answer | RecommendResponse> => {
    if (question.asOf === undefined) return present(question, call);
    const answer = await ask(create(RecommendRequestSchema, question), call);
    return answer instanceof Uint8Array ? fromBinary(RecommendResponseSchema, answer) : answer;
  };
}
