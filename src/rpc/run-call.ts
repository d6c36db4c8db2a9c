import type { Message } from '@bufbuild/protobuf';
import type { PalateError } from '../errors.ts';
import { logFieldsOf } from '../telemetry/tracing/tracer.ts';
import { observeEnd } from './interceptors/observation.ts';
import type { Port } from './interceptors/port.ts';
import { cancelled, type LiveCall } from './live-call.ts';
import type { LiveCalls } from './live-calls.ts';
import type { Log } from './log.ts';
import type { PreparedMethod } from './prepare.ts';
import { disclose } from './status.ts';

/** A call that has passed the gate and is about to run. gRPC runs its calls itself, without a promise where it can. */
export interface Running {
  readonly prepared: PreparedMethod;
  readonly live: LiveCall;
  readonly startedAt: number;
  readonly port: Port;
  readonly log: Log;
  /** The calls under way, which a drain waits for. */
  readonly calls: LiveCalls;
}

/**
 * Runs a call with one answer.
 *
 * @param input makes the request; what it throws is the call's error.
 * @throws PalateError, also at once when the call is cut off while its handler still runs.
 */
export async function runOne(running: Running, input: () => unknown): Promise<Message> {
  const { prepared, live } = running;
  begin(running);
  try {
    const answer = await untilCutOff(live, prepared.invoke(input(), live));
    const message = prepared.complete(answer);
    observeEnd(running.startedAt, prepared.path, 'OK', running.port, live.span);
    return message;
  } catch (thrown) {
    throw failed(running, thrown);
  } finally {
    end(running);
  }
}

/** Runs a call with a stream of answers. When the taker returns early, the handler's `finally` runs. */
export async function* runMany(running: Running, input: () => unknown): AsyncGenerator<Message, void, undefined> {
  const { prepared, live } = running;
  begin(running);
  let answers: AsyncIterator<unknown> | undefined;
  let left = true;
  try {
    answers = (prepared.invoke(input(), live) as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    for (;;) {
      const next = await untilCutOff(live, answers.next());
      if (next.done) break;
      yield prepared.complete(next.value);
    }
    left = false;
    observeEnd(running.startedAt, prepared.path, 'OK', running.port, live.span);
  } catch (thrown) {
    left = false;
    throw failed(running, thrown);
  } finally {
    if (left) leave(running);
    end(running);
    answers?.return?.()?.catch((err: unknown) => {
      running.log.debug({ err, method: prepared.name }, 'a handler failed after its call had ended');
    });
  }
}

function begin({ live, calls }: Running): void {
  calls.add(live);
  if (live.deadlineMillis !== Infinity) live.watchDeadline();
  if (live.expiresAtMillis !== Infinity) live.watchExpiry();
}

function end({ live, calls }: Running): void {
  live.finish();
  calls.delete(live);
}

function leave({ live, prepared, startedAt, port }: Running): void {
  live.cutOff(cancelled(prepared.method));
  observeEnd(startedAt, prepared.path, 'CANCELLED', port, live.span);
}

function failed({ prepared, startedAt, port, log, live }: Running, thrown: unknown): PalateError {
  const error = disclose(thrown, (error_id, err) =>
    log.error({ err, error_id, method: prepared.name, ...logFieldsOf(live.span) }, 'a call failed'),
  );
  live.cutOff(error);
  observeEnd(startedAt, prepared.path, error.code, port, live.span);
  return error;
}

/**
 * The value, or the error of the call when it is cut off first. Not `Promise.race` with one long-lived promise: that
 * one would hold on to a reaction for every message of a stream.
 */
function untilCutOff<T>(live: LiveCall, value: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (live.failure !== undefined) reject(live.failure);
    live.onCutOff = reject;
    Promise.resolve(value).then(resolve, reject);
  });
}
