import {
  create,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { PalateError } from '../errors.ts';
import type { Call } from './call.ts';
import type { AnyHandler, BoundMethod } from './handlers.ts';
import { type Check, validationOf } from './interceptors/validation.ts';
import type { RpcOptions } from './options.ts';

/**
 * A bound method with everything compiled that its calls need: how a request is read and checked, what answers it, and
 * how an answer is written. Every transport runs the same one.
 */
export interface PreparedMethod extends BoundMethod {
  /** `package.Service/Method` */
  readonly name: string;
  /** Is there a stream of requests, or of answers? */
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** The request for the handler, from its bytes. Throws MALFORMED_MESSAGE or INVALID_REQUEST. */
  receive(bytes: Uint8Array): unknown;
  /** The request for the handler, from a message that a transport has decoded. Throws INVALID_REQUEST. */
  admit(message: Message, schema: DescMessage): unknown;
  /** Runs the handler: one answer or a promise of it, or an AsyncIterable of answers. */
  invoke(input: unknown, call: Call): unknown;
  /** An answer as a whole message. */
  complete(answer: unknown): Message;
  /** An answer's bytes. Throws MESSAGE_TOO_LARGE. */
  send(answer: unknown): Uint8Array;
}

/** Compiles a bound method. */
export function prepareMethod(bound: BoundMethod, options: RpcOptions): PreparedMethod {
  const { method, takesWire } = bound;
  const complete = completer(method.output);
  const check = takesWire || bound.handler === undefined ? undefined : validationOf(method.input);
  return {
    ...bound,
    name: bound.path.slice(1),
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    receive: takesWire ? (bytes) => bytes : receiver(method.input, check),
    admit: takesWire ? (message, schema) => toBinary(schema, message) : (message) => admit(message, check),
    invoke: (bound.handler ?? notImplemented(bound.path)) as (input: unknown, call: Call) => unknown,
    complete,
    send: (answer) => bounded(bound.path, encode(method.output, answer, complete), options.sendMaxBytes),
  };
}

function receiver(schema: DescMessage, check: Check | undefined): (bytes: Uint8Array) => Message {
  return (bytes) => admit(decode(schema, bytes), check);
}

function admit(message: Message, check: Check | undefined): Message {
  check?.(message);
  return message;
}

function decode(schema: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(schema, bytes);
  } catch (cause) {
    const message = `the request is not a ${schema.typeName}: ${cause instanceof Error ? cause.message : 'it does not decode'}`;
    throw new PalateError('MALFORMED_MESSAGE', message, { cause });
  }
}

/** A handler may answer with a message, with what it takes to create one, or with its bytes. */
function completer(schema: DescMessage): (answer: unknown) => Message {
  return (answer) => {
    if (answer instanceof Uint8Array) return fromBinary(schema, answer);
    const message = answer as MessageInitShape<DescMessage> & { readonly $typeName?: string };
    return message.$typeName === schema.typeName ? (message as Message) : create(schema, message);
  };
}

function encode(schema: DescMessage, answer: unknown, complete: (answer: unknown) => Message): Uint8Array {
  return answer instanceof Uint8Array ? answer : toBinary(schema, complete(answer));
}

function bounded(path: string, bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.length <= maxBytes) return bytes;
  const figures = { bytes: String(bytes.length), max_bytes: String(maxBytes) };
  throw new PalateError(
    'MESSAGE_TOO_LARGE',
    `the answer of ${path.slice(1)} has ${bytes.length} bytes, and ${maxBytes} is the most: ask for less`,
    { metadata: figures },
  );
}

function notImplemented(path: string): AnyHandler {
  return () => {
    throw unknownMethod(path);
  };
}

/** The error of a call to a method that this server does not have. */
export function unknownMethod(path: string): PalateError {
  return new PalateError(
    'NOT_IMPLEMENTED',
    `this server has no method ${path.slice(1, 200)}: reflection lists those it has`,
  );
}
