/** A lane has one request under way at a time, by unary calls or on a stream of its own. */

import type { ModelStreamInferResponse } from '../../gen/grpc_service_pb.ts';
import { PalateError } from '../../src/errors.ts';
import type { InferenceClient } from './served-model.ts';

export interface Lane {
  /** Resolves when the request is answered. Throws why it was not: a PalateError. */
  ask(request: Uint8Array): Promise<void>;
  close(): void;
}

/** `timeoutMillis`: of one request. */
export function unaryLane({ call }: InferenceClient, timeoutMillis: number): Lane {
  return {
    async ask(request) {
      await call.modelInfer(request, { timeoutMillis });
    },
    close: () => undefined,
  };
}

/** A stream that breaks, or does not answer in time, is opened anew for the next request. */
export function streamLane(client: InferenceClient, timeoutMillis: number): Lane {
  let stream: OpenStream | undefined;
  const close = () => {
    stream?.close();
    stream = undefined;
  };
  return {
    async ask(request) {
      stream ??= openStream(client);
      try {
        const answer = await within(timeoutMillis, stream.ask(request));
        if (answer.errorMessage !== '') throw new StreamedFailure(answer.errorMessage);
      } catch (error) {
        if (error instanceof StreamedFailure) throw error.asPalateError();
        close();
        throw error;
      }
    },
    close,
  };
}

/** The server's word on one request; the stream goes on. */
class StreamedFailure extends Error {
  asPalateError(): PalateError {
    return new PalateError('INVALID_REQUEST', this.message, { cause: this });
  }
}

interface OpenStream {
  ask(request: Uint8Array): Promise<ModelStreamInferResponse>;
  close(): void;
}

function openStream({ call }: InferenceClient): OpenStream {
  const ending = new AbortController();
  let next = Promise.withResolvers<Uint8Array>();
  async function* requests(): AsyncGenerator<Uint8Array> {
    while (!ending.signal.aborted) {
      const request = await next.promise;
      next = Promise.withResolvers();
      yield request;
    }
  }
  const answers = call.modelStreamInfer(requests(), { signal: ending.signal })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      next.resolve(request);
      const { done, value } = await answers.next();
      if (done === true) throw new PalateError('UNREACHABLE', 'the server ended the stream');
      return value;
    },
    close: () => ending.abort(new PalateError('CANCELLED', 'the load is over')),
  };
}

async function within<Answer>(millis: number, answer: Promise<Answer>): Promise<Answer> {
  answer.catch(() => undefined);
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(new PalateError('DEADLINE_EXCEEDED', `no answer on the stream within ${millis} ms`));
  const timer = setTimeout(late, millis);
  return await Promise.race([answer, promise]).finally(() => clearTimeout(timer));
}
