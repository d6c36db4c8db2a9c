import type {
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type { Span } from '../../telemetry/tracing/tracer.ts';

/** Options of one call. */
export interface ClientCallOptions {
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** From now. Absent: the client's default for unary calls, none for streams. */
  readonly timeoutMillis?: number;
  /** In place of the client's. */
  readonly tenant?: string;
  /** Whose work it is, where that is recorded: the call has a span below. */
  readonly span?: Span | undefined;
  /** More metadata. Bytes need a name that ends in `-bin`. */
  readonly metadata?: Readonly<Record<string, string | Uint8Array>>;
}

/**
 * A request: what it takes to create the message, or the bytes of one that is encoded already. A `Buffer` of such bytes may be sent
 * as it is, without a copy: do not change it after it was handed over.
 */
export type ClientRequest<M extends DescMethod> = MessageInitShape<M['input']> | Uint8Array;

type ClientAnswer<M extends DescMethod> = MessageShape<M['output']>;

type ClientMethod<M extends DescMethod> =
  M extends DescMethodUnary<infer _I, infer _O>
    ? (request: ClientRequest<M>, options?: ClientCallOptions) => Promise<ClientAnswer<M>>
    : M extends DescMethodServerStreaming<infer _I, infer _O>
      ? (request: ClientRequest<M>, options?: ClientCallOptions) => AsyncIterable<ClientAnswer<M>>
      : M extends DescMethodClientStreaming<infer _I, infer _O>
        ? (requests: AsyncIterable<ClientRequest<M>>, options?: ClientCallOptions) => Promise<ClientAnswer<M>>
        : M extends DescMethodBiDiStreaming<infer _I, infer _O>
          ? (requests: AsyncIterable<ClientRequest<M>>, options?: ClientCallOptions) => AsyncIterable<ClientAnswer<M>>
          : never;

/**
 * A service's methods, however they are reached. Each throws a PalateError with the reason, the broken fields and the
 * time to wait that the server gave. A stream that is left early (`break`) ends its call.
 */
export type Client<S extends DescService> = { readonly [P in keyof S['method']]: ClientMethod<S['method'][P]> };

/** Any client method, once its types are fixed by `Client`. */
export type AnyClientMethod = (request: never, options?: ClientCallOptions) => unknown;

/** Makes a client of one function per method. */
export function clientOf<S extends DescService>(service: S, make: (method: DescMethod) => AnyClientMethod): Client<S> {
  return Object.fromEntries(service.methods.map((method) => [method.localName, make(method)])) as Client<S>;
}
