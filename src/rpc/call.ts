import type { DescMethod } from '@bufbuild/protobuf';
import type { Caller } from '../access/caller.ts';
import type { Span } from '../telemetry/tracing/tracer.ts';

/** The metadata (headers) that came with a call. Names are in lower case. */
export interface CallMetadata {
  /** The first value of an ASCII key. */
  get(name: string): string | undefined;
  /** The first value of a key that ends in `-bin`. */
  getBinary(name: string): Uint8Array | undefined;
}

/** What a handler knows of its call. It is the same on every port, and never says which one. */
export interface Call {
  readonly method: DescMethod;
  readonly metadata: CallMetadata;
  /** '' is the default tenant. */
  readonly tenant: string;
  /** Who calls, by their credentials; undefined: anyone, who may do everything. */
  readonly caller: Caller | undefined;
  /**
   * Aborts with a PalateError as its reason when the caller is gone (CANCELLED), the deadline has passed
   * (DEADLINE_EXCEEDED) or the server ends by force (SHUTTING_DOWN). It is made on first use: a handler that
   * never looks at it pays nothing.
   */
  readonly signal: AbortSignal;
  /** Aborts when the server begins to drain: a long stream ends itself at its next good place. */
  readonly draining: AbortSignal;
  /** Milliseconds since the epoch; Infinity where neither caller nor server set a deadline. */
  readonly deadlineMillis: number;
  /** Milliseconds until the deadline, never below 0. */
  remainingMillis(): number;
  /** `address:port` of the other side, or `memory`. */
  readonly peer: string;
  /**
   * The W3C trace context of the call's own span, or as it came where it has none: the ASCII bytes of `traceparent` and, if there is one, a line feed and
   * `tracestate`. Empty when the call carried none. https://www.w3.org/TR/trace-context/
   */
  readonly trace: Uint8Array;
  /** Where the call is recorded, its span: what is done for it may have spans below. */
  readonly span?: Span | undefined;
  /** Sets a response header. Too late once the first message of a stream was sent. */
  setHeader(name: string, value: string | Uint8Array): void;
  /** Sets a trailer, sent with the status. */
  setTrailer(name: string, value: string | Uint8Array): void;
}

const none = new Uint8Array(0);
const encoder = new TextEncoder();

/** The bytes of `Call.trace` from a call's metadata. Longer than 1 KiB is taken as none: it is not from a tracer. */
export function traceBytes(metadata: CallMetadata): Uint8Array {
  const parent = metadata.get('traceparent');
  if (parent === undefined) return none;
  const state = metadata.get('tracestate');
  const text = state === undefined ? parent : `${parent}\n${state}`;
  return text.length > 1_024 ? none : encoder.encode(text);
}
