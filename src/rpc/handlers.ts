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
import type { Call } from './call.ts';

/** An answer: what it takes to create the message, or the bytes of one that is encoded already. */
export type Answer<M extends DescMethod> = MessageInitShape<M['output']> | Uint8Array;

/** One request, one answer. A handler that needs not wait may answer without a promise. */
export type UnaryHandler<M extends DescMethod, Request> = (
  request: Request,
  call: Call,
) => Answer<M> | Promise<Answer<M>>;

/** One request, a stream of answers. The next answer is asked for when the caller has taken the last ones. */
export type ServerStreamHandler<M extends DescMethod, Request> = (
  request: Request,
  call: Call,
) => AsyncIterable<Answer<M>>;

/** A stream of requests, one answer. A request is read when the handler asks for it. */
export type ClientStreamHandler<M extends DescMethod, Request> = (
  requests: AsyncIterable<Request>,
  call: Call,
) => Promise<Answer<M>>;

/** Streams both ways. When the call ends, `requests` throws and the answers are returned early. */
export type BidiHandler<M extends DescMethod, Request> = (
  requests: AsyncIterable<Request>,
  call: Call,
) => AsyncIterable<Answer<M>>;

type HandlerOf<M extends DescMethod, Request> =
  M extends DescMethodUnary<infer _I, infer _O>
    ? UnaryHandler<M, Request>
    : M extends DescMethodServerStreaming<infer _I, infer _O>
      ? ServerStreamHandler<M, Request>
      : M extends DescMethodClientStreaming<infer _I, infer _O>
        ? ClientStreamHandler<M, Request>
        : M extends DescMethodBiDiStreaming<infer _I, infer _O>
          ? BidiHandler<M, Request>
          : never;

/** A handler that takes each request message as its bytes on the wire, neither decoded nor validated. */
export interface OnWire<Handler> {
  readonly takesWire: true;
  readonly handler: Handler;
}

/**
 * Marks a handler that decodes its requests itself: it gets a `Uint8Array` in place of each request message. On gRPC
 * these are the bytes that came; a JSON request is parsed by the method's true schema and encoded anew. The bytes may
 * be a view of a larger buffer: copy what outlives the call.
 */
export function onWire<Handler>(handler: Handler): OnWire<Handler> {
  return { takesWire: true, handler };
}

/** The handlers of a service, by method. */
export type Handlers<S extends DescService> = {
  readonly [P in keyof S['method']]:
    | HandlerOf<S['method'][P], MessageShape<S['method'][P]['input']>>
    | OnWire<HandlerOf<S['method'][P], Uint8Array>>;
};

/** Any handler, once its types have been checked by `bindService`. */
export type AnyHandler = (input: never, call: Call) => unknown;

/** A method with what answers it. */
export interface BoundMethod {
  readonly method: DescMethod;
  /** `/package.Service/Method` */
  readonly path: string;
  readonly takesWire: boolean;
  /** Undefined: the method answers UNIMPLEMENTED. */
  readonly handler: AnyHandler | undefined;
}

/** A service with its handlers, ready for any server or for a client in memory. */
export interface BoundService<S extends DescService = DescService> {
  readonly service: S;
  readonly methods: readonly BoundMethod[];
}

/** Ties handlers to a service. A method without one answers UNIMPLEMENTED with the reason NOT_IMPLEMENTED. */
export function bindService<S extends DescService>(service: S, handlers: Partial<Handlers<S>>): BoundService<S> {
  const given = handlers as Readonly<Record<string, AnyHandler | OnWire<AnyHandler> | undefined>>;
  return { service, methods: service.methods.map((method) => bindMethod(method, given[method.localName])) };
}

function bindMethod(method: DescMethod, given: AnyHandler | OnWire<AnyHandler> | undefined): BoundMethod {
  const path = `/${method.parent.typeName}/${method.name}`;
  if (given === undefined || typeof given === 'function') return { method, path, takesWire: false, handler: given };
  return { method, path, takesWire: true, handler: given.handler };
}
