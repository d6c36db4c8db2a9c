import { create } from '@bufbuild/protobuf';
import {
  type ModelInferResponse,
  ModelInferResponseSchema,
  type ModelStreamInferResponse,
} from '../../../../gen/grpc_service_pb.ts';
import { PalateError, type Reason, reasons } from '../../../errors.ts';
import type { InferenceClient } from './describe-remote.ts';
import type { InferChannel, InferOptions } from './infer-channel.ts';

/**
 * Streams that stay open, each with one batch under way: a batch need not wait for the answer to another, and to take one back
 * is to end its stream, which is the only way that the protocol has. As many are open as batches were ever under way at once.
 */
export function streamChannel(client: InferenceClient): InferChannel {
  const idle = new Set<InferStream>();
  return {
    async infer(request, options) {
      const [free] = idle;
      const stream = free ?? new InferStream(client, () => idle.delete(stream));
      idle.delete(stream);
      const answer = await stream.infer(request, options);
      if (stream.isOpen) idle.add(stream);
      return answer;
    },
  };
}

interface Waiting {
  readonly id: string;
  readonly resolve: (answer: ModelInferResponse) => void;
  readonly reject: (error: unknown) => void;
}

class InferStream {
  readonly #end = new AbortController();
  readonly #onEnd: () => void;
  #waiting: Waiting | undefined;
  #next = Promise.withResolvers<Uint8Array | undefined>();

  constructor(client: InferenceClient, onEnd: () => void) {
    this.#onEnd = onEnd;
    void this.#read(client);
  }

  get isOpen(): boolean {
    return !this.#end.signal.aborted;
  }

  infer(request: Uint8Array, { id, signal }: InferOptions): Promise<ModelInferResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<ModelInferResponse>();
    const takeBack = () => this.#fail(signal.reason);
    this.#waiting = { id, resolve, reject };
    if (signal.aborted) takeBack();
    signal.addEventListener('abort', takeBack, { once: true });
    this.#next.resolve(request);
    return promise.finally(() => signal.removeEventListener('abort', takeBack));
  }

  async #read(client: InferenceClient): Promise<void> {
    try {
      const answers = client.modelStreamInfer(this.#requests(), { signal: this.#end.signal, metadata: statusPlease });
      for await (const answer of answers) this.#answered(answer);
      this.#fail(new PalateError('UNREACHABLE', 'it ended the stream'));
    } catch (error) {
      this.#fail(error);
    }
  }

  async *#requests(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const request = await this.#next.promise;
      if (request === undefined) return;
      this.#next = Promise.withResolvers();
      yield request;
    }
  }

  /** Whatever belongs to no batch that is waited for is passed over. */
  #answered({ errorMessage, inferResponse }: ModelStreamInferResponse): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (errorMessage !== '') {
      this.#fail(errorOf(errorMessage, inferResponse));
    } else if (inferResponse?.id === waiting.id) {
      this.#waiting = undefined;
      waiting.resolve(inferResponse);
    }
  }

  #fail(error: unknown): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#end.abort();
    this.#next.resolve(undefined);
    this.#onEnd();
    waiting?.reject(error);
  }
}

/** Asks for the status, its details included, in place of a message in an answer. */
const statusPlease = { triton_grpc_error: 'true' };

/** From a server that does not heed the wish; Palate's own says the reason beside the message. */
function errorOf(message: string, { parameters }: ModelInferResponse = noAnswer): PalateError {
  const choice = parameters['error_reason']?.parameterChoice;
  const reason = choice?.case === 'stringParam' && choice.value in reasons ? (choice.value as Reason) : 'INTERNAL';
  return new PalateError(reason, message);
}

const noAnswer: ModelInferResponse = create(ModelInferResponseSchema);
