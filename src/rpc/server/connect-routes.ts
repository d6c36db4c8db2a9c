import type { DescMessage, DescMethod, Message } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ContextValues,
  createContextKey,
  type HandlerContext,
} from '@connectrpc/connect';
import { PalateError } from '../../errors.ts';
import { logFieldsOf, type Span } from '../../telemetry/tracing/tracer.ts';
import type { CallMetadata } from '../call.ts';
import { startServerSpan } from '../interceptors/call-span.ts';
import { observeEnd, observeStart } from '../interceptors/observation.ts';
import { cancelled, deadlineExceeded, type LiveCall } from '../live-call.ts';
import type { Log } from '../log.ts';
import type { PreparedMethod } from '../prepare.ts';
import { type Running, runMany, runOne } from '../run-call.ts';
import { disclose } from '../status.ts';
import { addFields, fromLibrary, toConnectError } from './connect-error.ts';
import { admitCall, type Gate } from './gate.ts';

/** What the calls of the HTTP port share. */
export interface ConnectContext {
  readonly gate: Gate;
  readonly log: Log;
}

/** A call that has passed the gate. */
interface Admitted {
  readonly live: LiveCall;
  readonly startedAt: number;
}

const admittedKey = createContextKey<Admitted | undefined>(undefined);

/** Who is on the other side, set by the HTTP server. */
export interface Peer {
  readonly address: string;
  certificateNames(): readonly string[];
}

export const peerKey = createContextKey<Peer>({ address: 'unknown', certificateNames: () => [] });

/** How requests come: as JSON, or in protobuf's own encoding. */
export type Encoding = 'json' | 'binary';

/** Connect's gate: runs after the headers and before the body is read. */
export function requestGate(byMethod: ReadonlyMap<string, PreparedMethod>, context: ConnectContext) {
  return (handlerContext: HandlerContext): void | Promise<void> => {
    const { service, method, values } = handlerContext;
    const prepared = byMethod.get(`/${service.typeName}/${method.name}`);
    if (prepared === undefined) return;
    const startedAt = observeStart();
    const arrival = arrivalOf(handlerContext);
    const span = startServerSpan(prepared.name, arrival.metadata, 'http');
    const refused = (thrown: unknown): never => {
      throw refuse(thrown, prepared, context, startedAt, span);
    };
    const admitted = (live: LiveCall): void => {
      live.span = span;
      values.set(admittedKey, { live, startedAt });
    };
    try {
      const live = admitCall(context.gate, prepared, arrival);
      if (live instanceof Promise) return live.then(admitted, refused);
      admitted(live);
    } catch (thrown) {
      refused(thrown);
    }
  };
}

/** Registers every method. One that takes its requests as bytes gets them by a message that knows no field. */
export function registerRoutes(
  router: ConnectRouter,
  methods: readonly PreparedMethod[],
  context: ConnectContext,
  encoding: Encoding,
): void {
  for (const prepared of methods) {
    const method = encoding === 'binary' && prepared.takesWire ? withoutFields(prepared.method) : prepared.method;
    router.rpc(method as never, implementation(prepared, method.input, context) as never);
  }
}

/** A message without fields keeps all it reads as unknown fields, and writes them back as they came. */
function withoutFields(method: DescMethod): DescMethod {
  return { ...method, input: EmptySchema };
}

function implementation(prepared: PreparedMethod, schema: DescMessage, context: ConnectContext) {
  if (prepared.responseStream) {
    return (input: unknown, handlerContext: HandlerContext) =>
      answerMany(prepared, schema, context, input, handlerContext);
  }
  return (input: unknown, handlerContext: HandlerContext) =>
    answerOne(prepared, schema, context, input, handlerContext);
}

async function answerOne(
  prepared: PreparedMethod,
  schema: DescMessage,
  context: ConnectContext,
  input: unknown,
  handlerContext: HandlerContext,
): Promise<Message> {
  const running = begin(prepared, context, handlerContext);
  try {
    const message = await runOne(running, () => admitInput(prepared, schema, input));
    sendFields(handlerContext, running.live);
    return message;
  } catch (error) {
    addFields(handlerContext.responseHeader, running.live.headers);
    throw toConnectError(PalateError.from(error), running.live.trailers);
  }
}

async function* answerMany(
  prepared: PreparedMethod,
  schema: DescMessage,
  context: ConnectContext,
  input: unknown,
  handlerContext: HandlerContext,
): AsyncGenerator<Message> {
  const running = begin(prepared, context, handlerContext);
  try {
    for await (const message of runMany(running, () => admitInput(prepared, schema, input))) {
      sendFields(handlerContext, running.live);
      yield message;
    }
    sendFields(handlerContext, running.live);
  } catch (error) {
    addFields(handlerContext.responseHeader, running.live.headers);
    throw toConnectError(PalateError.from(error), running.live.trailers);
  }
}

function begin(prepared: PreparedMethod, { gate, log }: ConnectContext, handlerContext: HandlerContext): Running {
  const admitted = handlerContext.values.get(admittedKey);
  if (admitted === undefined) throw new Error(`${prepared.name} was reached without its gate`);
  const { live, startedAt } = admitted;
  const { signal } = handlerContext;
  const onAbort = (): void => {
    // Its timer may fire a moment before the clock says so.
    const late = Date.now() >= live.deadlineMillis || isDeadline(signal.reason);
    live.cutOff(late ? deadlineExceeded(prepared.method) : cancelled(prepared.method));
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return { prepared, live, startedAt, port: 'http', log, calls: gate.calls };
}

function isDeadline(reason: unknown): boolean {
  return reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
}

function refuse(
  thrown: unknown,
  prepared: PreparedMethod,
  { log }: ConnectContext,
  startedAt: number,
  span: Span | undefined,
): ConnectError {
  const error = disclose(thrown, (error_id, err) =>
    log.error({ err, error_id, method: prepared.name, ...logFieldsOf(span) }, 'a call failed'),
  );
  observeEnd(startedAt, prepared.path, error.code, 'http', span);
  return toConnectError(error, undefined);
}

/** A call that has passed the gate and was refused before it began, as its body could not be read. */
export function refused(values: ContextValues, path: string, { code }: PalateError): void {
  const admitted = values.get(admittedKey);
  observeEnd(admitted?.startedAt ?? 0, path, code, 'http', admitted?.live.span);
}

function arrivalOf({ requestHeader, timeoutMs, values }: HandlerContext) {
  const left = timeoutMs();
  const metadata: CallMetadata = {
    get: (name) => requestHeader.get(name) ?? undefined,
    getBinary: (name) => decodeBinary(requestHeader.get(name)),
  };
  return {
    metadata,
    askedDeadlineMillis: left === undefined ? Infinity : Date.now() + left,
    peer: () => values.get(peerKey).address,
    certificateNames: () => values.get(peerKey).certificateNames(),
  };
}

function decodeBinary(value: string | null): Uint8Array | undefined {
  return value === null ? undefined : Buffer.from(value, 'base64');
}

function admitInput(prepared: PreparedMethod, schema: DescMessage, input: unknown): unknown {
  if (prepared.requestStream) return admitEach(prepared, schema, input as AsyncIterable<Message>);
  return prepared.admit(input as Message, schema);
}

async function* admitEach(
  prepared: PreparedMethod,
  schema: DescMessage,
  messages: AsyncIterable<Message>,
): AsyncGenerator {
  const iterator = messages[Symbol.asyncIterator]();
  for (let next = await readNext(iterator); !next.done; next = await readNext(iterator)) {
    yield prepared.admit(next.value, schema);
  }
}

/** What Connect itself says of a message that it could not read has its reason too. */
async function readNext(iterator: AsyncIterator<Message>): Promise<IteratorResult<Message>> {
  try {
    return await iterator.next();
  } catch (error) {
    throw error instanceof ConnectError ? fromLibrary(error) : error;
  }
}

function sendFields({ responseHeader, responseTrailer }: HandlerContext, live: LiveCall): void {
  addFields(responseHeader, live.headers);
  addFields(responseTrailer, live.trailers);
  live.headers = undefined;
  live.trailers = undefined;
}
