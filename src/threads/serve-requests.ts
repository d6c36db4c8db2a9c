import { parentPort } from 'node:worker_threads';
import { type FromWorker, type LogLevel, partsOf, type ToWorker } from './messages.ts';

/** What a handler knows of its request. */
export interface WorkerCall {
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; Infinity: none. */
  readonly deadlineMillis: number;
}

export type WorkerHandler = (payload: never, call: WorkerCall) => unknown;

/** An answer whose buffers go over to the other thread rather than be copied. */
class Handover {
  readonly value: unknown;
  readonly buffers: readonly ArrayBufferLike[];

  constructor(value: unknown, buffers: readonly ArrayBufferLike[]) {
    this.value = value;
    this.buffers = buffers;
  }
}

/** What a handler answers so that `buffers`, which are in `value`, are handed over. They are empty here afterwards. */
export function handOver(value: unknown, buffers: readonly ArrayBufferLike[]): unknown {
  return new Handover(value, buffers);
}

/** Answers the requests of the thread that started this worker, each as soon as its handler is done. */
export function serveRequests(handlers: Readonly<Record<string, WorkerHandler>>): void {
  const calls = new Map<number, AbortController>();
  parentPort!.on('message', async (message: ToWorker) => {
    if ('cancelled' in message) {
      calls.get(message.cancelled)?.abort(new DOMException('nobody waits for the answer', 'AbortError'));
      return;
    }
    const { id, method, payload, deadlineMillis } = message;
    const controller = new AbortController();
    calls.set(id, controller);
    try {
      const value = await handlers[method]!(payload as never, { signal: controller.signal, deadlineMillis });
      if (value instanceof Handover) send({ id, value: value.value }, value.buffers as ArrayBuffer[]);
      else send({ id, value });
    } catch (error) {
      send({ id, error: partsOf(error) });
    } finally {
      calls.delete(id);
    }
  });
}

/** A log whose lines the starting thread writes. */
export const workerLog: Readonly<Record<LogLevel, (fields: object, message: string) => void>> = {
  debug: (fields, message) => sendLine('debug', fields, message),
  info: (fields, message) => sendLine('info', fields, message),
  warn: (fields, message) => sendLine('warn', fields, message),
  error: (fields, message) => sendLine('error', fields, message),
};

/** Errors cross as their parts: a clone of one loses its class. */
function sendLine(level: LogLevel, fields: object, message: string): void {
  const passed = Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? partsOf(value) : value]);
  send({ level, fields: Object.fromEntries(passed), message });
}

function send(message: FromWorker, buffers: readonly ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, buffers);
}
