import { type Metadata, ServerInterceptingCall, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { isPalateError, PalateError, type StatusCode, statusCodes } from '../../errors.ts';
import { logFieldsOf, type Span } from '../../telemetry/tracing/tracer.ts';
import { Inbox } from '../inbox.ts';
import { startServerSpan } from '../interceptors/call-span.ts';
import { observeEnd, observeStart } from '../interceptors/observation.ts';
import { cancelled, deadlineExceeded, type LiveCall } from '../live-call.ts';
import type { Log } from '../log.ts';
import { Outbox } from '../outbox.ts';
import type { PreparedMethod } from '../prepare.ts';
import { disclose, wireMessage } from '../status.ts';
import { admitCall, type Gate } from './gate.ts';
import { answerInGzip, isMidMessage, sessionOf } from './grpc-internals.ts';
import { errorTrailers, GrpcCallMetadata, grpcMetadata } from './grpc-metadata.ts';
import { statusOfLibrary } from './grpc-status.ts';
import { certificateNamesOf } from './peer-certificate.ts';

type Listener = Parameters<ServerInterceptingCall['start']>[0];
type Status = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

/** What the calls of one gRPC server share. */
export interface GrpcContext {
  readonly gate: Gate;
  readonly log: Log;
}

const written = (): void => {};

/** Also one of another kind than the language's own. */
function isPromise(answer: unknown): answer is PromiseLike<unknown> {
  return typeof (answer as { readonly then?: unknown } | undefined)?.then === 'function';
}

/**
 * A call on the gRPC port. It is a server interceptor that answers the call itself and never passes it on, which spares
 * a Node stream and an event emitter per call, and gives exact control of when a message is read and whether an error
 * goes out as Trailers-Only, without which a client's retry policy does nothing (gRFC A6).
 */
export class GrpcCall extends ServerInterceptingCall implements Listener {
  readonly #base: ServerInterceptingCallInterface;
  readonly #sendStatus: (status: Status) => void;
  readonly #context: GrpcContext;
  readonly #prepared: PreparedMethod;
  readonly #startedAt = observeStart();
  #span: Span | undefined;
  #live: LiveCall | undefined;
  #request: Uint8Array | undefined;
  #inbox: Inbox<unknown> | undefined;
  #outbox: Outbox | undefined;
  #answers: AsyncIterator<unknown> | undefined;
  #headersSent = false;
  #ended = false;

  constructor(base: ServerInterceptingCallInterface, prepared: PreparedMethod, context: GrpcContext) {
    super(base);
    this.#base = base;
    this.#prepared = prepared;
    this.#context = context;
    this.#sendStatus = base.sendStatus.bind(base);
    // grpc-js ends a call by itself when a message is too large, does not unpack, or the deadline passes: without
    // details, and without telling anyone but the caller. Those statuses come this way as well.
    // Not assigned at once: see `threads/young-generation.ts`.
    const endByLibrary = (status: Status): void => this.#cutOff(statusOfLibrary(prepared.method, status));
    base.sendStatus = endByLibrary;
  }

  /** grpc-js's own listener, which would run a handler of its kind, is left unused. */
  override start(): void {
    this.#base.start(this);
  }

  onReceiveMetadata(metadata: Metadata): void {
    const read = new GrpcCallMetadata(metadata);
    this.#span = startServerSpan(this.#prepared.name, read, 'grpc');
    try {
      const live = admitCall(this.#context.gate, this.#prepared, {
        metadata: read,
        askedDeadlineMillis: Number(this.#base.getDeadline()),
        peer: () => this.#base.getPeer(),
        certificateNames: () => certificateNamesOf(sessionOf(this.#base)?.socket),
      });
      if (live instanceof Promise)
        live.then((known) => this.#begin(known)).catch((error: unknown) => this.#fail(error));
      else this.#begin(live);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** From here on the body is read. The caller may have left while its credentials were verified. */
  #begin(live: LiveCall): void {
    if (this.#ended) return;
    this.#live = live;
    live.span = this.#span;
    this.#context.gate.calls.add(live);
    const cutOff = (failure: PalateError): void => this.#cutOff(failure);
    live.onCutOff = cutOff;
    // grpc-js watches the caller's own deadline.
    if (live.deadlineMillis < Number(this.#base.getDeadline())) live.watchDeadline();
    if (live.expiresAtMillis !== Number.POSITIVE_INFINITY) live.watchExpiry();
    if (this.#prepared.requestStream) this.#openStream(live);
    else this.#base.startRead();
  }

  onReceiveMessage(bytes: Uint8Array): void {
    if (this.#ended) return;
    if (this.#prepared.requestStream) {
      this.#receiveStreamed(bytes);
      return;
    }
    if (this.#request !== undefined) {
      this.#fail(new PalateError('MALFORMED_MESSAGE', `${this.#prepared.name} takes one request message, not two`));
      return;
    }
    this.#request = bytes;
    this.#base.startRead();
  }

  onReceiveHalfClose(): void {
    if (this.#ended) return;
    if (this.#inbox !== undefined) {
      // Node reports the end of a stream that was reset as well, just before it reports the reset.
      setImmediate(() => this.#endInbox());
      return;
    }
    if (this.#request === undefined || this.#live === undefined) {
      this.#fail(
        new PalateError('MALFORMED_MESSAGE', `${this.#prepared.name} takes one request message, and none came`),
      );
      return;
    }
    try {
      this.#run(this.#prepared.receive(this.#request), this.#live);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Comes after every call. Where the call has no answer yet, its caller is gone. */
  onCancel(): void {
    if (this.#ended) return;
    const { method } = this.#prepared;
    if (this.#live === undefined) {
      this.#end('CANCELLED');
      return;
    }
    this.#live.cutOff(Date.now() >= this.#live.deadlineMillis ? deadlineExceeded(method) : cancelled(method));
  }

  #openStream(live: LiveCall): void {
    const inbox = new Inbox<unknown>(() => this.#base.startRead());
    this.#inbox = inbox;
    try {
      this.#run(inbox, live);
    } catch (error) {
      this.#fail(error);
    }
  }

  #endInbox(): void {
    if (!isMidMessage(this.#base)) {
      this.#inbox?.end();
      return;
    }
    const message = `the stream of ${this.#prepared.name} ended in the middle of a message`;
    this.#inbox?.fail(new PalateError('MALFORMED_MESSAGE', message));
  }

  #receiveStreamed(bytes: Uint8Array): void {
    try {
      this.#inbox?.push(this.#prepared.receive(bytes));
    } catch (error) {
      this.#inbox?.fail(error);
      this.#fail(error);
    }
  }

  #run(input: unknown, live: LiveCall): void {
    const answer = this.#prepared.invoke(input, live);
    if (this.#prepared.responseStream) {
      this.#sendAll(answer as AsyncIterable<unknown>, live).catch((error: unknown) => this.#fail(error));
    } else if (isPromise(answer)) {
      answer.then(
        (value: unknown) => this.#complete(value, live),
        (error: unknown) => this.#fail(error),
      );
    } else {
      this.#complete(answer, live);
    }
  }

  #complete(answer: unknown, live: LiveCall): void {
    if (this.#ended) return;
    try {
      const bytes = this.#prepared.send(answer);
      this.#sendHeaders(live);
      this.#base.sendMessage(bytes, written);
      this.#succeed(live);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #sendAll(answers: AsyncIterable<unknown>, live: LiveCall): Promise<void> {
    const outbox = new Outbox(this.#context.gate.options.streamBufferBytes);
    this.#outbox = outbox;
    const iterator = answers[Symbol.asyncIterator]();
    this.#answers = iterator;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      if (this.#ended) return;
      const bytes = this.#prepared.send(next.value);
      this.#sendHeaders(live);
      this.#base.sendMessage(bytes, outbox.add(bytes.length));
      if (outbox.full) await outbox.room();
      if (this.#ended) return;
    }
    if (!this.#ended) this.#succeed(live);
  }

  /** Lets the handler of a stream run its `finally`: now, where it waits for a taker; else at its next `yield`. */
  #returnAnswers(): void {
    this.#answers?.return?.()?.catch((error: unknown) => this.#fail(error));
  }

  #sendHeaders(live: LiveCall): void {
    if (this.#headersSent) return;
    this.#headersSent = true;
    const isGzip = answerInGzip(this.#base);
    if (live.headers === undefined && !isGzip) return;
    const metadata = grpcMetadata(live.headers);
    if (isGzip) metadata.set('grpc-encoding', 'gzip');
    this.#base.sendMetadata(metadata);
  }

  #succeed(live: LiveCall): void {
    this.#end('OK');
    // A stream without answers may have headers all the same.
    if (live.headers !== undefined) this.#sendHeaders(live);
    const metadata = live.trailers === undefined ? null : grpcMetadata(live.trailers);
    this.#sendStatus({ code: statusCodes.OK, details: '', metadata });
  }

  /** The handler, or something before it, has thrown. */
  #fail(thrown: unknown): void {
    const { log } = this.#context;
    const { name } = this.#prepared;
    if (this.#ended) {
      if (!isPalateError(thrown)) log.debug({ err: thrown, method: name }, 'a handler failed after its call had ended');
      return;
    }
    this.#cutOff(
      disclose(thrown, (error_id, err) =>
        log.error({ err, error_id, method: name, ...logFieldsOf(this.#span) }, 'a call failed'),
      ),
    );
  }

  #cutOff(failure: PalateError): void {
    if (this.#ended) return;
    this.#end(failure.code);
    this.#live?.cutOff(failure);
    this.#inbox?.fail(failure);
    this.#outbox?.close();
    this.#returnAnswers();
    // Headers that a handler has set come first, and cost the call its Trailers-Only.
    if (this.#live?.headers !== undefined) this.#sendHeaders(this.#live);
    const metadata = errorTrailers(failure, this.#live?.trailers);
    this.#sendStatus({ code: statusCodes[failure.code], details: wireMessage(failure), metadata });
  }

  #end(code: StatusCode): void {
    this.#ended = true;
    observeEnd(this.#startedAt, this.#prepared.path, code, 'grpc', this.#span);
    if (this.#live === undefined) return;
    this.#context.gate.calls.delete(this.#live);
    if (code === 'OK') this.#live.finish();
  }
}
