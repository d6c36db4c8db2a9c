import type { DescMethod } from '@bufbuild/protobuf';
import type { Caller } from '../access/caller.ts';
import { PalateError } from '../errors.ts';
import type { Span } from '../telemetry/tracing/tracer.ts';
import { type Call, type CallMetadata, traceBytes } from './call.ts';

/** What a transport knows when a call arrives. */
export interface LiveCallInit {
  readonly method: DescMethod;
  readonly metadata: CallMetadata;
  readonly tenant: string;
  readonly caller?: Caller | undefined;
  readonly deadlineMillis: number;
  /** When the caller's credentials end, and the call with them. Default: Infinity. */
  readonly expiresAtMillis?: number | undefined;
  readonly draining: AbortSignal;
  /** Asked for only when the handler asks. */
  readonly peer: () => string;
}

/** A response header or trailer, before a transport turns it into its own form. */
export type Field = readonly [name: string, value: string | Uint8Array];

/** Node takes no longer timer. A deadline beyond is not watched until the process is restarted. */
const longestTimerMillis = 2 ** 31 - 1;

/**
 * A call under way, whichever transport it came by. It costs an object: the signal, the peer and the trace are made
 * when a handler asks for them, because creating an AbortController took 8 % of the time of a small call.
 */
export class LiveCall implements Call {
  readonly method: DescMethod;
  readonly metadata: CallMetadata;
  readonly tenant: string;
  readonly caller: Caller | undefined;
  readonly deadlineMillis: number;
  readonly expiresAtMillis: number;
  readonly draining: AbortSignal;
  /** The transport's: told once when the call is cut off before its handler has finished. */
  onCutOff: ((failure: PalateError) => void) | undefined;
  headers: Field[] | undefined;
  trailers: Field[] | undefined;
  /** The transport's: set before the handler runs. */
  span: Span | undefined;
  /** Among the calls under way; -1: not there. */
  place = -1;
  readonly #peer: () => string;
  #controller: AbortController | undefined;
  #failure: PalateError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #expiry: NodeJS.Timeout | undefined;
  #over = false;

  constructor(init: LiveCallInit) {
    this.method = init.method;
    this.metadata = init.metadata;
    this.tenant = init.tenant;
    this.caller = init.caller;
    this.deadlineMillis = init.deadlineMillis;
    this.expiresAtMillis = init.expiresAtMillis ?? Number.POSITIVE_INFINITY;
    this.draining = init.draining;
    this.#peer = init.peer;
  }

  get peer(): string {
    return this.#peer();
  }

  get trace(): Uint8Array {
    return this.span === undefined ? traceBytes(this.metadata) : this.span.trace;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#failure !== undefined) this.#controller.abort(this.#failure);
    }
    return this.#controller.signal;
  }

  /** True once the call has an answer or was cut off. */
  get over(): boolean {
    return this.#over;
  }

  remainingMillis(): number {
    return Math.max(0, this.deadlineMillis - Date.now());
  }

  setHeader(name: string, value: string | Uint8Array): void {
    this.headers ??= [];
    this.headers.push(checkField(name, value));
  }

  setTrailer(name: string, value: string | Uint8Array): void {
    this.trailers ??= [];
    this.trailers.push(checkField(name, value));
  }

  /** Why the call was cut off, if it was. */
  get failure(): PalateError | undefined {
    return this.#failure;
  }

  /** Cuts the call off when its deadline passes. */
  watchDeadline(): void {
    const wait = this.deadlineMillis - Date.now();
    if (wait > longestTimerMillis) return;
    this.#timer = setTimeout(() => this.cutOff(deadlineExceeded(this.method)), Math.max(0, wait));
  }

  /** Cuts the call off when its caller's credentials end. */
  watchExpiry(): void {
    const wait = this.expiresAtMillis - Date.now();
    if (wait > longestTimerMillis) return;
    this.#expiry = setTimeout(() => this.cutOff(expired(this.method)), Math.max(0, wait));
  }

  /** Ends the call from outside: its signal aborts, and the transport answers at once. */
  cutOff(failure: PalateError): void {
    if (this.#over) return;
    this.finish();
    this.#failure = failure;
    this.#controller?.abort(failure);
    this.onCutOff?.(failure);
  }

  /** The call has its answer: nothing is watched any more, and its signal stays quiet. */
  finish(): void {
    this.#over = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#expiry !== undefined) clearTimeout(this.#expiry);
  }
}

/**
 * Checks a header that a handler sets, so that its mistake shows where it is made and on every port alike.
 *
 * @throws TypeError for a name or value that gRPC metadata cannot hold.
 */
function checkField(name: string, value: string | Uint8Array): Field {
  const isBinary = typeof value !== 'string';
  const fits = /^[0-9a-z_.-]+$/.test(name) && name.endsWith('-bin') === isBinary;
  if (fits && (isBinary || /^[\x20-\x7e]*$/.test(value))) return [name, value];
  throw new TypeError(
    `header ${name}: names are in lower case, bytes need a name in -bin, and text is printable ASCII`,
  );
}

/** The error of a call whose time is up. */
export function deadlineExceeded(method: DescMethod): PalateError {
  return new PalateError('DEADLINE_EXCEEDED', `${method.name} was not done by its deadline`);
}

function expired(method: DescMethod): PalateError {
  return new PalateError('TOKEN_EXPIRED', `the token expired with which ${method.name} was begun`);
}

/** The error of a call whose caller went away. */
export function cancelled(method: DescMethod): PalateError {
  return new PalateError('CANCELLED', `the caller of ${method.name} ended the call`);
}
