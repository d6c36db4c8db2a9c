/** Services that other processes run: every call is passed on as its bytes, and its answer and its error come back as they are. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { CallOptions } from '@grpc/grpc-js';
import { PalateError, type Reason, type StatusCode } from '../../errors.ts';
import type { Span } from '../../telemetry/tracing/tracer.ts';
import type { Call } from '../call.ts';
import { errorFromServer, isNeverSent } from '../client/client-error.ts';
import { readAnswers } from '../client/client-stream.ts';
import type { AnyHandler, BoundService } from '../handlers.ts';
import { endClientSpan, startClientSpan } from '../interceptors/call-span.ts';
import { forwardedMetadata, isForwarded } from './forwarded-metadata.ts';
import type { Peer } from './peer.ts';
import type { Peers } from './peers.ts';
import type { RetryBudget } from './retry-budget.ts';
import { untilDraining } from './until-draining.ts';

export interface ForwardOptions {
  readonly peers: Pick<Peers, 'pick'>;
  readonly budget: RetryBudget;
  /** The header `authorization` of calls that brought none. */
  readonly ownAuthorization?: () => string | undefined;
}

/** How often a unary call is tried in all. */
const maxAttempts = 3;
/** Before the same process is asked again. */
const pauseMillis = 50;
/** The next process has so much less time, so that its word that time is up comes in time. */
const hopMillis = 2;

/** A service whose calls go to another process that runs it. */
export function forwardService<S extends DescService>(service: S, options: ForwardOptions): BoundService<S> {
  const methods = service.methods.map((method) => {
    const path = `/${method.parent.typeName}/${method.name}`;
    return { method, path, takesWire: true, handler: handlerOf({ ...options, method, path }) };
  });
  return { service, methods };
}

interface Route extends ForwardOptions {
  readonly method: DescMethod;
  readonly path: string;
}

function handlerOf(route: Route): AnyHandler {
  switch (route.method.methodKind) {
    case 'unary':
      return (request: Uint8Array, call) => forwardUnary(route, request, call);
    case 'server_streaming':
      return (request: Uint8Array, call) => forwardServerStream(route, request, call);
    case 'bidi_streaming':
      return (requests: AsyncIterable<Uint8Array>, call) => forwardBidi(route, requests, call);
    case 'client_streaming':
      throw new TypeError(`${route.path} streams requests only, and is not passed on`);
  }
}

/** Tries another process, or the same one again, where that is safe and there is time. */
async function forwardUnary(route: Route, request: Uint8Array, call: Call): Promise<Uint8Array> {
  let before: Peer | undefined;
  for (let attempt = 1; ; attempt++) {
    const peer = await pick(route, call, before);
    if (peer === before) await sleep(pauseMillis * attempt, undefined, { signal: call.signal });
    try {
      const answer = await underWay(peer, call, route.path, (span) => callUnary(route, peer, request, call, span));
      route.budget.succeeded();
      return answer;
    } catch (error) {
      const isWorthIt = attempt < maxAttempts && call.remainingMillis() > hopMillis && isSafe(error, route.method);
      if (!isWorthIt || !route.budget.mayRetry()) throw error;
      before = peer;
    }
  }
}

function callUnary(
  { method, path, ownAuthorization }: Route,
  peer: Peer,
  request: Uint8Array,
  call: Call,
  span: Span | undefined,
) {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const metadata = forwardedMetadata(call.metadata, ownAuthorization?.(), span);
  const { target } = peer.address;
  const sent = peer.client.makeUnaryRequest(
    path,
    bufferOf,
    asTheyAre,
    request,
    metadata,
    timeOf(call),
    (error, answer) => {
      if (error !== null) reject(errorFromServer(error, target));
      else if (answer === undefined) reject(new PalateError('INTERNAL', `${method.name} of ${target} had no answer`));
      else resolve(answer);
    },
  );
  const cancel = () => sent.cancel();
  if (call.signal.aborted) cancel();
  call.signal.addEventListener('abort', cancel, { once: true });
  return promise.finally(() => call.signal.removeEventListener('abort', cancel));
}

async function* forwardServerStream(route: Route, request: Uint8Array, call: Call): AsyncGenerator<Uint8Array> {
  const { path, ownAuthorization } = route;
  const peer = await pick(route, call);
  const span = startClientSpan(call.span, path, peer.address.target);
  const metadata = forwardedMetadata(call.metadata, ownAuthorization?.(), span);
  let code: StatusCode = 'CANCELLED';
  const ending = AbortSignal.any([call.signal, call.draining]);
  peer.outstanding += 1;
  try {
    const sent = peer.client.makeServerStreamRequest(path, bufferOf, asTheyAre, request, metadata, timeOf(call));
    yield* readAnswers(sent, peer.address.target, ending, undefined) as AsyncGenerator<Uint8Array>;
    code = 'OK';
  } catch (error) {
    code = PalateError.from(error).code;
    throw call.draining.aborted ? stopping() : error;
  } finally {
    endClientSpan(span, code);
    peer.outstanding -= 1;
  }
}

/** When this process stops, no further request is passed on; those that were are answered first. */
async function* forwardBidi(route: Route, requests: AsyncIterable<Uint8Array>, call: Call): AsyncGenerator<Uint8Array> {
  const { path, ownAuthorization } = route;
  const peer = await pick(route, call);
  const span = startClientSpan(call.span, path, peer.address.target);
  const metadata = forwardedMetadata(call.metadata, ownAuthorization?.(), span);
  let code: StatusCode = 'CANCELLED';
  peer.outstanding += 1;
  try {
    const sent = peer.client.makeBidiStreamRequest(path, bufferOf, asTheyAre, metadata, timeOf(call));
    const taken = untilDraining(requests, call.draining);
    yield* readAnswers(sent, peer.address.target, call.signal, taken) as AsyncGenerator<Uint8Array>;
    code = 'OK';
  } catch (error) {
    code = PalateError.from(error).code;
    throw error;
  } finally {
    endClientSpan(span, code);
    peer.outstanding -= 1;
  }
  if (call.draining.aborted) throw stopping();
}

/** @throws PalateError UNREACHABLE, also where the call was passed on before: then the process that did so was mistaken. */
async function pick({ method, peers }: Route, call: Call, except?: Peer): Promise<Peer> {
  const { typeName } = method.parent;
  if (isForwarded(call.metadata)) {
    const message = `this process does not run ${typeName} any more: call again`;
    throw new PalateError('UNREACHABLE', message, { metadata: { service: typeName } });
  }
  return peers.pick(typeName, call, except);
}

async function underWay<Answer>(
  peer: Peer,
  call: Call,
  path: string,
  work: (span: Span | undefined) => Promise<Answer>,
): Promise<Answer> {
  const span = startClientSpan(call.span, path, peer.address.target);
  let code: StatusCode = 'OK';
  peer.outstanding += 1;
  try {
    return await work(span);
  } catch (error) {
    code = PalateError.from(error).code;
    throw error;
  } finally {
    endClientSpan(span, code);
    peer.outstanding -= 1;
  }
}

/** The process said so before it began. */
const refusals = new Set<Reason>(['SHUTTING_DOWN', 'STARTING']);

/** Whether to ask again cannot do twice what is to be done once. */
function isSafe(error: unknown, method: DescMethod): boolean {
  if (!(error instanceof PalateError) || error.code !== 'UNAVAILABLE') return false;
  const isIdempotent = method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN;
  return isIdempotent || refusals.has(error.reason) || isNeverSent(error);
}

function timeOf({ deadlineMillis }: Call): CallOptions {
  return deadlineMillis === Number.POSITIVE_INFINITY ? {} : { deadline: deadlineMillis - hopMillis };
}

/** The same bytes: they are copied when they are framed. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function asTheyAre(bytes: Buffer): Uint8Array {
  return bytes;
}

function stopping(): PalateError {
  return new PalateError('SHUTTING_DOWN', 'the server is stopping: send the rest elsewhere, or later');
}
