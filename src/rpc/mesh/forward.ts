/** Services that other processes run: every call is passed on as its bytes, and its answer and its error come back as they are. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { CallOptions } from '@grpc/grpc-js';
import { PalateError, type Reason, type StatusCode } from '../../errors.ts';
import type { Call } from '../call.ts';
import { isNeverSent } from '../client/client-error.ts';
import { readAnswers } from '../client/client-stream.ts';
import { oneAnswer } from '../client/one-answer.ts';
import type { AnyHandler, BoundService } from '../handlers.ts';
import { beginAttempt } from './attempt.ts';
import { isForwarded } from './forwarded-metadata.ts';
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
      const answer = await callUnary(route, peer, request, call);
      route.budget.succeeded();
      return answer;
    } catch (error) {
      const isWorthIt = attempt < maxAttempts && call.remainingMillis() > hopMillis && isSafe(error, route.method);
      if (!isWorthIt || !route.budget.mayRetry()) throw error;
      before = peer;
    }
  }
}

async function callUnary(
  { path, ownAuthorization }: Route,
  peer: Peer,
  request: Uint8Array,
  call: Call,
): Promise<Uint8Array> {
  const attempt = beginAttempt(peer, call, path, ownAuthorization?.());
  const { client, address } = peer;
  let code: StatusCode = 'OK';
  try {
    return await oneAnswer(address.target, call.signal, (answered) =>
      client.makeUnaryRequest(path, bufferOf, asTheyAre, request, attempt.metadata, timeOf(call), answered),
    );
  } catch (error) {
    code = PalateError.from(error).code;
    throw error;
  } finally {
    attempt.end(code);
  }
}

async function* forwardServerStream(route: Route, request: Uint8Array, call: Call): AsyncGenerator<Uint8Array> {
  const { path, ownAuthorization } = route;
  const peer = await pick(route, call);
  const attempt = beginAttempt(peer, call, path, ownAuthorization?.());
  let code: StatusCode = 'CANCELLED';
  const ending = AbortSignal.any([call.signal, call.draining]);
  try {
    const sent = peer.client.makeServerStreamRequest(
      path,
      bufferOf,
      asTheyAre,
      request,
      attempt.metadata,
      timeOf(call),
    );
    yield* readAnswers(sent, peer.address.target, ending, undefined) as AsyncGenerator<Uint8Array>;
    code = 'OK';
  } catch (error) {
    code = PalateError.from(error).code;
    throw call.draining.aborted ? stopping() : error;
  } finally {
    attempt.end(code);
  }
}

/** When this process stops, no further request is passed on; those that were are answered first. */
async function* forwardBidi(route: Route, requests: AsyncIterable<Uint8Array>, call: Call): AsyncGenerator<Uint8Array> {
  const { path, ownAuthorization } = route;
  const peer = await pick(route, call);
  const attempt = beginAttempt(peer, call, path, ownAuthorization?.());
  let code: StatusCode = 'CANCELLED';
  try {
    const sent = peer.client.makeBidiStreamRequest(path, bufferOf, asTheyAre, attempt.metadata, timeOf(call));
    const taken = untilDraining(requests, call.draining);
    yield* readAnswers(sent, peer.address.target, call.signal, taken) as AsyncGenerator<Uint8Array>;
    code = 'OK';
  } catch (error) {
    code = PalateError.from(error).code;
    throw error;
  } finally {
    attempt.end(code);
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
