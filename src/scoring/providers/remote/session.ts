import { GRPCInferenceService } from '../../../../gen/grpc_service_pb.ts';
import { PalateError } from '../../../errors.ts';
import { createGrpcClient, type GrpcClient } from '../../../rpc/client/grpc-client.ts';
import type { Span } from '../../../telemetry/tracing/tracer.ts';
import type { ModelManifest } from '../../models/manifest.ts';
import type { ModelImage, ModelOutput } from '../model-instance.ts';
import { openChannel } from './channel.ts';
import type { InferenceClient } from './describe-remote.ts';
import type { InferChannel } from './infer-channel.ts';
import { writeInferRequest } from './infer-request.ts';
import { readOutputs } from './infer-response.ts';
import type { RemoteTarget } from './target.ts';

export interface SessionOptions {
  readonly address: string;
  readonly manifest: Pick<ModelManifest, 'input' | 'outputs'>;
  readonly target: Pick<RemoteTarget, 'model' | 'version' | 'transport' | 'connection'>;
  /** Streams were wanted, and the server has none. */
  readonly onFallback: () => void;
}

/** How long a batch may take. */
export interface InferLimits {
  readonly timeoutMillis: number;
  /** What the batch fails with when the time is up. */
  readonly late: () => PalateError;
  readonly signal: AbortSignal;
  /** Of the run, where it is recorded. */
  readonly span?: Span | undefined;
}

/** One connection to a server, from the first call over it to the last. */
export class Session {
  readonly #options: SessionOptions;
  readonly #client: GrpcClient<typeof GRPCInferenceService>;
  readonly #channel: InferChannel;
  readonly #left = new AbortController();
  readonly #lost = new AbortController();
  #underWay = 0;
  #requests = 0;
  #onIdle: () => void = () => undefined;

  /** @throws PalateError TLS_INVALID */
  constructor(options: SessionOptions) {
    this.#options = options;
    const { address, target, onFallback } = options;
    const { connection } = target;
    this.#client = createGrpcClient(GRPCInferenceService, address, { attempts: 1, isAlone: true, connection });
    this.#channel = openChannel(this.call, target.transport, onFallback);
  }

  get call(): InferenceClient {
    return this.#client.call;
  }

  /** Batches that are under way. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Aborts, with the reason, when no further batch should be sent. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** No further batches; those under way may still be answered. */
  leave(error: PalateError): void {
    this.#left.abort(error);
  }

  /** As `leave`, and what is under way fails. */
  lose(error: PalateError): void {
    this.leave(error);
    this.#lost.abort(error);
  }

  /** Ends it, when what is under way is answered or the signal aborts. */
  async close(signal: AbortSignal): Promise<void> {
    if (this.#underWay > 0 && !signal.aborted && !this.#lost.signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onIdle = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
      this.#lost.signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
    }
    this.lose(new PalateError('UNREACHABLE', 'the connection was closed'));
    this.#client.close();
  }

  /** Runs a batch there. Rejects with what the server answered, what `late` makes, the signal's reason, or why it is lost. */
  async infer(
    images: readonly ModelImage[],
    { timeoutMillis, late, signal, span }: InferLimits,
  ): Promise<readonly ModelOutput[]> {
    const { manifest, target } = this.#options;
    const cut = new AbortController();
    const giveUp = () => cut.abort(signal.reason);
    const lose = () => cut.abort(this.#lost.signal.reason);
    const timer = setTimeout(() => cut.abort(late()), timeoutMillis);
    if (this.#lost.signal.aborted) lose();
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    this.#lost.signal.addEventListener('abort', lose, { once: true });
    this.#underWay++;
    try {
      cut.signal.throwIfAborted();
      const id = String(++this.#requests);
      const request = writeInferRequest({ manifest, target, id, timeoutMillis, span }, images);
      const answer = await this.#channel.infer(request, { id, timeoutMillis, signal: cut.signal, span });
      checkVersion(answer.modelVersion, target.version);
      return readOutputs(answer, manifest.outputs, images.length);
    } catch (error) {
      throw cut.signal.aborted ? cut.signal.reason : error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      this.#lost.signal.removeEventListener('abort', lose);
      if (--this.#underWay === 0) this.#onIdle();
    }
  }
}

/** A server may leave its version out; another one would mix answers. */
function checkVersion(found: string, wanted: string): void {
  if (wanted === '' || found === '' || found === wanted) return;
  throw new PalateError('MODEL_INVALID', `it answered with version ${found} of the model, not ${wanted}`);
}
