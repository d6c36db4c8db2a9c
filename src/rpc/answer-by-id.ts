/** Streams whose requests bring an id of their own: each is answered by it, as it is ready, and none that fails ends the stream. */

import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import type { Status } from '../../gen/google/rpc/status_pb.ts';
import { PalateError } from '../errors.ts';
import { answerAsReady } from './answer-as-ready.ts';
import type { Call } from './call.ts';
import { validationOf } from './interceptors/validation.ts';
import { disclose, toStatus } from './status.ts';

/** Told of a cause that does not go on the wire, with the id that does. */
export type OnHidden = (errorId: string, cause: unknown) => void;

/** A type of requests with an id. */
type DescById = DescMessage & { readonly field: { readonly requestId: unknown } };
type RequestOf<Desc extends DescMessage> = MessageShape<Desc> & { readonly requestId: string };

export interface ById<Desc extends DescById, Result, Failure extends string> {
  readonly schema: Desc;
  /** What the answer's `oneof` calls a failure. */
  readonly failure: Failure;
  /** So many requests of one stream may be under way at once; then no further one is read. */
  readonly limit: number;
  /** Answers a valid request. `beganMillis`: when it was there, of `performance.now()`. */
  readonly answer: (request: RequestOf<Desc>, beganMillis: number) => Promise<Result>;
  readonly onHidden: OnHidden;
}

export interface AnswerById<Result, Failure extends string> {
  readonly requestId: string;
  readonly outcome:
    | { readonly case: 'result'; readonly value: Result }
    | { readonly case: Failure; readonly value: Status };
}

/**
 * Answers a stream. It takes the requests as their bytes, so that one that is not valid is answered with its status like any
 * other failure. Only bytes that are no request at all end the stream: there is no id to answer to.
 */
export function answerById<Desc extends DescById, Result, Failure extends string>(
  requests: AsyncIterable<Uint8Array>,
  call: Pick<Call, 'draining'>,
  { schema, failure, limit, answer, onHidden }: ById<Desc, Result, Failure>,
): AsyncGenerator<AnswerById<Result, Failure>, void, undefined> {
  const check = validationOf(schema);
  const underWay = new Set<string>();
  const work = async (bytes: Uint8Array): Promise<AnswerById<Result, Failure>> => {
    const began = performance.now();
    const request = decode(schema, bytes);
    const { requestId } = request;
    const isTwin = underWay.has(requestId);
    underWay.add(requestId);
    try {
      if (isTwin) throw twin(requestId);
      check?.(request);
      return { requestId, outcome: { case: 'result', value: await answer(request, began) } };
    } catch (error) {
      return { requestId, outcome: { case: failure, value: toStatus(disclose(error, onHidden)) } };
    } finally {
      if (!isTwin) underWay.delete(requestId);
    }
  };
  return answerAsReady(requests, limit, work, { signal: call.draining, error: stopping });
}

function decode<Desc extends DescById>(schema: Desc, bytes: Uint8Array): RequestOf<Desc> {
  try {
    return fromBinary(schema, bytes) as RequestOf<Desc>;
  } catch (cause) {
    throw new PalateError('MALFORMED_MESSAGE', `the request is not a ${schema.name}`, { cause });
  }
}

function twin(requestId: string): PalateError {
  return new PalateError('INVALID_REQUEST', `request_id "${requestId}" is that of a request that is not answered yet`, {
    violations: [{ field: 'request_id', description: 'must differ from those that are not answered yet' }],
  });
}

function stopping(): PalateError {
  return new PalateError('SHUTTING_DOWN', 'the server is stopping: send the rest elsewhere, or later');
}
